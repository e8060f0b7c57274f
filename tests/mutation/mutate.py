#!/usr/bin/env python3
"""Do the tests notice a small change of the code? Takes a sample of all small changes (mutants.py) and
runs the tests with each until one fails.

    mutate.py BUILD [--sample N] [--seed N] [--all] [--function NAME] [--quick] [--again RESULTS]
              [FILE…]

BUILD is a build folder that mutate.py may fill; ./dev mutate prepares it. Without FILE: the sources of
analyzer/state and analyzer/tcp. The tests: the unit tests of the analyzer, cheapest and most telling
first; for what lives through them the captures cut at every packet (tests/prefixes.c), the golden
cases, the captures of the rules, and the simulated connections whose states are known. Mutants are
compiled with UBSan, as ./dev test compiles everything.

A mutant is killed when a test fails, dies, or does not come to an end. It is equivalent when the
compiler makes the same code of it, or when equivalent.tsv says so and why. The figure is
killed/(all - equivalent); what does not compile is no mutant. Exits with 1 below --bar.

All mutants are compiled at once: a function's body is there once for each of its mutants, and a
variable of the environment says which is in force. The analyzer is one shared library here, so that
no test is linked anew. A test that never enters the function is not run.
"""

import argparse
import json
import os
import random
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import mutants

SOURCE = Path(__file__).resolve().parent.parent.parent
ROOMS = ("analyzer/state", "analyzer/tcp")
EQUIVALENT = Path(__file__).with_name("equivalent.tsv")
LIBRARY = "analyzer/libanalyzer.a"
PROGRAMS = ("cli/finwait", "tests/prefixes")
CAPTURES = SOURCE / "testdata" / "captures"
SANITIZER = ("-fsanitize=undefined", "-fno-sanitize-recover=all")

# Those that try the program, and so take long: only with what the unit tests let live.
SLOW = {
    "prefixes": ["{work}/prefixes", str(CAPTURES)],
    "cases": [sys.executable, str(SOURCE / "tests" / "cases.py")],
    "rules": [sys.executable, str(SOURCE / "tests" / "rules_test.py")],
    "simulated": [sys.executable, str(SOURCE / "tests" / "sim" / "check.py"), "{folder}/tests/sim/simulate"],
}

# Which mutant is in force, and which functions were entered.
SWITCH = """
#include <stdio.h>
#include <stdlib.h>
int mutant_in_force;
unsigned char mutant_entered[%d];
__attribute__((constructor)) static void choose(void)
{
    const char *number = getenv("MUTANT");
    mutant_in_force = number ? atoi(number) : 0;
}
__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("MUTANT_ENTERED");
    FILE *file = path ? fopen(path, "ab") : NULL;
    if (file) {
        fwrite(mutant_entered, 1, sizeof mutant_entered, file);
        fclose(file);
    }
}
"""
DECLARATIONS = "extern int mutant_in_force; extern unsigned char mutant_entered[];\n#line 1\n"


def equivalents():
    """Keys of mutants that no test can tell from the original, with the reason; of a whole function
    with `*` for the line, the change and the number."""
    known = {}
    for line in EQUIVALENT.read_text().splitlines():
        if line and not line.startswith("#"):
            *key, why = line.split("\t")
            known[tuple(key)] = why
    return known


def is_equivalent(mutant, known):
    return mutant.key() in known or (mutant.file, mutant.function, "*", "*", "*") in known


