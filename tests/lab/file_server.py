"""A real file server (Samba) and a real client of it, in a network namespace that has a loopback interface only, captured.

Needs root, ``unshare``, ``ip``, ``tcpdump``, ``smbd``, ``smbpasswd`` and ``smbclient``. The workloads do to the files of a
share what ransomware, a backup and the intake of an image archive do; the encryption is random bytes of this module's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

NEEDED = ("unshare", "ip", "tcpdump", "smbd", "smbpasswd", "smbclient")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_PASSWORD = "only-in-the-namespace"
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Dialect:
    """What server and client agree upon."""

    name: str
    settings: tuple[str, ...]
    protection: str = "off"


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("SMB2_10", ("server min protocol = SMB2_10", "server max protocol = SMB2_10")),
        Dialect("SMB3_00", ("server max protocol = SMB3_00", "server signing = mandatory"), "sign"),
        Dialect("SMB3_11", ("server max protocol = SMB3_11", "server smb encrypt = required"), "encrypt"),
    )
}


def missing() -> str:
    """Why there can be no file server here; empty where there can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root may make network namespaces"
    absent = [tool for tool in NEEDED if shutil.which(tool, path=_PATH) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    allowed = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0
    return "" if allowed else "network namespaces are not allowed here"


def _document(number: int, chance: Random) -> tuple[str, bytes]:
    """A file of a share: images for the most part, and letters, tables and notes."""
    body = chance.randbytes(6_000) if number % 3 else bytes(range(256)) * 24
    if number % 4 == 0:
        return f"letter{number:03d}.pdf", b"%PDF-1.7\n" + body
    if number % 4 == 1:
        return f"table{number:03d}.xlsx", b"PK\x03\x04" + body
    if number % 8 == 2:
        return f"note{number:03d}.txt", b"Findings as dictated, to be signed.\r\n" * 150
    return f"IM{number:03d}.dcm", bytes(128) + b"DICM" + b"\x02\0\0\0UL\x04\0\xb0\0\0\0" + body


def _encrypt(number: int, name: str, work: Path) -> str:
    (work / f"new{number}").write_bytes(Random(f"key {number}").randbytes(6_000))
    return f"get {name} {work}/old{number}\n"


def renaming(files: list[str], work: Path) -> str:
    """Each file read, overwritten with what looks encrypted, and given one more ending."""
    parts = (
        _encrypt(i, name, work) + f"put {work}/new{i} {name}\nrename {name} {name}.kraz9\n" for i, name in enumerate(files)
    )
    return "".join(parts)


def overwriting(files: list[str], work: Path) -> str:
    """Each file read and overwritten; the names stay."""
    return "".join(_encrypt(i, name, work) + f"put {work}/new{i} {name}\n" for i, name in enumerate(files))


def copying(files: list[str], work: Path) -> str:
    """Each file read, written anew under a longer name, and deleted."""
    return "".join(_encrypt(i, name, work) + f"put {work}/new{i} {name}.kraz9\ndel {name}\n" for i, name in enumerate(files))


def backing_up(files: list[str], work: Path) -> str:
    """Each file read; then an encrypted repository filled with chunks, a copy of each beside it, last week's set renamed."""
    lines = ["mkdir backup", "mkdir repository"]
    for i, name in enumerate(files):
        (work / f"chunk{i}").write_bytes(Random(f"chunk {i}").randbytes(9_000))
        lines += [f"get {name} {work}/{name}", f"put {work}/chunk{i} repository\\{i * 7919 % 65_521:05x}c0ffee"]
        lines += [f"put {work}/{name} backup\\{name}", f"rename backup\\{name} backup\\{name}.bak"]
    return "\n".join(lines) + "\n"


def taking_in(files: list[str], work: Path) -> str:
    """Images of a modality written under a temporary name, renamed when they are whole, and sorted into a folder."""
    lines = ["mkdir studies"]
    for i, _ in enumerate(files):
        content = bytes(128) + b"DICM" + Random(f"image {i}").randbytes(6_000)
        (work / f"image{i}").write_bytes(content)
        lines += [f"put {work}/image{i} in{i}.tmp", f"rename in{i}.tmp in{i}.dcm", f"rename in{i}.dcm studies\\in{i}.dcm"]
    return "\n".join(lines) + "\n"


Workload = Callable[[list[str], Path], str]
ATTACKS: dict[str, Workload] = {"renaming": renaming, "overwriting": overwriting, "copying": copying}
HARMLESS: dict[str, Workload] = {"backing_up": backing_up, "taking_in": taking_in}
WORKLOADS = ATTACKS | HARMLESS


def record(folder: Path, dialect: str, workload: str, count: int = 120) -> Path:
    """Run a workload on ``count`` files over a dialect; gives the capture. ``folder`` is empty and takes everything."""
    command = [sys.executable, __file__, str(folder), dialect, workload, str(count)]
    done = subprocess.run(["unshare", "--net", *command], capture_output=True, text=True, timeout=2 * _SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"{dialect} {workload}: {done.stderr[-600:]}")
    return folder / "capture.pcap"


def _settings(folder: Path, dialect: Dialect) -> Path:
    share = folder / "share"
    share.mkdir()
    places = {"private dir": "private", "lock directory": "lock", "state directory": "state", "cache directory": "cache"}
    places |= {"pid directory": "pid", "ncalrpc dir": "rpc"}
    lines = ["[global]", "workgroup = CHU", "server role = standalone server", "smb ports = 445", "disable netbios = yes"]
    lines += [
        "load printers = no",
        "printing = bsd",
        "printcap name = /dev/null",
        "interfaces = lo",
        "bind interfaces only = yes",
    ]
    for key, name in places.items():
        (folder / name).mkdir()
        lines.append(f"{key} = {folder / name}")
    lines += [f"passdb backend = tdbsam:{folder}/private/passdb.tdb", f"log file = {folder}/log", *dialect.settings]
    lines += ["[images]", f"path = {share}", "read only = no", "strict sync = no"]
    path = folder / "smb.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def _inside(folder: Path, dialect: Dialect, workload: str, count: int) -> None:
    environment = {**os.environ, "PATH": _PATH}
    settings = _settings(folder, dialect)
    chance, files = Random(workload), []
    for number in range(count):
        name, content = _document(number, chance)
        (folder / "share" / name).write_bytes(content)
        files.append(name)
    work = folder / "work"
    work.mkdir()
    script = WORKLOADS[workload](files, work)

    def run(command: list[str], told: str = "") -> None:
        subprocess.run(command, input=told, text=True, env=environment, check=True, timeout=_SECONDS, stdout=subprocess.DEVNULL)

    run(["ip", "link", "set", "lo", "up"])
    account = ["smbpasswd", "-c", str(settings), "-L", "-a", "-s", "root"]
    run(account, f"{_PASSWORD}\n{_PASSWORD}\n")
    client = ["smbclient", "//127.0.0.1/images", "-s", str(settings), "-U", f"root%{_PASSWORD}", "-m", dialect.name]
    client += [f"--client-protection={dialect.protection}"]
    # smbd ends all of its process group when it ends, so it gets one of its own.
    started = ["smbd", "--foreground", "--no-process-group", "-s", str(settings)]
    server = subprocess.Popen(started, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(50):
            if subprocess.run([*client, "-c", "ls"], env=environment, capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.2)
        else:
            raise RuntimeError("smbd does not answer: " + (folder / "log").read_text()[-500:])
        capture = ["tcpdump", "-i", "lo", "-s", "0", "-U", "-Z", "root", "-w", str(folder / "capture.pcap"), "tcp port 445"]
        sniffer = subprocess.Popen(capture, env=environment, stderr=subprocess.DEVNULL)
        time.sleep(1)
        try:
            run(client, script)
            time.sleep(1)
        finally:
            sniffer.terminate()
            sniffer.wait(10)
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    _inside(Path(sys.argv[1]), DIALECTS[sys.argv[2]], sys.argv[3], int(sys.argv[4]))
