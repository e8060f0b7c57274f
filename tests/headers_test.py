"""Every header compiles alone, and twice, without a warning, with every compiler at hand."""

import concurrent.futures
import os
import shutil
import subprocess

from harness import SOURCE, Verdict, skip

FLAGS = ("-std=c11 -fsyntax-only -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion "
         "-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings "
         "-Wvla -Wundef -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64").split()
LIBRARIES = ("libpcap", "jansson", "zlib", "nettle")


def library_flags():
    done = subprocess.run(["pkg-config", "--cflags", *LIBRARIES], capture_output=True, text=True,
                          check=False)
    return done.stdout.split()


def main():
    compilers = [name for name in ("gcc", "clang") if shutil.which(name)]
    if not compilers:
        skip("neither gcc nor clang")
    headers = sorted(path.relative_to(SOURCE).as_posix()
                     for room in ("dissect", "analyzer", "reports", "cli")
                     for path in (SOURCE / room).rglob("*.h"))
    libraries = library_flags()

    def compile_alone(compiler, header):
        source = f'#include "{header}"\n#include "{header}"\nextern int not_empty;\n'
        return subprocess.run([compiler, *FLAGS, *libraries, f"-I{SOURCE}", "-x", "c", "-"],
                              input=source, capture_output=True, text=True, check=False)

    verdict = Verdict()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(compiler, header, pool.submit(compile_alone, compiler, header))
                for compiler in compilers for header in headers]
        for compiler, header, job in jobs:
            done = job.result()
            verdict.check(done.returncode == 0, f"{header} with {compiler}:\n{done.stderr}")
    verdict.finish()


main()
