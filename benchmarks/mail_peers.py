"""SpamAssassin and Rspamd on the same messages, without network; skipped where they are not installed.

SpamAssassin runs as spamd with local tests only. Rspamd needs a configuration that asks no name server; its name server is a
port of the loopback where nobody answers.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


def scores(messages: list[bytes]) -> Iterator[tuple[str, list[float], float]]:
    """Name, score of every message, and the threshold that the filter itself uses."""
    if shutil.which("spamd"):
        yield "SpamAssassin -L", list(_spamd(messages)), 5.0
    if shutil.which("rspamd"):
        yield "Rspamd, no network", list(_rspamd(messages)), 6.0


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _spamd(messages: list[bytes]) -> Iterator[float]:
    with _running(["spamd", "-L", "-m", "2", "-p", "7830", "-i", "127.0.0.1", "-A", "127.0.0.1", "--syslog=null"], 7830):
        for message in messages:
            with socket.create_connection(("127.0.0.1", 7830), 120) as link:
                link.sendall(b"CHECK SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(message) + message)
                link.shutdown(socket.SHUT_WR)
                answer = b"".join(iter(lambda: link.recv(65_536), b""))
            found = re.search(rb"Spam: \w+ ; (-?[\d.]+) /", answer)
            yield float(found.group(1)) if found else 0.0


def _rspamd(messages: list[bytes]) -> Iterator[float]:
    """Scores of a daemon whose name server answers nothing."""
    import json
    from http.client import HTTPConnection

    with tempfile.TemporaryDirectory() as place:
        overlay = Path(place) / "rspamd.conf"
        main = Path("/etc/rspamd/rspamd.conf").read_text(encoding="utf-8")
        dns = 'options { dns { nameserver = ["127.0.0.1:9"]; timeout = 0.05s; retransmits = 1; } }\n'
        overlay.write_text(main + dns, encoding="utf-8")
        with _running(["rspamd", "-f", "-i", "-c", str(overlay)], 11333):
            for message in messages:
                link = HTTPConnection("127.0.0.1", 11333, timeout=120)
                link.request("POST", "/checkv2", message)
                answer = json.loads(link.getresponse().read() or b"{}")
                yield float(answer.get("score", 0.0))
