"""analyze.py clang|gcc BUILD JOBS: the compiler's static analysis over what the build folder compiles, but for what
only tests use, with that one's options. Fails for whatever it says that ANSWERED does not answer."""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

# (compiler, end of the file's name, words of the warning): why it is none.
ANSWERED = {
    ("gcc", "analyzer/anomaly/crowd.c", "leak of"):
        "the rest that was made is in the crowd's roll, which crowd_finish() goes through",
    ("gcc", "analyzer/anomaly/pieces.h", "leak of"):
        "as that of crowd.c, which it is seen from",
    ("gcc", "analyzer/host/load.c", "leak of"):
        "the host owns it, which is in the load's roll: load_finish()",
    ("gcc", "analyzer/host/pressure.c", "dereference of possibly-NULL 'items'"):
        "the loop's condition asks for it; gcc 12 loses that on the way round",
    ("gcc", "analyzer/tcp/track.c", "leak of"):
        "the connection's detail owns it: connection_finish()",
    ("gcc", "analyzer/verdict.c", "leak of 'copy'"):
        "what is returned is the copy's first member, and the address to free",
    ("gcc", "dissect/source/ahead.c", "leak of"):
        "the source's list of blocks owns it, or the pool's of free ones: source_pool_destroy()",
    ("gcc", "cli/frame_set.c", "leak of 'words'"):
        "the set owns it: frame_set_finish()",
    ("gcc", "cli/remarks.c", "leak of"):
        "the lists of remarks own it: remarks_finish()",
    ("gcc", "dissect/findings.c", "leak of 'copy'"):
        "the file's record owns it: findings_finish()",
    ("gcc", "reports/html_worst.c", "leak of 'item'"):
        "it is in the heap of items: worst_finish()",
    ("gcc", "reports/text_examples.c", "leak of"):
        "the list of examples owns it: examples_finish()",
}

# Used by tests alone: files that end so, and folders.
TESTS = re.compile(r"_test\.c$|/script\w*\.c$|/random_\w+\.c$|/test_file\.c$|/tests/|/check/")

COMMANDS = {
    "clang": ["clang", "--analyze", "-Xclang", "-analyzer-output=text"],
    "gcc": ["gcc", "-fanalyzer", "-c", "-o", os.devnull],
}
WARNING = re.compile(r"^(?:\.\./)*([^\s:]+):(\d+):\d+: (?:warning|error): (.*)$", re.MULTILINE)


def command_of(compiler, entry):
    """The build's own, without what names outputs and what only the other compiler knows."""
    words = shlex.split(entry["command"])
    while os.path.basename(words[0]) in ("ccache", "gcc", "cc", "clang"):
        words.pop(0)
    kept = []
    while words:
        word = words.pop(0)
        if word in ("-o", "-MF", "-MQ"):
            words.pop(0)
        elif word not in ("-c", "-MD", "-Werror") and not word.startswith(("-fdiagnostics", "-fsanitize")):
            kept.append(word)
    return [*COMMANDS[compiler], "-fno-diagnostics-color" if compiler == "clang" else "-fdiagnostics-color=never", *kept]


def findings_of(compiler, entry):
    done = subprocess.run(command_of(compiler, entry), cwd=entry["directory"], capture_output=True, text=True,
                          check=False)
    found = {(file, int(line), words) for file, line, words in WARNING.findall(done.stderr)}
    if done.returncode and not found:
        found = {(entry["file"], 0, done.stderr.strip()[-500:])}
    return found, done.stderr


def answered(compiler, file, words):
    plain = words.replace("\u2018", "'").replace("\u2019", "'")
    return any(compiler == by and file.endswith(where) and what in plain for by, where, what in ANSWERED)


def main():
    compiler, build, jobs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = {os.path.normpath(os.path.join(entry["directory"], entry["file"])): entry
                   for entry in json.load(file) if not entry["output"].startswith("tests/")}
    sources = [entry for path, entry in sorted(entries.items()) if not TESTS.search(path)]
    told, left = set(), set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for found, text in pool.map(lambda entry: findings_of(compiler, entry), sources):
            new = {finding for finding in found if not answered(compiler, finding[0], finding[2])} - told
            told |= new
            left |= found - new
            if new:
                print(text)
    print(f"{compiler}: {len(sources)} files, {len(told)} findings, {len(left)} answered")
    sys.exit(1 if told or not sources else 0)


main()
