"""The sandbox: what code that got to run in a parser can still do (tests/sandbox_probe.c tries it),
and that finwait says the same within as without, whatever it reads and writes.

That each attempt succeeds, or fails otherwise, without the sandbox says that it is the sandbox which
the attempt fails of. Errors are those of Linux: EPERM of seccomp, EACCES of Landlock.
"""

import errno
import gzip
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from harness import CAPTURES, Run, Verdict, skip

EPERM, EACCES, ENOSYS = errno.EPERM, errno.EACCES, errno.ENOSYS
# Without a sandbox; in it; in it where the kernel has no Landlock.
ATTEMPTS = {
    "read_given": (0, 0, 0),
    "read_beneath": (0, 0, 0),
    "read_through_link": (0, 0, 0),
    "list_given": (0, 0, 0),
    "read_passwd": (0, EACCES, 0),
    "read_secret": (0, EACCES, 0),
    "read_upwards": (0, EACCES, 0),
    "read_output_folder": (0, EACCES, 0),
    "list_elsewhere": (0, EACCES, 0),
    "read_memory_file": (0, EACCES, (0, EACCES)),  # of a process that nobody traces: EACCES
    "create_elsewhere": (0, EPERM, EPERM),
    "create_in_output_folder": (0, EPERM, EPERM),
    "write_given": (0, EPERM, EPERM),
    "write_with_openat2": (0, ENOSYS, ENOSYS),
    "truncate_secret": (0, EPERM, EPERM),
    "change_mode": (0, EPERM, EPERM),
    "change_mode_opened": (0, EPERM, EPERM),
    "make_folder": (0, EPERM, EPERM),
    "make_symbolic_link": (0, EPERM, EPERM),
    "make_link": (0, EPERM, EPERM),
    "remove_elsewhere": (0, EACCES, 0),
    "rename_elsewhere": (0, (EACCES, errno.EXDEV), 0),
    "rename_output": (0, 0, 0),
    "remove_output": (0, 0, 0),
    "write_opened": (0, 0, 0),
    "make_socket": (0, EPERM, EPERM),
    "make_unix_socket": (0, EPERM, EPERM),
    "connect_opened": (0, EPERM, EPERM),
    "send_opened": (0, EPERM, EPERM),
    "listen_opened": (0, EPERM, EPERM),
    "start_process": (0, EPERM, EPERM),
    "clone_process": (0, EPERM, EPERM),
    "clone_newly": ((errno.EINVAL, ENOSYS, EPERM), ENOSYS, ENOSYS),
    "run_program": (errno.ENOENT, EPERM, EPERM),
    "trace_a_process": (errno.ESRCH, EPERM, EPERM),
    "read_foreign_memory": ((0, ENOSYS, EPERM), EPERM, EPERM),
    "signal_another": (0, EPERM, EPERM),
    "signal_thread_of_another": ((0, errno.ESRCH), EPERM, EPERM),
    "type_into_terminal": (errno.ENOTTY, EPERM, EPERM),
    "share_nothing": ((0, EPERM), EPERM, EPERM),
    "change_root": ((errno.ENOENT, EPERM), EPERM, EPERM),
    "set_up_ring": ((errno.EFAULT, errno.EINVAL, ENOSYS, EPERM), EPERM, EPERM),
    "start_thread": (0, 0, 0),
    "signal_itself": (0, 0, 0),
    "ask_limits": (0, 0, 0),
    "lacks_no_new_privileges": (1, 0, 0),
    "may_leave_core": (1, 0, 0),
}
OFF, IN, OLD = range(3)


def furnish(folder):
    """What sandbox_probe expects to find."""
    for name in ("in/sub", "out", "elsewhere"):
        (folder / name).mkdir(parents=True)
    for name in ("in/capture", "in/sub/capture", "out/waiting", "out/waiting_too", "elsewhere/linked",
                 "elsewhere/secret", "elsewhere/removed"):
        (folder / name).write_bytes(b"kept")
    (folder / "in/link").symlink_to("../elsewhere/linked")


