#!/usr/bin/env python3
"""Writes damaged and odd captures, each from the same eight packets, and what a reader should say.

Usage: make.py OUTDIR            write the captures there
       make.py --table           print expected.tsv (kept beside this script)

Nothing here runs a reader: what is expected follows from how a file is built, because the builder
knows where every record begins. The table's columns:

  case      the file's name
  packets   the packets to be had, by number: "1-8", "1-3,5-8", "4[:30]" for the first 30 octets
  times     "given", "unknown", or nanoseconds of each packet, separated by commas
  damage    kind:reason:offset:bytes, separated by ";"
  oddities  name=count, separated by ";"
  error     text that the error must contain, when nothing can be read
  drops     interface,system,packet counts
  note      how the expectation follows
"""
import gzip
import io
import struct
import sys
import os
import zlib

NS = 10**9
START = 1_700_000_000
EVERYTHING = list(range(1, 9))


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def tcp_packet(up, seq, ack, flags, payload=b''):
    a, b = bytes([192, 168, 7, 1]), bytes([192, 168, 7, 2])
    source, target = (a, b) if up else (b, a)
    ports = (40123, 8080) if up else (8080, 40123)
    tcp = struct.pack('>HHIIBBHHH', *ports, seq, ack, 5 << 4, flags, 64240, 0, 0)
    pseudo = source + target + struct.pack('>BBH', 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack('>H', checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack('>BBHHHBBH', 0x45, 0, 40 + len(payload), seq & 0xffff, 0x4000, 64, 6, 0)
    ip += source + target
    ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
    macs = b'\x02\0\0\0\0\x01\x02\0\0\0\0\x02' if up else b'\x02\0\0\0\0\x02\x02\0\0\0\0\x01'
    return macs + b'\x08\0' + ip + tcp + payload


PACKETS = [
    tcp_packet(True, 1000, 0, 0x02),
    tcp_packet(False, 5000, 1001, 0x12),
    tcp_packet(True, 1001, 5001, 0x10),
    tcp_packet(True, 1001, 5001, 0x18, b'GET /index.html HTTP/1.0\r\n\r\n'),
    tcp_packet(False, 5001, 1030, 0x18, b'HTTP/1.0 200 OK\r\n\r\n' + b'payload.' * 20),
    tcp_packet(True, 1030, 5180, 0x11),
    tcp_packet(False, 5180, 1031, 0x11),
    tcp_packet(True, 1031, 5181, 0x10),
]
TIMES = [START * NS + i * NS // 4 for i in range(8)]


class Pcap:
    """A pcap file being built; remembers where each record begins."""

    def __init__(self, order='<', magic=0xa1b2c3d4, version=(2, 4), snaplen=65535, link=1):
        self.order, self.magic, self.version = order, magic, version
        self.data = struct.pack(order + 'IHHIIII', magic, *version, 0, 0, snaplen, link)
        self.offsets = {}

    def record(self, number, seconds=None, subseconds=None, captured=None, original=None):
        packet = PACKETS[number - 1]
        time = TIMES[number - 1]
        unit = 1 if self.magic == 0xa1b23c4d else 1000
        seconds = time // NS if seconds is None else seconds
        subseconds = time % NS // unit if subseconds is None else subseconds
        captured = len(packet) if captured is None else captured
        original = len(packet) if original is None else original
        lengths = (captured, original)
        if self.version < (2, 3):
            lengths = (original, captured)
        self.offsets[number] = len(self.data)
        self.data += struct.pack(self.order + 'IIII', seconds, subseconds, *lengths)
        if self.magic == 0xa1b2cd34:
            self.data += struct.pack(self.order + 'IHBB', 2, 0x0800, 0, 0)
        self.data += packet
        return self

    def all(self, **changes):
        for number in EVERYTHING:
            self.record(number, **changes)
        return self

    def end(self, number):
        return self.offsets[number + 1] if number < 8 else len(self.data)


def option(order, code, value):
    return struct.pack(order + 'HH', code, len(value)) + value + b'\0' * (-len(value) % 4)


class Pcapng:
    """A pcapng file being built; remembers where each packet's block begins."""

    def __init__(self, order='<', section=True, **header):
        self.order = order
        self.data = b''
        self.offsets = {}
        if section:
            self.section(**header)

    def pack(self, layout, *values):
        return struct.pack(self.order + layout, *values)

    def block(self, kind, body, length=None, trailer=None, pad=True):
        body += b'\0' * (-len(body) % 4) if pad else b''
        whole = len(body) + 12
        length = whole if length is None else length
        trailer = length if trailer is None else trailer
        self.data += self.pack('II', kind, length) + body + self.pack('I', trailer)
        return self

    def section(self, major=1, minor=0, length=-1, order=None, options=b''):
        self.order = order or self.order
        return self.block(0x0a0d0d0a, self.pack('IHHq', 0x1a2b3c4d, major, minor, length) + options)

    def interface(self, link=1, snaplen=0, options=b''):
        return self.block(1, self.pack('HHI', link, 0, snaplen) + options)

    def option(self, code, value):
        return option(self.order, code, value)

    def epb(self, number, interface=0, ticks=None, captured=None, original=None, options=b'',
            **frame):
        packet = PACKETS[number - 1]
        ticks = TIMES[number - 1] // 1000 if ticks is None else ticks
        captured = len(packet) if captured is None else captured
        original = len(packet) if original is None else original
        self.offsets[number] = len(self.data)
        body = self.pack('IIIII', interface, ticks >> 32, ticks & 0xffffffff, captured, original)
        body += packet + b'\0' * (-len(packet) % 4) + options
        return self.block(6, body, **frame)

    def all(self, **changes):
        for number in EVERYTHING:
            self.epb(number, **changes)
        return self

    def end(self, number):
        return self.offsets[number + 1] if number < 8 else len(self.data)


class Snoop:
    """A snoop file being built."""

    def __init__(self, version=2, link=4):
        self.data = b'snoop\0\0\0' + struct.pack('>II', version, link)
        self.offsets = {}

    def record(self, number, captured=None, length=None, drops=0):
        packet = PACKETS[number - 1]
        time = TIMES[number - 1]
        padding = -len(packet) % 4
        captured = len(packet) if captured is None else captured
        length = 24 + len(packet) + padding if length is None else length
        self.offsets[number] = len(self.data)
        self.data += struct.pack('>IIIIII', len(packet), captured, length, drops, time // NS,
                                 time % NS // 1000)
        self.data += packet + bytes(padding)
        return self

    def all(self, **changes):
        for number in EVERYTHING:
            self.record(number, **changes)
        return self


CASES = []


def case(name, data, packets=None, times='given', damage=(), oddities=None, error='',
         drops='0,0,0', note=''):
    packets = EVERYTHING if packets is None else packets
    CASES.append({
        'case': name, 'data': data, 'packets': packets, 'times': times, 'damage': list(damage),
        'oddities': oddities or {}, 'error': error, 'drops': drops, 'note': note})


def without(*numbers):
    return [n for n in EVERYTHING if n not in numbers]


def good_pcap():
    return Pcap().all()


def good_pcapng(order='<', **interface):
    return Pcapng(order).interface(**interface).all()


def pcap_variants():
    for order, name in (('<', 'little'), ('>', 'big')):
        for magic, kind in ((0xa1b2c3d4, 'us'), (0xa1b23c4d, 'ns'), (0xa1b2cd34, 'modified')):
            case(f'pcap_{name}_{kind}', Pcap(order, magic).all().data, note='well-formed')
    for minor in (0, 1, 2):
        case(f'pcap_version_2_{minor}', Pcap(version=(2, minor)).all(original=1400).data,
             note='lengths in the old order: original first')
    case('pcap_version_2_3', Pcap(version=(2, 3)).all(original=1400).data, note='new order')
    case('pcap_version_2_3_swapped', swapped_2_3(), note='2.3 that kept the old order')
    case('pcap_version_5', Pcap(version=(5, 1)).all().data,
         damage=['file_damaged:file_header:0:0'], note='version field only is wrong')
    case('pcap_snaplen_0', Pcap(snaplen=0).all().data)
    case('pcap_snaplen_minus_1', Pcap(snaplen=0xffffffff).all().data)
    case('pcap_captured_exceeds_snaplen', Pcap(snaplen=40).all().data,
         oddities={'captured_exceeds_snaplen': 8})
    case('pcap_captured_exceeds_original', Pcap().all(original=50).data,
         oddities={'captured_exceeds_original': 8}, note='all eight are longer than 50')
    over = Pcap()
    for n in EVERYTHING:
        over.record(n, subseconds=2_000_000 if n == 3 else None)
    case('pcap_subsecond_overflow', over.data,
         oddities={'subsecond_overflow': 1, 'clock_backwards': 1},
         note='two seconds later, then back', times=[t if n != 3 else (START + 2) * NS for n, t in zip(EVERYTHING, TIMES)])
    late = Pcap()
    for n in EVERYTHING:
        late.record(n, seconds=0x80000000 + n, subseconds=0)
    case('pcap_seconds_top_bit', late.data, times=[(0x80000000 + n) * NS for n in EVERYTHING],
         note='unsigned: year 2038')
    case('pcap_fcs_in_link_type', Pcap(link=0x24000001).all().data, note='two words: 4 octets')
    case('pcap_fcs_too_long', Pcap(link=0xf4000001).all().data,
         oddities={'fcs_length_unplausible': 1})
    case('pcap_reserved_link_bits', Pcap(link=0x00010001).all().data,
         oddities={'reserved_link_bits': 1})
    case('pcap_no_packets', Pcap().data, packets=[])
    case('pcap_one_packet', Pcap().record(1).data, packets=[1])


def swapped_2_3():
    p = Pcap(version=(2, 3))
    for n in EVERYTHING:
        p.record(n, captured=1400, original=len(PACKETS[n - 1]))
    return p.data


def pcap_cut():
    p = good_pcap()
    case('pcap_truncated_record', p.data[:-20], packets=without(8),
         damage=[f'file_truncated:none:{p.offsets[8]}:20'], note='last 20 octets missing')
    case('pcap_truncated_behind_header', p.data[:p.offsets[8] + 16], packets=without(8),
         damage=[f'file_truncated:none:{p.offsets[8]}:{len(PACKETS[7])}'])
    case('pcap_partial_header', p.data + p.data[24:31],
         damage=[f'file_truncated:none:{len(p.data)}:9'], note='7 of 16 octets')
    case('pcap_cut_file_header', p.data[:10], packets=[], error='after 10 of 24 bytes')
    case('pcap_only_magic', p.data[:4], packets=[], error='after 4 of 24 bytes')
    for order, name in (('<', ''), ('>', '_big')):
        q = Pcap(order).all()
        case(f'pcap_zero_tail{name}', q.data + bytes(65536),
             damage=[f'zero_tail:none:{len(q.data)}:65536'])
    case('pcap_zero_tail_short', p.data + bytes(5), damage=[f'zero_tail:none:{len(p.data)}:5'])
    case('pcap_zero_tail_long', p.data + bytes(1_000_000),
         damage=[f'zero_tail:none:{len(p.data)}:1000000'])
    hole = p.data[:p.offsets[4]] + bytes(p.end(4) - p.offsets[4]) + p.data[p.end(4):]
    case('pcap_zero_hole', hole, packets=without(4),
         damage=[f'file_damaged:record_header:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'])
    inserted = p.data[:p.offsets[4]] + bytes(4096) + p.data[p.offsets[4]:]
    case('pcap_zeros_inserted', inserted,
         damage=[f'file_damaged:record_header:{p.offsets[4]}:4096'])


def pcap_damaged():
    for captured, name in ((0x7fffffff, 'huge'), (300_000, '300k'), (0xffffffff, 'all_ones')):
        for number in (1, 4, 7):
            p = Pcap()
            for n in EVERYTHING:
                p.record(n, captured=captured if n == number else None)
            size = p.end(number) - p.offsets[number]
            case(f'pcap_captured_{name}_{number}', p.data, packets=without(number),
                 damage=[f'file_damaged:record_header:{p.offsets[number]}:{size}'])
    p = good_pcap()
    for size, name in ((1, 'one'), (37, 'some'), (5000, 'many')):
        junk = (b'\x5a\xc3\x99\x01\x7e' * size)[:size]
        at = p.offsets[5]
        case(f'pcap_garbage_{name}', p.data[:at] + junk + p.data[at:],
             damage=[f'file_damaged:record_header:{at}:{size}'])
    # It would end where record 6 begins.
    junk = struct.pack('<IIII', 0xc3a5_0f21, 0x9e37_79b9, 40 + p.offsets[6] - p.offsets[4], 0x9e3a_ffd1) + b'\xa7' * 40
    at = p.offsets[4]
    case('pcap_garbage_like_a_long_record', p.data[:at] + junk + p.data[at:],
         damage=[f'file_damaged:record_header:{at}:{len(junk)}'])
    rest = b'\xa7' * 30
    junk = struct.pack('<IIII', 0xc3a5_0f21, 0x9e37_79b9, 40 + p.offsets[7] - p.offsets[4] + len(rest),
                       0x9e3a_ffd1) + b'\xa7' * 40
    case('pcap_garbage_like_a_record_around_garbage',
         p.data[:at] + junk + p.data[at:p.offsets[7]] + rest + p.data[p.offsets[7]:],
         damage=[f'file_damaged:record_header:{at}:{len(junk)}',
                 f'file_damaged:record_header:{p.offsets[7] + len(junk)}:{len(rest)}'])
    lost = p.offsets[3] + 30
    back = p.offsets[4]
    case('pcap_bytes_lost', p.data[:lost] + p.data[back:], packets=without(3),
         damage=[f'file_damaged:record_header:{p.offsets[3]}:30'],
         note='record 3 would swallow the start of record 4')
    q = Pcap()
    for n in EVERYTHING:
        q.record(n, captured=len(PACKETS[3]) - 10 if n == 4 else None)
    case('pcap_captured_too_small', q.data, packets=[1, 2, 3, (4, len(PACKETS[3]) - 10), 5, 6, 7, 8],
         damage=[f'file_damaged:record_header:{q.end(4) - 10}:10'])
    q = Pcap()
    for n in EVERYTHING:
        q.record(n, captured=len(PACKETS[3]) + 40 if n == 4 else None)
    case('pcap_captured_too_large', q.data, packets=without(4),
         damage=[f'file_damaged:record_header:{q.offsets[4]}:{q.end(4) - q.offsets[4]}'])
    q = Pcap()
    for n in EVERYTHING:
        q.record(n, seconds=0x10000000 if n == 5 else None)
    case('pcap_one_time_wrong', q.data, oddities={'clock_backwards': 1},
         times=[t if n != 5 else 0x10000000 * NS for n, t in zip(EVERYTHING, TIMES)],
         note='a stamp in 1978; the record itself is whole')
    rest = (b'\x5a\xc3\x99\x01\x7e' * 200)
    case('pcap_garbage_to_the_end', p.data + rest,
         damage=[f'file_damaged:record_header:{len(p.data)}:1000'])


def pcap_absurd():
    """A header behind which nothing makes sense, and which makes none itself."""
    p = Pcap()
    for n in EVERYTHING:
        p.record(n, captured=0 if n == 4 else None, original=0x0c000036 if n == 4 else None)
    case('pcap_captured_0_original_absurd', p.data, packets=without(4), damage=[
        f'file_damaged:record_header:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'],
        note='neither as an empty packet, nor its bytes as others')


def pcap_lines():
    """Every line feed has a carriage return before it, as in requests and answers of HTTP: that
    alone does not tell that anything was put into the file."""
    p = Pcap()
    numbers = [4, 1, 4, 2, 4, 3, 4, 5, 4]
    at = []
    for place, n in enumerate(numbers):
        at.append(len(p.data))
        p.record(n, seconds=0x10 if place == 3 else None)
    times = [TIMES[n - 1] for n in numbers]
    wrong = [*times[:3], 0x10 * NS + times[3] % NS, *times[4:]]
    case('pcap_lines_one_time_wrong', p.data, packets=numbers, times=wrong,
         oddities={'clock_backwards': sum(b < a for a, b in zip(wrong, wrong[1:]))})
    q = Pcap()
    for n in numbers:
        q.record(n)
    for size in (2, 7, 15):
        case(f'pcap_lines_cut_{size}', q.data[:at[8] + size], packets=numbers[:8], times=times[:8],
             oddities={'clock_backwards': sum(b < a for a, b in zip(times[:8], times[1:8]))},
             damage=[f'file_truncated:none:{at[8]}:{16 - size}'],
             note='inside of a header: the record before it is whole')


def concatenated():
    p, q = good_pcap(), good_pcapng()
    parts = {'pcap': p.data, 'big': Pcap('>').all().data, 'ns': Pcap(magic=0xa1b23c4d).all().data,
             'modified': Pcap(magic=0xa1b2cd34).all().data, 'pcapng': q.data}
    for first in parts:
        for second in parts:
            same = first == second == 'pcapng'
            damage = [] if same else [f'concatenated:none:{len(parts[first])}:0']
            case(f'{first}_then_{second}', parts[first] + parts[second],
                 packets=EVERYTHING + EVERYTHING, damage=damage,
                 oddities={'clock_backwards': 1},
                 note='several sections are one file' if same else '')
    cut = p.data[:-20]
    for second in ('pcap', 'big', 'pcapng'):
        case(f'cut_pcap_then_{second}', cut + parts[second], packets=without(8) + EVERYTHING,
             damage=[f'file_damaged:record_header:{p.offsets[8]}:{len(cut) - p.offsets[8]}',
                     f'concatenated:none:{len(cut)}:0'], oddities={'clock_backwards': 1},
             note='the cut record would swallow the second file header')
    cut = q.data[:-20]
    case('cut_pcapng_then_pcapng', cut + q.data, packets=without(8) + EVERYTHING,
         damage=[f'file_damaged:block_trailer:{q.offsets[8]}:{len(cut) - q.offsets[8]}'],
         oddities={'clock_backwards': 1})
    case('pcap_then_cut_header', p.data + p.data[:24] + p.data[24:30],
         damage=[f'concatenated:none:{len(p.data)}:0',
                 f'file_truncated:none:{len(p.data) + 24}:10'])


def ng_sections():
    case('ng_little', good_pcapng().data)
    case('ng_big', good_pcapng('>').data)
    case('ng_no_packets', Pcapng().interface().data, packets=[])
    case('ng_minor_2', Pcapng(minor=2).interface().all().data)
    p = Pcapng(minor=1).interface().all()
    case('ng_minor_1', p.data, packets=[],
         damage=[f'file_damaged:section_version:0:{len(p.data)}'])
    p = Pcapng(major=7).interface().all()
    case('ng_unknown_major_then_good', p.data + good_pcapng().data,
         damage=[f'file_damaged:section_version:0:{len(p.data)}'])
    first = good_pcapng()
    case('ng_good_then_unknown_major', first.data + p.data,
         damage=[f'file_damaged:section_version:{len(first.data)}:{len(p.data)}'])
    case('ng_byte_order_changes', good_pcapng().data + good_pcapng('>').data,
         packets=EVERYTHING + EVERYTHING, oddities={'clock_backwards': 1})
    p = Pcapng(length=77).interface().all()
    case('ng_section_length_wrong', p.data, note='a hint only')
    p = Pcapng().interface(link=1, snaplen=65535).interface(link=113, snaplen=100)
    for n in EVERYTHING:
        p.epb(n, interface=n % 2)
    case('ng_two_link_types', p.data, oddities={} if max(len(PACKETS[n - 1]) for n in (1, 3, 5, 7))
         <= 100 else {'captured_exceeds_snaplen': 1}, note='packet 5 is longer than 100')
    p = Pcapng().interface(link=101).interface(link=101)
    for n in EVERYTHING:
        p.epb(n, interface=n % 2)
    case('ng_two_raw_interfaces', p.data)
    for name, last in (('alike', 1), ('other', 113)):
        p = Pcapng()
        for i in range(65540):
            p.data += struct.pack('<IIHHII', 1, 20, last if i == 65538 else 1, 0, 0, 20)
        for n in EVERYTHING:
            p.epb(n, interface={4: 65539, 5: 65536}.get(n, 65535))
        alike = last == 1
        case(f'ng_interface_limit_{name}', p.data, packets=EVERYTHING if alike else without(4),
             oddities={'interface_limit': 4}, damage=[] if alike else [
                 f'file_damaged:limit:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'],
             note='beyond the limit, interfaces like the last one are read as it is')


def exact_ns(ticks, numerator, denominator, offset=0):
    return ticks * numerator * NS // denominator + offset * NS


def ng_times():
    units = [('1s', 0, 1), ('10_3', 3, 10**3), ('10_6', 6, 10**6), ('10_9', 9, 10**9),
             ('10_10', 10, 10**10), ('10_19', 19, 10**19), ('2_10', 0x80 | 10, 2**10),
             ('2_32', 0x80 | 32, 2**32), ('2_50', 0x80 | 50, 2**50), ('2_63', 0x80 | 63, 2**63)]
    for name, code, per_second in units:
        p = Pcapng()
        p.interface(options=p.option(9, bytes([code])))
        ticks = [min(TIMES[n - 1] * per_second // NS, 2**64 - 9 + n) for n in EVERYTHING]
        if per_second == 2**50:
            ticks = [n * 2**47 for n in EVERYTHING]
        for n in EVERYTHING:
            p.epb(n, ticks=ticks[n - 1])
        case(f'ng_tsresol_{name}', p.data, times=[t * NS // per_second for t in ticks],
             note='exact, rounded down')
    for name, code in (('10_20', 20), ('2_64', 0x80 | 64), ('10_127', 127), ('2_127', 0xff)):
        p = Pcapng()
        p.interface(options=p.option(9, bytes([code]))).all()
        case(f'ng_tsresol_{name}', p.data, times='unknown', oddities={'time_out_of_range': 8})
    for name, offset in (('negative', -3600), ('positive', 3600)):
        p = Pcapng()
        p.interface(options=p.option(14, p.pack('q', offset))).all()
        case(f'ng_tsoffset_{name}', p.data, times=[t + offset * NS for t in TIMES])
    for name, offset in (('2_62', 2**62), ('minus_2_62', -2**62), ('lowest', -2**63)):
        p = Pcapng('>')
        p.interface(options=p.option(14, p.pack('q', offset))).all()
        case(f'ng_tsoffset_{name}', p.data, times='unknown', oddities={'time_out_of_range': 8})
    p = Pcapng().interface().all(ticks=2**64 - 1)
    case('ng_ticks_all_ones', p.data, times='unknown', oddities={'time_out_of_range': 8},
         note='584,554 years in microseconds do not fit')


def ng_simple():
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.block(3, p.pack('I', len(PACKETS[n - 1])) + PACKETS[n - 1])
    case('ng_simple_packets', p.data, times='unknown')
    p = Pcapng().interface(snaplen=30)
    for n in EVERYTHING:
        p.block(3, p.pack('I', len(PACKETS[n - 1])) + PACKETS[n - 1][:30])
    case('ng_simple_snaplen', p.data, packets=[(n, 30) for n in EVERYTHING], times='unknown')
    p = Pcapng().interface()
    for n in EVERYTHING:
        at = len(p.data)
        p.block(3, p.pack('I', 1400 if n == 3 else len(PACKETS[n - 1])) + PACKETS[n - 1][:52])
        if n == 3:
            offset = at
    damage = []
    at = 28 + 20
    for n in EVERYTHING:
        original = 1400 if n == 3 else len(PACKETS[n - 1])
        damage.append(f'file_damaged:captured_length:{at}:{original - 52}')
        at += 12 + 4 + 52
    case('ng_simple_shorter_than_it_says', p.data, packets=[(n, 52) for n in EVERYTHING],
         times='unknown', damage=damage)
    p = Pcapng()
    at = len(p.data)
    p.block(3, p.pack('I', len(PACKETS[0])) + PACKETS[0])
    case('ng_simple_without_interface', p.data, packets=[],
         damage=[f'file_damaged:unknown_interface:{at}:{len(p.data) - at}'])


def obsolete(p, number, drops):
    packet = PACKETS[number - 1]
    ticks = TIMES[number - 1] // 1000
    p.offsets[number] = len(p.data)
    return p.block(2, p.pack('HHIIII', 0, drops, ticks >> 32, ticks & 0xffffffff, len(packet),
                             len(packet)) + packet)


def ng_damaged():
    for captured, name in ((5000, 'beyond'), (0xfffffff0, 'absurd')):
        p = Pcapng().interface()
        for n in EVERYTHING:
            p.epb(n, captured=captured if n == 4 else None)
        case(f'ng_captured_{name}', p.data, packets=without(4), damage=[
            f'file_damaged:captured_length:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'])
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, interface=9 if n == 5 else 0)
    case('ng_unknown_interface', p.data, packets=without(5), damage=[
        f'file_damaged:unknown_interface:{p.offsets[5]}:{p.end(5) - p.offsets[5]}'])
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, trailer=4 if n == 4 else None)
    case('ng_trailer_differs', p.data, damage=[f'file_damaged:block_trailer:{p.offsets[4]}:0'],
         note='the next block proves the header right')
    for length, name in ((0, '0'), (4, '4'), (0xfffffff0, 'absurd'), (0x7ffffffc, 'huge')):
        p = Pcapng().interface()
        for n in EVERYTHING:
            p.epb(n, length=length if n == 4 else None, trailer=length if n == 4 else None)
        case(f'ng_length_{name}', p.data, packets=without(4), damage=[
            f'file_damaged:block_length:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'])
    p = Pcapng().interface()
    for n in EVERYTHING:
        size = 32 + len(PACKETS[n - 1]) + -len(PACKETS[n - 1]) % 4
        p.epb(n, length=size + 40 if n == 4 else None, trailer=size if n == 4 else None)
    case('ng_length_too_large', p.data, packets=without(4), damage=[
        f'file_damaged:block_trailer:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'])
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, length=30_000 if n == 4 else None)
    case('ng_length_beyond_the_end', p.data, packets=without(4), damage=[
        f'file_damaged:block_length:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'],
        note='32 octets would be options, 30,000 are not there')
    for kind, name in ((4, 'names'), (5, 'statistics'), (3, 'simple')):
        p = Pcapng().interface()
        for n in EVERYTHING:
            if n == 4:
                at = len(p.data)
                p.block(kind, p.pack('II', 0, 0), length=100_000)
            p.epb(n)
        case(f'ng_{name}_beyond_the_end', p.data, damage=[
            f'file_damaged:block_length:{at}:{p.offsets[4] - at}'],
            note='what it claims to be cut off holds good blocks')
    p = good_pcapng()
    inner = Pcapng().interface().all().data
    at = len(p.data)
    p.block(3, p.pack('I', len(inner)) + inner)
    case('ng_truncated_capture_within', p.data[:-6], damage=[f'file_truncated:none:{at}:6'],
         note='a packet that carries a capture: its lengths agree, its blocks are not ours')
    p = good_pcapng()
    case('ng_truncated_block', p.data[:-20], packets=without(8),
         damage=[f'file_truncated:none:{p.offsets[8]}:20'])
    case('ng_partial_block_header', p.data + p.data[28:35],
         damage=[f'file_truncated:none:{len(p.data)}:5'], note='7 of at least 12 octets')
    case('ng_cut_section_header', p.data[:20], packets=[], error='after 20 of 28 bytes')
    case('ng_zero_tail', p.data + bytes(65536), damage=[f'zero_tail:none:{len(p.data)}:65536'])
    hole = p.data[:p.offsets[4]] + bytes(p.end(4) - p.offsets[4]) + p.data[p.end(4):]
    case('ng_zero_hole', hole, packets=without(4), damage=[
        f'file_damaged:block_length:{p.offsets[4]}:{p.end(4) - p.offsets[4]}'])
    at = p.offsets[5]
    junk = (b'\x5a\xc3\x99\x01\x7e' * 20)[:97]
    case('ng_garbage', p.data[:at] + junk + p.data[at:],
         damage=[f'file_damaged:block_length:{at}:97'])
    lost = p.offsets[3] + 30
    case('ng_bytes_lost', p.data[:lost] + p.data[p.offsets[4]:], packets=without(3),
         damage=[f'file_damaged:block_trailer:{p.offsets[3]}:30'])


def ng_odd():
    # One octet of option padding left out of the length: 4 + 3 octets of option.
    p = Pcapng().interface()
    for n in EVERYTHING:
        if n == 4:
            body = p.pack('HH', 1, 3) + b'abc\0'
            packet = PACKETS[3] + b'\0' * (-len(PACKETS[3]) % 4)
            whole = 32 + len(packet) + len(body)
            p.epb(n, options=body, length=whole - 1, trailer=whole - 1)
        else:
            p.epb(n)
    case('ng_length_without_padding', p.data, oddities={'odd_block_length': 1},
         note='padded, but not counted')
    p = Pcapng().interface()
    for n in EVERYTHING:
        body = p.pack('HH', 1, 3) + b'abc'
        p.epb(n, options=body if n == 4 else b'', pad=False)
    case('ng_length_not_padded', p.data, oddities={'odd_block_length': 1}, note='counted as it is')
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, options=p.option(1, b'no end of options here'))
    case('ng_no_end_of_options', p.data)
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, options=p.option(2, p.pack('I', 1)) + p.pack('HH', 1, 4000) + b'abcd')
    case('ng_option_beyond_block', p.data, oddities={'bad_option_length': 8})
    p = Pcapng(options=struct.pack('<HH', 4, 12336) + b'abcd').interface().all()
    case('ng_section_option_beyond_block', p.data, note='options of a section are not of interest')
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.block(0x0000feed, b'whatever').block(0x80001234, b'local')
        p.epb(n)
    case('ng_unknown_blocks', p.data, oddities={'unknown_block': 16})
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.block(0xbad, p.pack('I', 32473) + b'custom').block(0x40000bad, p.pack('I', 32473))
        p.block(4, p.pack('HH', 0, 0)).block(10, p.pack('II', 0x544c534b, 4) + b'keys')
        p.block(9, b'__REALTIME_TIMESTAMP=1\n').epb(n)
    case('ng_registered_blocks', p.data)
    p = Pcapng().interface()
    p.block(10, p.pack('II', 0x544c534b, 3_000_000) + b'k' * 3_000_000).all()
    case('ng_long_secrets', p.data, note='longer than what is held of blocks without packets')
    p = Pcapng().interface()
    for n in EVERYTHING:
        obsolete(p, n, 0xffff if n == 2 else n)
    case('ng_obsolete_packets', p.data, drops='0,0,34', note='1+3+4+...+8; 0xffff is unknown')
    p = Pcapng().interface()
    for n in EVERYTHING:
        p.epb(n, options=p.option(4, p.pack('Q', 3)))
        p.block(5, p.pack('III', 0, 0, 0) + p.option(5, p.pack('Q', n)) +
                p.option(7, p.pack('Q', 10 * n)))
    case('ng_drop_counts', p.data, drops='8,80,24', note='statistics count from the start')
    p = Pcapng()
    p.interface(options=p.option(13, bytes([32]))).all()
    case('ng_fcs_in_bits', p.data)
    p = Pcapng()
    p.interface(options=p.option(13, bytes([7]))).all()
    case('ng_fcs_unplausible', p.data, oddities={'fcs_length_unplausible': 1})
    p = Pcapng().interface().all(original=50)
    case('ng_captured_exceeds_original', p.data, oddities={'captured_exceeds_original': 8})
    p = Pcapng().block(1, b'').interface()
    for n in EVERYTHING:
        p.epb(n, interface=1)
    case('ng_interface_too_short', p.data, damage=['file_damaged:block_length:28:12'],
         note='it keeps its number')


def snoop():
    p = Snoop().all()
    size = 24 + len(PACKETS[4]) + -len(PACKETS[4]) % 4
    case('snoop', p.data, note='well-formed')
    case('snoop_drops', Snoop().all(drops=7).data, drops='7,0,0', note='counted from the start')
    case('snoop_truncated', p.data[:p.offsets[8] + 30], packets=without(8),
         damage=[f'file_truncated:none:{p.offsets[8]}:{len(PACKETS[7]) - 6}'])
    case('snoop_padding_missing', p.data[:p.offsets[8] + 24 + len(PACKETS[7])],
         note='of the last record')
    case('snoop_hole', p.data[:p.offsets[5] + 50] + p.data[p.offsets[5] + 90:],
         packets=without(5), damage=[f'file_damaged:record_header:{p.offsets[5]}:{size - 40}'])
    case('snoop_zero_tail', p.data + bytes(4096), damage=[f'zero_tail:none:{len(p.data)}:4096'])
    case('snoop_no_packets', Snoop().data, packets=[])
    case('snoop_only_zeros', Snoop().data + bytes(64), packets=[], damage=['zero_tail:none:16:64'])
    for field, change in (('captured', {'captured': 2**32 - 8}), ('length', {'length': 20})):
        bad = Snoop()
        for n in EVERYTHING:
            bad.record(n, **(change if n == 5 else {}))
        case(f'snoop_bad_{field}', bad.data, packets=without(5),
             damage=[f'file_damaged:record_header:{p.offsets[5]}:{size}'])
    case('snoop_behind_pcap', good_pcap().data + p.data, packets=EVERYTHING + EVERYTHING,
         damage=[f'concatenated:none:{len(good_pcap().data)}:0'],
         oddities={'clock_backwards': 1})
    case('snoop_cut_header', p.data[:12], packets=[], error='after 12 of 16 bytes')
    case('snoop_version_1', Snoop(version=1).all().data, packets=[], error='version 1')
    case('snoop_link_type', Snoop(link=3).all().data, packets=[], error='data link type 3')


def not_captures():
    case('empty', b'', packets=[], error='empty file')
    case('three_bytes', b'abc', packets=[], error='looks like text')
    case('erf', struct.pack('<II', 0, START) + struct.pack('>BBHHH', 2, 4, 80, 0, 60) + bytes(64),
         packets=[], error='ERF')
    case('text', b'12:00:00.000000 IP 192.168.7.1.40123 > 192.168.7.2.8080: Flags [S]\n',
         packets=[], error='looks like text')
    case('noise', bytes(range(128, 255)), packets=[], error='begins with 80 81 82 83')
    case('zip', b'PK\3\4' + bytes(60), packets=[], error='zip')
    case('zeros', bytes(4096), packets=[], error='not a pcap')
    data = good_pcapng().data
    case('ng_text_mode_crlf', data.replace(b'\n', b'\r\n'), packets=[], error='text mode',
         damage=['text_mode_transfer:file_header:0:0'])
    case('ng_text_mode_lf', data.replace(b'\r\n', b'\n'), packets=[], error='text mode',
         damage=['text_mode_transfer:file_header:0:0'])
    case('ng_text_mode_no_cr', data.replace(b'\r', b''), packets=[],
         error='not a pcap', note='two line feeds are left: too little to be sure')
    case('ng_text_mode_cr', data.replace(b'\n', b'\r'), packets=[], error='text mode',
         damage=['text_mode_transfer:file_header:0:0'])
    for order, name in (('<', 'little'), ('>', 'big')):
        text = Pcap(order).all().data.decode('latin-1').encode('utf-8')
        case(f'pcap_text_mode_utf8_{name}', text, packets=[], error='text mode',
             damage=['text_mode_transfer:file_header:0:0'])
        text = Pcap(order).all().data.decode('utf-8', 'replace').encode('utf-8')
        case(f'pcap_text_mode_replaced_{name}', text, packets=[], error='text mode',
             damage=['text_mode_transfer:file_header:0:0'])
    text_mode_lines()


def text_mode_lines():
    """A converter that leaves CR LF as they are: only packets with a lone LF change."""
    p = Pcap()
    numbers = [4, 1, 4, 2, 4, 3, 4, 5, 4, 6, 4, 7, 4, 8, 4]
    at = []
    for n in numbers:
        at.append(len(p.data))
        p.record(n)
    changed = at[5]  # packet 3 gets an LF in the middle of it, which becomes CR LF
    data = p.data[:changed + 40] + b'\r\n' + p.data[changed + 41:]
    assert b'\n' not in data.replace(b'\r\n', b'')
    kept = numbers[:5] + numbers[6:]
    times = [TIMES[n - 1] for n in kept]
    backwards = sum(b < a for a, b in zip(times, times[1:]))
    case('pcap_text_mode_lines', data, packets=kept, oddities={'clock_backwards': backwards},
         damage=['text_mode_transfer:none:0:0',
                 f'file_damaged:record_header:{changed}:{at[6] + 1 - changed}'],
         note='the record that no longer fits its length is not delivered')


def squeeze(data):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode='wb', mtime=0, filename='') as f:
        f.write(data)
    return out.getvalue()


def stored(data):
    """gzip that stores: the content's place in the compressed file is known."""
    body = struct.pack('<BHH', 1, len(data), len(data) ^ 0xffff) + data
    return (b'\x1f\x8b\x08\0\0\0\0\0\0\x03' + body +
            struct.pack('<II', zlib.crc32(data), len(data)))


def compressed():
    p = good_pcap()
    case('gz', squeeze(p.data))
    case('gz_pcapng', squeeze(good_pcapng().data))
    half = p.offsets[5] + 7
    case('gz_members', squeeze(p.data[:half]) + squeeze(p.data[half:]))
    case('gz_members_empty', squeeze(b'') + squeeze(p.data) + squeeze(b''))
    case('gz_garbage', squeeze(p.data) + b'garbage!',
         damage=[f'file_damaged:trailing_garbage:{len(p.data)}:8'])
    case('gz_garbage_one', squeeze(p.data) + b'\x1f',
         damage=[f'file_damaged:trailing_garbage:{len(p.data)}:1'])
    whole = stored(p.data)
    cut = 15 + p.offsets[8] + 20
    case('gz_truncated', whole[:cut], packets=without(8),
         damage=[f'file_truncated:compression:{p.offsets[8]}:{len(p.data) - p.offsets[8] - 20}'])
    case('gz_truncated_between_records', whole[:15 + p.offsets[8]], packets=without(8),
         damage=[f'file_truncated:compression:{p.offsets[8]}:0'])
    case('gz_trailer_missing', whole[:-8],
         damage=[f'file_truncated:compression:{len(p.data)}:0'], note='all content is there')
    bad = whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:]
    case('gz_checksum_wrong', bad, damage=[f'file_truncated:compression:{len(p.data)}:0'])
    second = bytearray(stored(p.data[half:]))
    second[11] ^= 0xff
    case('gz_second_member_broken', stored(p.data[:half]) + bytes(second), packets=[1, 2, 3, 4],
         damage=[f'file_truncated:compression:{p.offsets[5]}:9'],
         note='7 of 16 octets of the header are there')
    case('gz_cut_header', squeeze(p.data)[:5], packets=[], error='end before anything')
    case('gz_in_gz', squeeze(squeeze(p.data)), packets=[], error='only one layer')
    case('gz_zero_tail', squeeze(p.data + bytes(100_000)),
         damage=[f'zero_tail:none:{len(p.data)}:100000'])


