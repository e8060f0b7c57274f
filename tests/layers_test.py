"""The rooms see each other only to the left, and only through their doors."""

import re

from harness import SOURCE, Verdict

ROOMS = ("dissect", "analyzer", "reports", "cli")

DISSECT_DOORS = {"dissect/segment.h", "dissect/findings.h", "dissect/compiler.h", "dissect/relay.h", "dissect/thread.h"}
ANALYZER_DOORS = {"analyzer/verdict.h", "analyzer/trace.h", "analyzer/catalogue.def",
                  "analyzer/catalogue.h", "analyzer/figures.def", "analyzer/config.h"}
DOORS = {"dissect": set(), "analyzer": DISSECT_DOORS, "reports": DISSECT_DOORS | ANALYZER_DOORS}

# Libraries, and the rooms whose business they are.
LIBRARIES = {"jansson.h": ("reports",), "pcap.h": ("dissect",), "pcap/pcap.h": ("dissect",),
             "pcap/bpf.h": ("dissect",), "zlib.h": ("dissect", "reports"), "zstd.h": ("dissect",),
             "isa-l/igzip_lib.h": ("dissect",)}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def faults(path, text):
    """What is wrong with the includes of one file, `path` being relative to the top."""
    room, is_test = path.split("/")[0], path.endswith("_test.c")
    for kind, name in INCLUDE.findall(text):
        if kind == "<":
            owners = LIBRARIES.get(name)
            if owners and room not in owners and not is_test:
                yield f"{path}: <{name}> is for {' and '.join(owners)} only"
            continue
        target = name.split("/")[0]
        if target not in ROOMS:
            yield f'{path}: "{name}" is not a path from the top'
        elif room == "cli" or target == room:
            continue
        elif ROOMS.index(target) > ROOMS.index(room):
            yield f'{path}: "{name}" is against the arrow'
        elif name not in DOORS[room] and not is_test:
            yield f'{path}: "{name}" is not a door of {target}/'


def main():
    verdict = Verdict()
    wrong = (("dissect/tcp/x.c", '#include "analyzer/verdict.h"'),
             ("analyzer/x.c", '#include "dissect/cursor.h"'),
             ("analyzer/x.c", "#include <pcap/pcap.h>"),
             ("reports/x.h", '  # include "dissect/dissect.h"'),
             ("reports/x.c", '#include "analyzer/flow/table.h"'),
             ("reports/x_test.c", '#include "cli/options.h"'),
             ("cli/x.c", "#include <jansson.h>"),
             ("analyzer/x.c", "#include <zlib.h>"),
             ("reports/x.c", "#include <zstd.h>"),
             ("dissect/x.c", '#include "segment.h"'))
    right = (("analyzer/x.c", '#include "dissect/segment.h"\n#include "analyzer/seq.h"'),
             ("reports/x.c", '#include "analyzer/catalogue.def"\n#include <jansson.h>'),
             ("reports/x.c", "#include <zlib.h>"),
             ("reports/x_test.c", '#include "dissect/dissect.h"'),
             ("cli/main.c", '#include "dissect/dissect.h"'))
    for path, text in wrong:
        verdict.check(list(faults(path, text)), f"not noticed: {path} with {text}")
    for path, text in right:
        verdict.check(not list(faults(path, text)), f"wrongly refused: {path} with {text}")
    for room in ROOMS:
        for file in sorted((SOURCE / room).rglob("*")):
            if file.suffix in (".c", ".h", ".def"):
                path = file.relative_to(SOURCE).as_posix()
                found = list(faults(path, file.read_text()))
                verdict.check(not found, "\n  ".join(found))
    verdict.finish()


main()
