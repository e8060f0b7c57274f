/*
 * sandbox_probe auto|require|off FOLDER [old]: enters finwait's sandbox and tries what nobody may
 * do in it, and what must go on working. For each a line: its name, and 0 or the number of the
 * error. With "old" on a kernel as before Landlock.
 *
 * FOLDER has in/ with capture, sub/capture, link to ../elsewhere/linked; out/ with waiting; and
 * elsewhere/ with linked, secret. The input is in/, the output out/report.
 */
#include "cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int datagrams, listener, opened; /* from before */

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int opening(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    int error = outcome(fd);
    if (fd >= 0)
        close(fd);
    return error;
}

/* ---- what must go on working ----------------------------------------------------------------- */

static int read_given(void)
{
    return opening("in/capture", O_RDONLY);
}

static int read_beneath(void)
{
    return opening("in/sub/capture", O_RDONLY);
}

static int read_through_link(void)
{
    return opening("in/link", O_RDONLY);
}

static int list_given(void)
{
    return opening("in", O_RDONLY | O_DIRECTORY);
}

static int rename_output(void)
{
    return outcome(rename("out/waiting", "out/report"));
}

static int remove_output(void)
{
    return outcome(unlink("out/report"));
}

static int write_opened(void)
{
    return outcome(write(opened, "x", 1));
}

static void *nothing(void *argument)
{
    return argument;
}

static int start_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    return error ? error : pthread_join(thread, NULL);
}

static int signal_itself(void)
{
    signal(SIGUSR1, SIG_IGN);
    return raise(SIGUSR1) || kill(getpid(), SIGUSR1) ? errno : 0;
}

static int ask_limits(void)
{
    struct rlimit limit;
    return outcome(getrlimit(RLIMIT_STACK, &limit));
}

/* ---- what nobody may do ---------------------------------------------------------------------- */

static int read_passwd(void)
{
    return opening("/etc/passwd", O_RDONLY);
}

static int read_secret(void)
{
    return opening("elsewhere/secret", O_RDONLY);
}

static int read_upwards(void)
{
    return opening("in/../elsewhere/secret", O_RDONLY);
}

static int read_output_folder(void)
{
    return opening("out/waiting_too", O_RDONLY);
}

static int list_elsewhere(void)
{
    return opening("elsewhere", O_RDONLY | O_DIRECTORY);
}

static int read_memory_file(void)
{
    return opening("/proc/self/mem", O_RDONLY);
}

static int create_elsewhere(void)
{
    return opening("elsewhere/new", O_WRONLY | O_CREAT);
}

static int create_in_output_folder(void)
{
    return opening("out/new", O_WRONLY | O_CREAT);
}

static int write_given(void)
{
    return opening("in/capture", O_WRONLY);
}

static int write_with_openat2(void)
{
    const uint64_t how[3] = {O_WRONLY | O_CREAT, 0600, 0};
    return outcome(syscall(SYS_openat2, AT_FDCWD, "elsewhere/new2", how, sizeof how));
}

static int truncate_secret(void)
{
    return outcome(truncate("elsewhere/secret", 0));
}

static int change_mode(void)
{
    return outcome(chmod("elsewhere/secret", 0600));
}

static int change_mode_opened(void)
{
    return outcome(fchmod(opened, 0600));
}

static int make_folder(void)
{
    return outcome(mkdir("out/folder", 0700));
}

static int make_symbolic_link(void)
{
    return outcome(symlink("secret", "out/symbolic"));
}

static int make_link(void)
{
    return outcome(link("elsewhere/secret", "elsewhere/second"));
}

static int remove_elsewhere(void)
{
    return outcome(unlink("elsewhere/removed"));
}

static int rename_elsewhere(void)
{
    return outcome(rename("out/waiting_too", "elsewhere/waiting"));
}

static int make_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_unix_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int connect_opened(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(connect(datagrams, (const struct sockaddr *)&address, length));
}

static int send_opened(void)
{
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct iovec part = {.iov_base = (char[]){"x"}, .iov_len = 1};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = sizeof address, .msg_iov = &part, .msg_iovlen = 1};
    return outcome(sendmsg(datagrams, &message, 0));
}

static int listen_opened(void)
{
    return outcome(listen(listener, 1));
}

static int start_process(void)
{
    pid_t child = fork();
    int error = outcome(child);
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    return error;
}

