"""A mailbox, end to end, beside spamd and Rspamd on the same messages where they are installed; and one that is very large.

    python benchmarks/mail_round.py [--messages 10000] [--gigabytes 0] [--only NAME] [--markdown FILE]

The mailbox (mbox) is made of the messages of the corpora in a fixed random order, repeated until there are enough; it is
examined with ``wardround examine``: read, judged, made into tables, detections decided, report written. spamd (``-L``) and
Rspamd (name servers nobody answers, modules that ask others switched off) get the same messages one by one over loopback,
from eight connections at a time. With ``--gigabytes N`` a mailbox of that size is examined too, for its peak memory.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from corpora import corpora
from mail_mutations import messages
from mail_peers import rspamd_command
from measuring import measure

_CONNECTIONS = 8
_LINE = b"From someone@example.org Mon Mar  2 08:00:00 2026\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, messages, seconds of the clock, peak resident memory in MiB."""

    name: str
    count: int
    seconds: float
    peak_mib: float


def contents() -> list[bytes]:
    """The messages of the corpora in a fixed random order."""
    found = [path.read_bytes() for path in messages(corpora()) if path.suffix not in (".xml", ".tsv")]
    random.Random(6).shuffle(found)
    return found


def entry(data: bytes) -> bytes:
    """A message as it stands in an mbox (mboxrd)."""
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    quoted = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines]
    return _LINE + b"\n".join(quoted).lstrip(b"\n") + b"\n\n"


def write_mailbox(path: Path, found: list[bytes], enough: Callable[[int, int], bool]) -> int:
    """Write messages again and again until there are enough (by count and bytes); gives how many there are."""
    entries = [entry(data) for data in found]
    count = size = 0
    with path.open("wb") as out:
        while True:
            for data in entries:
                out.write(data)
                count, size = count + 1, size + len(data)
                if enough(count, size):
                    return count


def examined(name: str, mailbox: Path, count: int, out: Path) -> Line:
    """Wardround over a mailbox."""
    run = measure(name, [sys.executable, "-m", "wardround", "examine", "-q", str(mailbox), "--out", str(out)])
    return Line(name, count, run.seconds, run.peak_mib)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _daemon(command: list[str], port: int) -> Iterator[psutil.Process]:
    """A program that listens on a port of loopback, stopped in the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(6_000):  # Rspamd compiles its patterns first
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise RuntimeError(f"{command[0]} ended with {process.returncode}") from None
                time.sleep(0.1)
        else:
            raise RuntimeError(f"{command[0]} does not listen")
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def asked(name: str, process: psutil.Process, ask: Callable[[bytes], None], found: list[bytes], count: int) -> Line:
    """Give ``count`` messages to a daemon from several connections; a few before that to warm it up."""
    peak, done = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            try:
                peak = max(peak, sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) / 2**20)
            except psutil.Error:
                continue

    for data in found[:20]:
        ask(data)
    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(ask, (found[n % len(found)] for n in range(count))):
            pass
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    return Line(name, count, seconds, peak)


def spamd(found: list[bytes], count: int, scratch: Path) -> Line:
    """SpamAssassin's daemon without network tests."""
    port = _free_port()

    def ask(data: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), 300) as connection:
            connection.sendall(b"CHECK SPAMC/1.2\r\nContent-length: %d\r\n\r\n" % len(data) + data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(4096):
                answer += piece
        if b"EX_OK" not in answer:
            raise RuntimeError(f"spamd: {answer[:100]!r}")

    workers = str(os.cpu_count() or 2)
    command = [
        str(shutil.which("spamd") or "/usr/sbin/spamd"), "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-m", workers,
        f"--min-children={workers}", "-H", str(scratch), "--syslog=null",
    ]  # fmt: skip
    with _daemon(command, port) as process:
        return asked("spamd -L", process, ask, found, count)


def rspamd(found: list[bytes], count: int, scratch: Path) -> Line:
    """Rspamd's scanning workers, without network."""
    port = _free_port()

    def ask(data: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        connection.request("POST", "/checkv2", data)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"rspamd: {answer.status}")

    with _daemon(rspamd_command(scratch, port), port) as process:
        return asked("Rspamd", process, ask, found, count)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--spamd-messages", type=int, default=500, help="spamd is slow: it gets fewer")
    parser.add_argument("--gigabytes", type=float, default=0.0)
    parser.add_argument("--only", choices=("wardround", "spamd", "rspamd"))
    parser.add_argument("--markdown", type=Path)
    given = parser.parse_args()
    found = contents()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        if given.only in (None, "wardround"):
            one, box = root / "one.mbox", root / "mailbox.mbox"
            write_mailbox(one, found, lambda count, size: True)
            count = write_mailbox(box, found, lambda count, size: count >= given.messages)
            examined("start to end of one message", one, 1, root / "warm")
            lines.append(examined("start to end of one message", one, 1, root / "warm"))
            lines.append(examined(f"wardround examine, {box.stat().st_size >> 20} MiB", box, count, root / "round"))
            if given.gigabytes:
                wanted = given.gigabytes * 1e9
                count = write_mailbox(box, found, lambda count, size: size >= wanted)
                lines.append(examined(f"wardround examine, {given.gigabytes:g} GB", box, count, root / "round"))
            box.unlink()
        if given.only in (None, "spamd") and Path("/usr/sbin/spamd").exists():
            lines.append(spamd(found, given.spamd_messages, root / "spamd"))
        if given.only in (None, "rspamd") and shutil.which("rspamd"):
            scratch = root / "rspamd"
            scratch.mkdir()
            root.chmod(0o755)
            lines.append(rspamd(found, given.messages, scratch))
    text = [
        f"{len(found):,} different messages; {os.cpu_count()} cores.",
        "",
        "| what | messages | seconds | messages/s | peak MiB |",
        "|---|--:|--:|--:|--:|",
        *(f"| {r.name} | {r.count:,} | {r.seconds:.1f} | {r.count / r.seconds:,.0f} | {r.peak_mib:,.0f} |" for r in lines),
    ]
    print("\n".join(text))
    if given.markdown:
        given.markdown.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