def build():
    for builder in (pcap_variants, pcap_cut, pcap_damaged, pcap_absurd, pcap_lines,
                    concatenated, ng_sections, ng_times,
                    ng_simple, ng_damaged, ng_odd, snoop, not_captures, compressed):
        builder()
    return CASES


def spell(packets):
    if packets == EVERYTHING:
        return '1-8'
    return ','.join(str(p) if isinstance(p, int) else '%d[:%d]' % p for p in packets) or '-'


def row(c):
    times = c['times'] if isinstance(c['times'], str) else ','.join(map(str, c['times']))
    return [c['case'], spell(c['packets']), times, ';'.join(c['damage']) or '-',
            ';'.join('%s=%d' % o for o in sorted(c['oddities'].items())) or '-', c['error'] or '-',
            c['drops'], c['note'] or '-']


COLUMNS = ['case', 'packets', 'times', 'damage', 'oddities', 'error', 'drops', 'note']


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = build()
    if sys.argv[1] == '--table':
        for line in [COLUMNS] + [row(c) for c in cases]:
            print('\t'.join(line))
        return
    os.makedirs(sys.argv[1], exist_ok=True)
    for c in cases:
        with open(os.path.join(sys.argv[1], c['case']), 'wb') as f:
            f.write(c['data'])


if __name__ == '__main__':
    main()
