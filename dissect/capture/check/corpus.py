#!/usr/bin/env python3
"""Compares our capture reader with libpcap on every capture of a corpus folder.

Usage: corpus.py CAPTURE_COMPARE CORPUS

Exit status 77 (skipped) when there is no such folder.
"""
import gzip
import os
import shutil
import subprocess
import sys
import tempfile

# What differs, and why libpcap is not followed.
EXPECTED = {
}


def plain(path, folder):
    """The file itself, or its decompressed content: libpcap reads no compressed files."""
    with open(path, 'rb') as f:
        magic = f.read(4)
    target = os.path.join(folder, 'plain')
    if magic[:2] == b'\x1f\x8b':
        with gzip.open(path) as source, open(target, 'wb') as out:
            shutil.copyfileobj(source, out)
        return target
    if magic == b'\x28\xb5\x2f\xfd':
        if not shutil.which('zstd'):
            return None
        subprocess.run(['zstd', '-dqf', path, '-o', target], check=True)
        return target
    return path


def main():
    compare, corpus = sys.argv[1:3]
    if not os.path.isdir(corpus):
        print('skipped: no folder', corpus)
        return 77
    same, unread, wrong = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        for directory, folders, names in os.walk(corpus):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(directory, name)
                relative = os.path.relpath(path, corpus)
                content = None if name.endswith('.tsv') else plain(path, folder)
                if not content:
                    continue
                run = subprocess.run([compare, path, content], stdout=subprocess.PIPE,
                                     encoding='utf-8', errors='replace')
                if run.returncode == 3:
                    unread += 1
                elif run.returncode == 0 and relative not in EXPECTED:
                    same += 1
                elif run.returncode != 1 or EXPECTED.get(relative, '\n') not in run.stdout:
                    wrong.append((relative, run.returncode, run.stdout.strip()))
    print(same, 'files the same,', unread, 'that libpcap cannot read to the end,',
          len(EXPECTED), 'expected differences')
    for entry in wrong:
        print('WRONG', *entry)
    return 1 if wrong or not same else 0


if __name__ == '__main__':
    sys.exit(main())
