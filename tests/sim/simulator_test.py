"""The simulator itself: it repeats, one connection alone is the one it was among many, and no pair
of states is impossible.

    simulator_test.py SIMULATE
"""

import csv
import pathlib
import subprocess
import sys
import tempfile

WORST = ["--loss", "0.05", "--capture-loss", "0.02", "--reorder", "--duplicate"]
CONNECTIONS = 2000
SEED = 77

# A FIN that was acknowledged was received, and who received it is in one of these (or has died,
# given up or been reset since: CLOSED; an old duplicate of the SYN may have found a listener after
# that). RFC 9293 3.3.2.
NO_MORE = {"CLOSED", "SYN_RECEIVED"}
FIN_ACKED = {"FIN_WAIT_2", "TIME_WAIT"}
FIN_RECEIVED = {"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"} | NO_MORE
# Who received a FIN has a peer that sent one.
GOT_FIN = {"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"}
SENT_FIN = {"FIN_WAIT_1", "FIN_WAIT_2", "CLOSING", "LAST_ACK", "TIME_WAIT"} | NO_MORE


def simulate(folder, *options):
    pcap, truth = pathlib.Path(folder) / "a.pcap", pathlib.Path(folder) / "a.tsv"
    subprocess.run([sys.argv[1], "--seed", str(SEED), *options, pcap, truth], check=True)
    return pcap.read_bytes(), truth.read_text()


def packets(pcap):
    """Every packet with its time, but for the last, which belongs to no connection."""
    found, at = [], 24
    while at < len(pcap):
        stored = int.from_bytes(pcap[at + 8:at + 12], sys.byteorder)
        found.append(pcap[at:at + 16 + stored])
        at += 16 + stored
    assert at == len(pcap)
    return found[:-1]


def check_pair(row):
    states = row["client_state"], row["server_state"]
    for one, other in (states, states[::-1]):
        assert one not in FIN_ACKED or other in FIN_RECEIVED, row
        assert one not in GOT_FIN or other in SENT_FIN, row


def main():
    with tempfile.TemporaryDirectory() as folder:
        many = ["--connections", str(CONNECTIONS), *WORST]
        pcap, truth = simulate(folder, *many)
        assert (pcap, truth) == simulate(folder, *many), "a second run differs"
        rows = list(csv.DictReader(truth.splitlines(), delimiter="\t"))
        assert len(rows) == CONNECTIONS
        for row in rows:
            check_pair(row)
        seen = {state for row in rows for state in (row["client_state"], row["server_state"])}
        assert len(seen) == 11, f"only {sorted(seen)}"
        whole = packets(pcap)
        times = [packet[:8] for packet in whole]
        assert len(whole) == sum(int(row["segments"]) for row in rows)
        assert times == sorted(times, key=lambda time: (
            int.from_bytes(time[:4], sys.byteorder), int.from_bytes(time[4:], sys.byteorder)))
        among = set(whole)
        for row in rows[::100]:
            alone, line = simulate(folder, "--only", row["connection"], *WORST)
            assert list(csv.DictReader(line.splitlines(), delimiter="\t")) == [row]
            assert among.issuperset(packets(alone)), row
    print(f"{CONNECTIONS} connections, every state among them")


main()
