/*
 * seccomp: a list of system calls that fail, and not one of those that are allowed: what a C
 * library calls differs from one to the next and with its version, what must never happen does not.
 *
 * Calls that stand for others are refused with ENOSYS, so that the C library takes the older ones,
 * whose arguments a filter can see: clone3, openat2.
 */
#include "cli/sandbox.h"

#ifdef __linux__
#include <linux/audit.h>
#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined __aarch64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined __arm__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined __riscv && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined __powerpc64__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined __s390x__
#define ARCHITECTURE AUDIT_ARCH_S390X
#endif
#endif

#ifdef ARCHITECTURE

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Fail with EPERM, whatever the arguments. */
static const uint32_t refused[] = {
/* network */
#ifdef __NR_socketcall
    __NR_socketcall,
#endif
#ifdef __NR_accept
    __NR_accept,
#endif
    __NR_socket,
    __NR_socketpair,
    __NR_connect,
    __NR_bind,
    __NR_listen,
    __NR_accept4,
    __NR_sendto,
    __NR_sendmsg,
    __NR_sendmmsg,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_recvmmsg,
/* processes and what is theirs */
#ifdef __NR_fork
    __NR_fork,
#endif
#ifdef __NR_vfork
    __NR_vfork,
#endif
    __NR_execve,
    __NR_execveat,
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_kcmp,
    __NR_rt_sigqueueinfo,
    __NR_rt_tgsigqueueinfo,
#ifdef __NR_pidfd_open
    __NR_pidfd_open,
    __NR_pidfd_send_signal,
#endif
#ifdef __NR_pidfd_getfd
    __NR_pidfd_getfd,
#endif
#ifdef __NR_process_madvise
    __NR_process_madvise,
#endif
/* calls that a filter does not see */
#ifdef __NR_io_uring_setup
    __NR_io_uring_setup,
    __NR_io_uring_enter,
    __NR_io_uring_register,
#endif
    __NR_io_setup,
    __NR_io_submit,
/* files: what Landlock leaves alone, and what is never needed */
#ifdef __NR_creat
    __NR_creat,
#endif
#ifdef __NR_chmod
    __NR_chmod,
    __NR_chown,
    __NR_lchown,
#endif
#ifdef __NR_chown32
    __NR_chown32,
    __NR_lchown32,
    __NR_fchown32,
#endif
#ifdef __NR_utime
    __NR_utime,
#endif
#ifdef __NR_utimes
    __NR_utimes,
#endif
#ifdef __NR_futimesat
    __NR_futimesat,
#endif
#ifdef __NR_utimensat
    __NR_utimensat,
#endif
#ifdef __NR_mkdir
    __NR_mkdir,
    __NR_rmdir,
    __NR_mknod,
    __NR_link,
    __NR_symlink,
#endif
#ifdef __NR_fchmodat2
    __NR_fchmodat2,
#endif
    __NR_truncate,
    __NR_fchmod,
    __NR_fchown,
    __NR_fchmodat,
    __NR_fchownat,
    __NR_mkdirat,
    __NR_mknodat,
    __NR_linkat,
    __NR_symlinkat,
    __NR_setxattr,
    __NR_lsetxattr,
    __NR_fsetxattr,
    __NR_removexattr,
    __NR_lremovexattr,
    __NR_fremovexattr,
    __NR_name_to_handle_at,
    __NR_open_by_handle_at,
    __NR_fanotify_init,
    __NR_fanotify_mark,
/* namespaces and mounts */
#ifdef __NR_open_tree
    __NR_open_tree,
    __NR_move_mount,
    __NR_fsopen,
    __NR_fsconfig,
    __NR_fsmount,
    __NR_fspick,
#endif
#ifdef __NR_mount_setattr
    __NR_mount_setattr,
#endif
    __NR_unshare,
    __NR_setns,
    __NR_mount,
    __NR_umount2,
    __NR_pivot_root,
    __NR_chroot,
    __NR_swapon,
    __NR_swapoff,
    __NR_quotactl,
/* the kernel's own */
#ifdef __NR_kexec_file_load
    __NR_kexec_file_load,
#endif
#ifdef __NR_iopl
    __NR_iopl,
    __NR_ioperm,
#endif
#ifdef __NR_kexec_load
    __NR_kexec_load,
#endif
    __NR_bpf,
    __NR_perf_event_open,
    __NR_userfaultfd,
    __NR_add_key,
    __NR_request_key,
    __NR_keyctl,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_reboot,
    __NR_acct,
    __NR_syslog,
    __NR_sethostname,
    __NR_setdomainname,
    __NR_settimeofday,
    __NR_clock_settime,
    __NR_adjtimex,
};