def cpu_seconds():
    """Of all children so far: other programs that run beside them do not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command, folder, **options):
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, **options)


def with_all(text, file, chosen, functions):
    """The source with a body for each of the mutants {number: mutant}; numbers its functions in
    `functions`."""
    bodies = list(mutants.bodies(mutants.tokens_of(text)))
    tokens = mutants.tokens_of(text)
    for first, last, name, before in reversed(bodies):
        start, end = tokens[first].start, tokens[last].end
        mine = [(number, mutant) for number, mutant in chosen.items()
                if start < mutant.edits[0][0] < end]
        if not mine:
            continue
        place = functions.setdefault((file, name), len(functions))
        leave = " return;" if before[-1] == "void" else ""
        parts = [f"{{ mutant_entered[{place}] = 1;\n"]
        for number, mutant in mine:
            grown = sum(len(new) - (e - s) for s, e, new in mutant.edits)
            body = mutant.apply(text)[start:end + grown]
            parts.append(f'if (mutant_in_force == {number}) {{\n#line 1 "mutant/{number}"\n{body}{leave} }}\n')
        parts.append(f'#line {text.count(chr(10), 0, start) + 1} "{file}"\n{text[start:end]} }}')
        text = text[:start] + "".join(parts) + text[end:]
    return DECLARATIONS + text


class Build:
    """What ninja would do, of which the mutants need only a part."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.work = self.folder / "mutation"
        self.overlay = self.work / "overlay"
        self.overlay.mkdir(parents=True, exist_ok=True)
        run(["ninja", "build.ninja"], self.folder)
        listed = json.loads(run(["meson", "introspect", "--targets", "."], self.folder).stdout)
        self.tests = sorted(target["name"] for target in listed
                            if target["type"] == "executable" and target["name"].startswith("test-") and
                            Path(target["defined_in"]).parent.name == "analyzer")
        self.programs = [*(f"analyzer/{name}" for name in self.tests), *PROGRAMS]
        run(["ninja", *self.programs, "reports/schema/connection.schema.json", "tests/sim/simulate"], self.folder)
        commands = run(["ninja", "-t", "commands", *self.programs], self.folder).stdout.splitlines()
        self.compiling, self.linking = {}, {}
        for command in commands:
            words = [word for word in shlex.split(command) if word != "ccache"]
            if "-c" in words and "-o" in words:
                self.compiling[words[words.index("-o") + 1]] = words
            elif "-o" in words and words[words.index("-o") + 1] in self.programs:
                self.linking[words[words.index("-o") + 1]] = words
        self.objects = [target for target in self.compiling if target.startswith(LIBRARY + ".p/")]

    def sources(self):
        """Of the rooms, what goes into the library: nothing that is there for the tests only."""
        inside = {(self.folder / self.compiling[target][-1]).resolve() for target in self.objects}
        return sorted(path.relative_to(SOURCE).as_posix() for room in ROOMS for path in (SOURCE / room).glob("*.[ch]")
                      if path in inside or (path.suffix == ".h" and
                                            not path.name.startswith(("script", "scenes", "test_", "both_ways"))))

    def link(self, objects):
        library = self.work / "libanalyzer.so"
        run(["gcc", "-shared", *SANITIZER, "-Wl,-z,now", "-o", library, *objects], self.folder)
        for name in self.programs:
            words = list(self.linking[name])
            # A test that puts itself between the code and malloc() needs the code in its own file.
            whole = any("--wrap" in word for word in words)
            words[words.index("-o") + 1] = str(self.work / Path(name).name)
            at = words.index(LIBRARY)
            instead = [*objects, *SANITIZER] if whole else [str(library), f"-Wl,-rpath,{self.work}"]
            run(words[:at] + instead + words[at + 1:], self.folder)

    def depending(self, files):
        """{object: its source} of all that these sources go into; a header goes into many."""
        wanted = {SOURCE / file for file in files}
        found = {}
        for target in self.objects:
            source = (self.folder / self.compiling[target][-1]).resolve()
            needed = [source]
            for line in run(["ninja", "-t", "deps", target], self.folder).stdout.splitlines():
                if line.startswith(" "):
                    needed.append((self.folder / line.strip()).resolve())
            if wanted & set(needed):
                found[target] = source.relative_to(SOURCE).as_posix()
        return found

    def compile(self, target, source, *options):
        """Path of the object and what the compiler said; with the overlay's sources where there are."""
        words = [word for word in self.compiling[target] if word not in ("-g", "-Werror") and
                 not word.startswith(("-W", "-fdiagnostics-color"))]
        made = str(self.work / Path(target).name) + options[0]
        words[words.index("-o") + 1] = made
        words.insert(1, f"-I{self.overlay}")
        if (self.overlay / source).exists():
            words[-1] = str(self.overlay / source)
        done = subprocess.run([*words, *options, "-w"], cwd=self.folder, capture_output=True, text=True, check=False)
        return made, done.stderr if done.returncode else ""

    def clear_overlay(self):
        for path in self.overlay.rglob("*.[ch]"):
            path.unlink()

    def write(self, file, text):
        (self.overlay / file).parent.mkdir(parents=True, exist_ok=True)
        (self.overlay / file).write_text(text)

    def with_mutants(self, chosen):
        """Builds everything with these mutants; which of them do not compile, and the functions."""
        files = sorted({mutant.file for mutant in chosen.values()})
        dependents = self.depending(files)
        broken = set()
        while True:
            functions = {}
            self.clear_overlay()
            # Bodies that are there many times, in each other, would never be compiled.
            header = (SOURCE / "dissect/compiler.h").read_text()
            self.write("dissect/compiler.h", header.replace("inline __attribute__((always_inline))", "inline"))
            for file in files:
                self.write(file, with_all((SOURCE / file).read_text(), file, {
                    number: mutant for number, mutant in chosen.items()
                    if mutant.file == file and number not in broken}, functions))
            made, worse = {}, set()
            for target, source in dependents.items():
                made[target], errors = self.compile(target, source, "-O1", *SANITIZER)
                numbers = {int(number) for number in re.findall(r"^mutant/(\d+):.*error:", errors, re.M)}
                assert numbers or not errors, errors
                worse |= numbers
            broken |= worse
            if not worse:
                break
        self.clear_overlay()
        self.write("switch.c", SWITCH % max(1, len(functions)))
        switch = str(self.work / "switch.o")
        run(["gcc", "-O1", "-fPIC", "-c", "-o", switch, self.overlay / "switch.c"], self.folder)
        self.link([made.get(target, target) for target in self.objects] + [switch])
        return broken, functions

    def code(self, mutant, text):
        """Code and data of what goes into the library, optimised, with this text of the source."""
        self.clear_overlay()
        self.write(mutant.file, text)
        found = []
        for target, source in self.depending([mutant.file]).items():
            path, errors = self.compile(target, source, "-O2")
            assert not errors, errors
            run(["objcopy", "-O", "binary", "--remove-section=.note*", "--remove-section=.comment",
                 path, path + ".bin"], self.folder)
            relocations = run(["objdump", "-r", path], self.folder).stdout.split("\n", 3)[3]
            found.append((Path(path + ".bin").read_bytes(), relocations))
        self.clear_overlay()
        return found


