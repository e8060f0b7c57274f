#!/usr/bin/env python3
"""Generates the damaged captures and holds what the reader says of each against the table: which
packets, their times, and the damage with its kind, reason, place and size. Then against what others
get out of the same file: of the packets that were put into it, none of the PROGRAMs (tcpdump, and
editcap, which is Wireshark's reader) may have more, where they are installed.

Usage: damage.py CAPTURE_DUMP DAMAGE_FOLDER [PROGRAM...]
"""
import csv
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

DAMAGE_KEPT = 32


def expected_packets(text, make):
    if text == '-':
        return []
    if text == '1-8':
        text = ','.join(map(str, make.EVERYTHING))
    wanted = []
    for item in text.split(','):
        number, _, cut = re.fullmatch(r'(\d+)(\[:(\d+)\])?', item).groups()
        data = make.PACKETS[int(number) - 1]
        wanted.append((int(number), data[:int(cut)] if cut else data))
    return wanted


def expected_times(text, packets, make):
    if text == 'unknown':
        return ['unknown'] * len(packets)
    if text == 'given':
        return [str(make.TIMES[number - 1]) for number, _ in packets]
    return text.split(',')


def check(row, lines, make):
    """What is wrong, as a list of sentences."""
    wrong = []
    got = [line.split('\t') for line in lines]
    packets = expected_packets(row['packets'], make)
    data = [g[8] for g in got if g[0] == 'packet']
    if data != [d.hex() for _, d in packets]:
        known = {p.hex(): n for n, p in enumerate(make.PACKETS, 1)}
        wrong.append('packets %s instead of %s' % ([known.get(d, '?') for d in data],
                                                   [n for n, _ in packets]))
    times = [g[2] for g in got if g[0] == 'packet']
    if times != expected_times(row['times'], packets, make):
        wrong.append('times %s' % times)
    damage = [':'.join(g[1:5]) for g in got if g[0] == 'damage']
    wanted = [] if row['damage'] == '-' else row['damage'].split(';')
    if damage != wanted[:DAMAGE_KEPT]:
        wrong.append('damage %s instead of %s' % (damage, wanted))
    oddities = ';'.join(sorted('%s=%s' % (g[1], g[2]) for g in got if g[0] == 'oddity')) or '-'
    if oddities != row['oddities']:
        wrong.append('oddities %s instead of %s' % (oddities, row['oddities']))
    error = ''.join(g[1] for g in got if g[0] == 'error')
    if (row['error'] == '-') != (error == '') or (error and row['error'] not in error):
        wrong.append('error "%s" instead of "%s"' % (error, row['error']))
    drops = [','.join(g[1:4]) for g in got if g[0] == 'drops']
    if drops != [row['drops']]:
        wrong.append('drops %s' % drops)
    return wrong


def pcap_packets(data):
    """Of a pcap file as tcpdump writes it here."""
    at = 24
    while at + 16 <= len(data):
        size = struct.unpack_from('=I', data, at + 8)[0]
        yield data[at + 16:at + 16 + size]
        at += 16 + size


def pcapng_packets(data):
    """Of a pcapng file as editcap writes it here."""
    at = 0
    while at + 12 <= len(data):
        kind, size = struct.unpack_from('=II', data, at)
        if kind == 6:
            captured = struct.unpack_from('=I', data, at + 20)[0]
            yield data[at + 28:at + 28 + captured]
        elif kind == 3:
            captured = min(struct.unpack_from('=I', data, at + 8)[0], size - 16)
            yield data[at + 12:at + 12 + captured]
        at += size


def of_others(programs, path, scratch):
    """{program: packets}, of those that are installed."""
    found = {}
    if 'tcpdump' in programs and shutil.which('tcpdump'):
        run = subprocess.run(['tcpdump', '-r', path, '-w', '-'], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        found['tcpdump'] = list(pcap_packets(run.stdout))
    if 'editcap' in programs and shutil.which('editcap'):
        open(scratch, 'wb').close()
        subprocess.run(['editcap', '-F', 'pcapng', path, scratch], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open(scratch, 'rb') as f:
            found['editcap'] = list(pcapng_packets(f.read()))
    return found


def recovered(packets, make):
    """How many are packets that were put into the file, or their beginnings; zeros read as empty
    packets, or a file header as one, are not."""
    return sum(len(packet) >= 20 and any(whole.startswith(packet) for whole in make.PACKETS)
               for packet in packets)


def main():
    dump, folder, *programs = sys.argv[1:]
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    import make
    table = '\n'.join('\t'.join(line) for line in
                      [make.COLUMNS] + [make.row(c) for c in make.build()]) + '\n'
    with open(os.path.join(folder, 'expected.tsv'), encoding='utf-8') as f:
        kept = f.read()
    failures = 0
    compared = {}
    if table != kept:
        print('expected.tsv is not what make.py --table prints')
        failures = 1
    rows = list(csv.DictReader(kept.splitlines(), delimiter='\t', quoting=csv.QUOTE_NONE))
    with tempfile.TemporaryDirectory() as out:
        sys.argv = ['make.py', out]
        make.CASES.clear()
        make.main()
        for row in rows:
            path = os.path.join(out, row['case'])
            for how in ('file', 'pipe'):
                with open(path, 'rb') as stdin:
                    run = subprocess.run([dump, path if how == 'file' else '-'], input=stdin.read(),
                                         stdout=subprocess.PIPE)
                lines = run.stdout.decode('utf-8', 'replace').splitlines()
                wrong = check(row, lines, make)
                if run.returncode:
                    wrong.append('exit status %d' % run.returncode)
                for sentence in wrong:
                    print('%s (%s): %s' % (row['case'], how, sentence))
                failures += bool(wrong)
            ours = recovered([data for _, data in expected_packets(row['packets'], make)], make)
            for program, packets in of_others(programs, path,
                                               os.path.join(out, 'scratch')).items():
                compared[program] = compared.get(program, 0) + 1
                theirs = recovered(packets, make)
                # What lies beyond a limit is left on purpose.
                if theirs > ours and ':limit:' not in row['damage']:
                    print('%s: %d packets, %s has %d' % (row['case'], ours, program, theirs))
                    failures += 1
    for program, count in sorted(compared.items()):
        print('compared with %s: %d' % (program, count))
    print(len(rows), 'cases,', failures, 'failures')
    return 1 if failures or not rows else 0


if __name__ == '__main__':
    sys.exit(main())