/* Fail with ENOSYS: the C library takes others then. */
static const uint32_t unknown[] = {
#ifdef __NR_clone3
    __NR_clone3,
#endif
#ifdef __NR_openat2
    __NR_openat2,
#endif
};

enum condition { IS_SET, IS_UNSET, IS_EQUAL, IS_DIFFERENT };

/* Refused for some arguments only: the lower half of one, which is all that the kernel takes of
 * these. */
struct refusal {
    uint32_t call;
    uint32_t argument;
    uint32_t condition;
    uint32_t value; /* 0 with IS_DIFFERENT: the process's own id */
};

#define WRITES ((uint32_t)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
#ifdef __s390x__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const struct refusal refusals[] = {
    {__NR_clone, CLONE_FLAGS, IS_UNSET, CLONE_THREAD},
#ifdef __NR_open
    {__NR_open, 1, IS_SET, WRITES},
#endif
    {__NR_openat, 2, IS_SET, WRITES},
    {__NR_kill, 0, IS_DIFFERENT, 0},
    {__NR_tkill, 0, IS_DIFFERENT, 0},
    {__NR_tgkill, 0, IS_DIFFERENT, 0},
    /* What is typed into a terminal by a program runs in the shell that follows. */
    {__NR_ioctl, 1, IS_EQUAL, TIOCSTI},
#ifdef TIOCLINUX
    {__NR_ioctl, 1, IS_EQUAL, TIOCLINUX},
#endif
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST_STEPS   (8 + 2 * (COUNT(refused) + COUNT(unknown)) + 5 * COUNT(refusals))

struct program {
    struct sock_filter steps[MOST_STEPS];
    uint16_t count;
};

static void add(struct program *p, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false)
{
    p->steps[p->count++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(struct program *p, size_t offset)
{
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t what)
{
    add(p, BPF_RET | BPF_K, what, 0, 0);
}

static void refuse(struct program *p, uint32_t call, uint32_t error)
{
    add(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
    answer(p, SECCOMP_RET_ERRNO | error);
}

static void refuse_if(struct program *p, const struct refusal *r)
{
    bool equal = r->condition == IS_EQUAL || r->condition == IS_DIFFERENT;
    bool when_true = r->condition == IS_SET || r->condition == IS_EQUAL;
    uint32_t value = r->condition == IS_DIFFERENT ? (uint32_t)getpid() : r->value;
    size_t lower = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0;
    add(p, BPF_JMP | BPF_JEQ | BPF_K, r->call, 0, 4);
    load(p, offsetof(struct seccomp_data, args) + r->argument * sizeof(uint64_t) + lower);
    add(p, (uint16_t)(BPF_JMP | BPF_K | (equal ? BPF_JEQ : BPF_JSET)), value, when_true ? 0 : 1,
        when_true ? 1 : 0);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
    load(p, offsetof(struct seccomp_data, nr));
}

bool sandbox_calls(void)
{
    struct program p = {.count = 0};
    load(&p, offsetof(struct seccomp_data, arch));
    add(&p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
    load(&p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* The calls of the x32 interface are the same under other numbers. */
    add(&p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    answer(&p, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    for (size_t i = 0; i < COUNT(refused); i++)
        refuse(&p, refused[i], EPERM);
    for (size_t i = 0; i < COUNT(unknown); i++)
        refuse(&p, unknown[i], ENOSYS);
    for (size_t i = 0; i < COUNT(refusals); i++)
        refuse_if(&p, &refusals[i]);
    answer(&p, SECCOMP_RET_ALLOW);
    const struct sock_fprog filter = {.len = p.count, .filter = p.steps};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#else

bool sandbox_calls(void)
{
    return false;
}

#endif
