#!/usr/bin/env python3
"""Writes the captures of testdata/captures from their stories. The same bytes every time.

    testdata/generate.py            into testdata/captures
    testdata/generate.py DIRECTORY  somewhere else (the test that nobody edited one by hand)
"""

import pathlib
import sys

from stories import (carrying, closing, failing, layering, opening, ordinary, pressing, resetting,
                     reusing, tapping, vanishing)

CAPTURES = {**opening.CAPTURES, **closing.CAPTURES, **carrying.CAPTURES, **tapping.CAPTURES,
            **layering.CAPTURES, **resetting.CAPTURES, **vanishing.CAPTURES, **reusing.CAPTURES,
            **failing.CAPTURES, **pressing.CAPTURES, **ordinary.CAPTURES}


def main():
    here = pathlib.Path(__file__).resolve().parent
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "captures"
    for name, story in CAPTURES.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(story())


if __name__ == "__main__":
    main()
