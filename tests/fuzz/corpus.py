"""The stored inputs of a target: an archive of what fuzzing found, and cases with names."""

import io
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TARGETS = ("pcap", "pcapng", "compressed", "frame", "tcp_options", "segments", "whole", "faults",
           "command_line")


def archive(target):
    return HERE / "corpus" / f"{target}.tar.xz"


def unpack(target, folder):
    """Writes the stored inputs into a folder; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    if archive(target).exists():
        with tarfile.open(archive(target)) as tar:
            for member in tar:
                if member.isfile() and "/" not in member.name:
                    (folder / member.name).write_bytes(tar.extractfile(member).read())
                    count += 1
    for case in sorted((HERE / "cases" / target).glob("*")):
        (folder / f"case_{case.name}").write_bytes(case.read_bytes())
        count += 1
    return count


def pack(target, inputs):
    """Stores the inputs. The same inputs give the same archive."""
    archive(target).parent.mkdir(exist_ok=True)
    with tarfile.open(archive(target), "w:xz", format=tarfile.USTAR_FORMAT, preset=9) as tar:
        for name, data in sorted(inputs.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