class Tests:
    """The tests, which functions they enter, and how many mutants each of them has killed."""

    def __init__(self, build, functions, quick):
        self.build = build
        self.functions = functions
        self.entered, self.seconds, self.kills = {}, {}, {}
        trace = build.work / "entered"
        for name in [*build.tests, *([] if quick else SLOW)]:
            trace.unlink(missing_ok=True)
            self.seconds[name] = None
            before = cpu_seconds()
            status = self.outcome(name, {"MUTANT_ENTERED": str(trace)})
            assert status == 0, f"{name} fails without any mutation: {status}"
            self.seconds[name] = cpu_seconds() - before
            told = trace.read_bytes() if trace.exists() else b""
            self.entered[name] = {place for place in range(len(functions))
                                  if any(told[place::max(1, len(functions))])}
            self.kills[name] = 0.2

    def outcome(self, name, more):
        environment = {**os.environ, "SOURCE_ROOT": str(SOURCE), "FINWAIT": str(self.build.work / "finwait"),
                       "SCHEMAS": str(self.build.folder / "reports" / "schema"), "PYTHONDONTWRITEBYTECODE": "1",
                       **more}
        command = [word.format(work=self.build.work, folder=self.build.folder)
                   for word in SLOW.get(name, ["{work}/" + name])]
        seconds = self.seconds[name]

        def limits():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            if name not in SLOW and seconds is not None:
                most = int(2 + 5 * seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (most, most))
                resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))

        try:
            return subprocess.run(command, cwd=self.build.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  stdin=subprocess.DEVNULL, env=environment, check=False, preexec_fn=limits,
                                  timeout=None if seconds is None else 120 + 100 * seconds).returncode
        except subprocess.TimeoutExpired:
            return "timeout"

    def killer(self, number, mutant):
        """The first test that fails with this mutant, or None."""
        place = self.functions[(mutant.file, mutant.function)]
        mine = [name for name in self.entered if place in self.entered[name]]
        mine.sort(key=lambda name: (name in SLOW, -self.kills[name] / (0.02 + self.seconds[name])))
        for name in mine:
            if self.outcome(name, {"MUTANT": str(number)}):
                self.kills[name] += 1
                return name
        return None