def probe(mode, *more):
    """Status, what it printed as a dictionary, its sentence where it was none, and what is left of the
    file that nobody may touch."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        furnish(folder)
        done = subprocess.run([os.environ["PROBE"], mode, name, *more], capture_output=True, text=True,
                              timeout=60, check=False)
        kept = (folder / "elsewhere/secret").read_bytes()
    if done.returncode:
        return done.returncode, {}, done.stdout, kept
    return 0, {words[0]: int(words[1]) for words in map(str.split, done.stdout.splitlines())}, "", kept


def check_attempts(verdict, said, column, where):
    verdict.check(set(said) == set(ATTEMPTS) | {"sandbox_files", "sandbox_calls"},
                  f"{where}: other attempts: {sorted(set(said) ^ set(ATTEMPTS))}")
    for name, expected in ATTEMPTS.items():
        allowed = expected[column] if isinstance(expected[column], tuple) else (expected[column],)
        verdict.check(said.get(name) in allowed,
                      f"{where}: {name}: {said.get(name)}, expected {expected[column]}")


def check_probe(verdict):
    """Whether this kernel and this build have all of it."""
    status, said, text, kept = probe("off")
    verdict.check(status == 0 and kept == b"", f"off: {status} {text}; the file was not truncated: {kept}")
    check_attempts(verdict, said, OFF, "off")
    status, said, text, kept = probe("require")
    if "was built with" in text:
        verdict.check(status == 1, f"require: {status}")
        print(f"left out: {text.strip()}")
        return False
    old_status, old_said, old_text, old_kept = probe("auto", "old")
    verdict.check(old_status == 0 and old_kept == b"kept", f"old: {old_status} {old_text}")
    verdict.check((old_said.get("sandbox_files"), old_said.get("sandbox_calls")) == (0, 1), f"old: {old_said}")
    check_attempts(verdict, old_said, OLD, "without Landlock")
    refused, _, sentence, _ = probe("require", "old")
    verdict.check(refused == 1 and "--sandbox=require: the kernel has no Landlock" in sentence,
                  f"require without Landlock: {refused} {sentence}")
    if "Landlock" in text:
        print(f"left out: {text.strip()}")
        return False
    verdict.check(status == 0 and kept == b"kept", f"require: {status} {text}")
    check_attempts(verdict, said, IN, "require")
    return True


# ---- finwait itself -----------------------------------------------------------------------------

def alike(verdict, arguments, cwd, output=None, stdin=None, statuses=(0, 2)):
    """Runs it within and without, and compares what both say and write."""
    seen = []
    for mode in ("off", "require"):
        if output and (cwd / output).is_file():
            (cwd / output).unlink()
        run = Run([*arguments, f"--sandbox={mode}"], cwd=cwd, stdin=stdin)
        verdict.check(run.fault(statuses) is None, f"{arguments} --sandbox={mode}: {run.fault(statuses)}")
        seen.append((run.status, run.out, run.err,
                     (cwd / output).read_bytes() if output else b""))
    verdict.check(seen[0] == seen[1], f"{arguments}: other in the sandbox: {seen[1][2] or seen[1][0]}")
    verdict.check(seen[0][1] or seen[0][2] or seen[0][3], f"{arguments}: says nothing")
    left = [path.name for path in cwd.rglob(".finwait-*")]
    verdict.check(not left, f"{arguments}: left behind: {left}")


def check_verbs(verdict, folder):
    """All verbs and formats, each on all kinds of inputs that it takes."""
    (folder / "captures").mkdir()
    (folder / "elsewhere").mkdir()
    (folder / "there").mkdir()
    for name in ("fin_retransmitted.pcap", "hostile_names.pcapng", "many_link_types.pcapng"):
        shutil.copy(CAPTURES / name, folder / "captures" / name)
    shutil.copy(CAPTURES / "reset_says_why.pcap", folder / "elsewhere/linked.pcap")
    (folder / "captures/linked.pcap").symlink_to("../elsewhere/linked.pcap")
    (folder / "link.pcap").symlink_to("elsewhere/linked.pcap")
    packed = folder / "packed.pcap.gz"
    packed.write_bytes(gzip.compress((CAPTURES / "keepalive.pcap").read_bytes()))
    whole = (CAPTURES / "fin_retransmitted.pcap").read_bytes()

    for form in ("text", "json", "ndjson", "html", "openmetrics"):
        alike(verdict, ["--format", form, "captures"], folder)
        alike(verdict, ["--format", form, "-o", "there/report", "captures", "packed.pcap.gz"], folder,
              output="there/report")
    alike(verdict, ["-c", "--format", "json", "-o", "report", "link.pcap"], folder, output="report")
    alike(verdict, ["captures", "not_there.pcap"], folder, statuses=(2,))
    alike(verdict, ["not_there.pcap"], folder, statuses=(1,))
    alike(verdict, ["-"], folder, stdin=whole)
    alike(verdict, ["/dev/stdin"], folder, stdin=whole)
    alike(verdict, ["captures", "-o", "/dev/stdout"], folder)
    # Names of ports are in /etc/services, and each link type has a program of its own.
    for expression in ("tcp port http or tcp port https", "not port domain", "tcp[tcpflags] & tcp-fin != 0"):
        alike(verdict, ["-c", "--format", "ndjson", "--filter", expression, "captures"], folder)
    explain = ["explain", "elsewhere/linked.pcap", "--connection"]
    records = Run(["-c", "--format", "ndjson", "elsewhere/linked.pcap"], cwd=folder).records()
    identity = records[0]["tcp"]["connection"]
    alike(verdict, [*explain, identity], folder)
    alike(verdict, [*explain, identity, "--format", "json", "-o", "there/ladder"], folder, output="there/ladder")
    extract = ["extract", "captures", "link.pcap", "--min-severity", "info", "-o"]
    alike(verdict, [*extract, "there/extract.pcapng"], folder, output="there/extract.pcapng")
    alike(verdict, [*extract, "-"], folder)
    # What is replaced is the file behind a link, in that one's folder.
    (folder / "there/target").write_bytes(b"")
    (folder / "by_link").symlink_to("there/target")
    run = Run(["captures", "-o", "by_link", "--sandbox=require"], cwd=folder)
    verdict.check(run.fault() is None and (folder / "there/target").stat().st_size > 0,
                  f"an output behind a link: {run.status} {run.err}")


def check_fifo(verdict, folder):
    """A pipe that has a name, of which finwait reads once."""
    os.mkfifo(folder / "fifo")
    writer = subprocess.Popen(
        [sys.executable, "-c", "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), open(sys.argv[2], 'wb'))",
         CAPTURES / "fin_retransmitted.pcap", folder / "fifo"])
    run = Run(["-c", "--sandbox=require", "fifo"], cwd=folder)
    writer.wait(timeout=60)
    verdict.check(run.fault() is None and b'"fin_retransmitted"' in run.out, f"a named pipe: {run.status} {run.err}")


def check_user(verdict, folder):
    """Who is not root: its own descriptors below /proc must stay within reach."""
    if os.geteuid() != 0:
        return
    mine = folder / "of_nobody"
    mine.mkdir()
    os.chown(mine, 65534, 65534)
    os.chmod(folder, 0o755)
    shutil.copy(CAPTURES / "fin_retransmitted.pcap", mine)
    executable = shutil.copy(os.environ["FINWAIT"], mine / "finwait")
    os.chmod(executable, 0o755)
    with open(mine / "fin_retransmitted.pcap", "rb") as capture:
        for arguments in (["fin_retransmitted.pcap", "-o", "report"], ["/dev/stdin"], ["."]):
            done = subprocess.run([executable, "-v", "--sandbox=require", *arguments], cwd=mine, user=65534,
                                  group=65534, extra_groups=[], stdin=capture, capture_output=True, timeout=60,
                                  check=False, text=True)
            verdict.check(done.returncode in (0, 2) and "Landlock" in done.stderr and "root" not in done.stderr,
                          f"as nobody, {arguments}: {done.returncode} {done.stderr}")


def check_told(verdict):
    capture = CAPTURES / "fin_retransmitted.pcap"
    run = Run(["-v", "--sandbox=require", capture])
    for words in ("no new privileges, no core files", "no network, no other processes (seccomp)",
                  "only the captures and the output (Landlock"):
        verdict.check(words in run.err, f"--verbose does not say {words!r}: {run.err}")
    quiet = Run(["--sandbox=require", capture])
    verdict.check(quiet.err == "", f"says without --verbose: {quiet.err}")
    off = Run(["-v", "--sandbox=off", capture])
    verdict.check("network and processes open; all files open" in off.err, f"off: {off.err}")
    as_root = os.geteuid() == 0
    verdict.check(("running as root" in run.err) == as_root, f"root {as_root}: {run.err}")


def check_impossible(verdict):
    """Where it cannot be had in full, require says so and does nothing; auto goes on."""
    capture = CAPTURES / "fin_retransmitted.pcap"
    with tempfile.TemporaryDirectory() as folder:
        run = Run(["--sandbox=require", capture, "-o", "report"], cwd=folder)
        verdict.check(run.status == 1 and run.err.startswith("finwait: --sandbox=require: ") and
                      not os.listdir(folder), f"require: {run.status} {run.err} {os.listdir(folder)}")
        run = Run([capture], cwd=folder)
        verdict.check(run.fault() is None and run.out, f"auto: {run.fault()}")


def main():
    if not sys.platform.startswith("linux"):
        skip("the sandbox is Linux's")
    verdict = Verdict()
    if not check_probe(verdict):
        check_impossible(verdict)
        print("left out: finwait in its sandbox")
        if not verdict.failures:
            skip("this kernel or this build has no whole sandbox; what there is has been tested")
        verdict.finish()
    with tempfile.TemporaryDirectory() as folder:
        check_verbs(verdict, pathlib.Path(folder))
        check_fifo(verdict, pathlib.Path(folder))
        check_user(verdict, pathlib.Path(folder))
    check_told(verdict)
    verdict.finish()


main()