/* fork() of the C library may be clone3() with another call behind it. */
static int clone_process(void)
{
    long child = syscall(SYS_clone, (unsigned long)SIGCHLD, 0, 0, 0, 0);
    int error = outcome(child);
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid((pid_t)child, NULL, 0);
    return error;
}

static int clone_newly(void)
{
    return outcome(syscall(SYS_clone3, NULL, (size_t)0));
}

/* Of a program that is not there: who may run programs is told so. */
static int run_program(void)
{
    char *const words[] = {NULL};
    return outcome(execve("in/nothing", words, words));
}

static int trace_a_process(void)
{
    return outcome(ptrace(PTRACE_SEIZE, INT32_MAX, NULL, NULL));
}

static int read_foreign_memory(void)
{
    return outcome(syscall(SYS_process_vm_readv, INT32_MAX, NULL, 0UL, NULL, 0UL, 0UL));
}

static int signal_another(void)
{
    return outcome(kill(getppid(), 0));
}

static int signal_thread_of_another(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int type_into_terminal(void)
{
    return outcome(ioctl(opened, TIOCSTI, "x"));
}

static int share_nothing(void)
{
    return outcome(syscall(SYS_unshare, 0));
}

static int change_root(void)
{
    return outcome(chroot("in/nothing"));
}

static int set_up_ring(void)
{
    return outcome(syscall(SYS_io_uring_setup, 0, NULL));
}

/* ---- what is in force ------------------------------------------------------------------------ */

static int lacks_no_new_privileges(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
}

static int may_leave_core(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur || limit.rlim_max ||
           prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
}

#define TRY(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    int (*attempt)(void);
} attempts[] = {
    TRY(read_given),         TRY(read_beneath),
    TRY(read_through_link),  TRY(list_given),
    TRY(read_passwd),        TRY(read_secret),
    TRY(read_upwards),       TRY(read_output_folder),
    TRY(list_elsewhere),     TRY(read_memory_file),
    TRY(create_elsewhere),   TRY(create_in_output_folder),
    TRY(write_given),        TRY(write_with_openat2),
    TRY(truncate_secret),    TRY(change_mode),
    TRY(change_mode_opened), TRY(make_folder),
    TRY(make_symbolic_link), TRY(make_link),
    TRY(remove_elsewhere),   TRY(rename_elsewhere),
    TRY(rename_output),      TRY(remove_output),
    TRY(write_opened),       TRY(make_socket),
    TRY(make_unix_socket),   TRY(connect_opened),
    TRY(send_opened),        TRY(listen_opened),
    TRY(start_process),      TRY(clone_process),
    TRY(clone_newly),        TRY(run_program),
    TRY(trace_a_process),    TRY(read_foreign_memory),
    TRY(signal_another),     TRY(signal_thread_of_another),
    TRY(type_into_terminal), TRY(share_nothing),
    TRY(change_root),        TRY(set_up_ring),
    TRY(start_thread),       TRY(signal_itself),
    TRY(ask_limits),         TRY(lacks_no_new_privileges),
    TRY(may_leave_core),
};

#define LANDLOCK_CREATE_RULESET 444

static bool forget_landlock(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANDLOCK_CREATE_RULESET, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"auto", "require", "off"};
    const char *const inputs[] = {"in"};
    const struct sandbox_needs needs = {.inputs = inputs, .input_count = 1, .output = "out/report"};
    struct sandbox sandbox;
    char error[512];
    int mode = SANDBOX_AUTO;
    while (argc >= 3 && mode <= SANDBOX_OFF && strcmp(argv[1], modes[mode]) != 0)
        mode++;
    if (argc < 3 || mode > SANDBOX_OFF || chdir(argv[2]) != 0 || (argc > 3 && !forget_landlock()))
        return 2;
    datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    opened = open("out/opened", O_WRONLY | O_CREAT, 0600);
    if (!sandbox_enter((enum sandbox_mode)mode, &needs, &sandbox, error, sizeof error)) {
        puts(error);
        return 1;
    }
    printf("sandbox_files %d\nsandbox_calls %d\n", sandbox.files, sandbox.calls);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        printf("%s %d\n", attempts[i].name, attempts[i].attempt());
    return fflush(stdout) == 0 ? 0 : 2;
}