def candidates(options, build):
    files = [Path(file).resolve().relative_to(SOURCE).as_posix() for file in options.files] or build.sources()
    found = [mutant for file in files for mutant in mutants.mutants_of(file, (SOURCE / file).read_text())
             if not options.function or mutant.function in options.function]
    if options.again:
        rows = [line.split("\t") for line in Path(options.again).read_text().splitlines()]
        lived = {tuple(row[:-1]) for row in rows if row[-1] == "alive"}
        return [mutant for mutant in found if mutant.key() in lived]
    if not options.all:
        random.Random(options.seed).shuffle(found)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build")
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="every mutant, in the order of the source")
    parser.add_argument("--function", action="append", help="only of this function (repeatable)")
    parser.add_argument("--quick", action="store_true", help="the unit tests only")
    parser.add_argument("--again", metavar="RESULTS", help="only those that live in this table of an earlier run")
    parser.add_argument("--bar", type=float, default=90)
    parser.add_argument("files", nargs="*", metavar="FILE")
    options = parser.parse_intermixed_args()

    known = equivalents()
    build = Build(options.build)
    found = candidates(options, build)
    wanted = len(found) if options.all or options.again else min(options.sample, len(found))
    print(f"{len(found)} mutants, {wanted} of them tried, seed {options.seed}", flush=True)
    chosen = dict(enumerate(found[:wanted + wanted // 10 + 3], 1))
    broken, functions = build.with_mutants(chosen)
    tried = [number for number in chosen if number not in broken][:wanted]
    tests = Tests(build, functions, options.quick)
    killed, equal, alive = 0, [], []
    results = open(build.work / "results.tsv", "w", encoding="utf-8")
    for number in tried:
        mutant = chosen[number]
        outcome = "equivalent" if is_equivalent(mutant, known) else tests.killer(number, mutant)
        if outcome == "equivalent":
            equal.append(mutant)
        elif outcome:
            killed += 1
        else:
            alive.append(mutant)
            print(f"lives: {mutant.file}:{mutant.line}: {mutant.function}(): {mutant.change}\n    {mutant.source}", flush=True)
        results.write("\t".join([*mutant.key(), outcome or "alive"]) + "\n")
        results.flush()

    originals = {}
    for mutant in list(alive):
        text = (SOURCE / mutant.file).read_text()
        if mutant.file not in originals:
            originals[mutant.file] = build.code(mutant, text)
        if build.code(mutant, mutant.apply(text)) == originals[mutant.file]:
            alive.remove(mutant)
            equal.append(mutant)
            print(f"the same code: {mutant.file}:{mutant.line}: {mutant.change}")
    share = 100 * killed / (killed + len(alive)) if killed + len(alive) else 100
    print("killed first by: " + ", ".join(f"{name} {int(count)}" for name, count in
                                          sorted(tests.kills.items(), key=lambda item: -item[1]) if count >= 1))
    print(f"{len(tried)} mutants (seed {options.seed}): {killed} killed, {len(equal)} equivalent, "
          f"{len(alive)} alive: {share:.1f} % killed")
    sys.exit(share < options.bar)


if __name__ == "__main__":
    main()
