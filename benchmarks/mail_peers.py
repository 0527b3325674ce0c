"""SpamAssassin and Rspamd on the same messages, without network; skipped where they are not installed.

SpamAssassin runs as spamd with local tests only. Rspamd's name server is a port of the loopback where nobody answers, its
modules that ask others are switched off, and symbols that only say that a name cannot be resolved are left out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPConnection
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
        for _ in range(1_200):
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


#: Modules of Rspamd that ask others, or keep what they saw.
_ASKING = (
    "rbl surbl asn fuzzy_check dkim spf dmarc arc url_redirector reputation ratelimit greylist replies history_redis neural "
    "p0f antivirus external_services clickhouse elastic metadata_exporter dcc spamassassin milter_headers mx_check"
)

#: Symbols that fire because no name server answers, not because of the message.
_OFFLINE = re.compile(r"NORES_A_OR_MX|HOSTNAME_UNKNOWN|HOSTNAME_NOPTR|RDNS_NONE|DNSFAIL|NORESOLVE")


def rspamd_command(scratch: Path, port: int) -> list[str]:
    """Rspamd with its own rules, listening on ``port`` of loopback; name servers that nobody is, asking modules switched off."""
    etc, run = scratch / "etc", scratch / "run"
    shutil.copytree("/etc/rspamd", etc, dirs_exist_ok=True)
    for folder in (etc / "local.d", etc / "override.d", run):
        folder.mkdir(exist_ok=True)
    override = etc / "override.d"
    workers = os.cpu_count() or 2
    (override / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}"; count = {workers}; enabled = true;\n')
    for other in ("controller", "proxy", "fuzzy"):
        (override / f"worker-{other}.inc").write_text("enabled = false; count = 0;\n")
    (override / "options.inc").write_text('dns { nameserver = ["127.0.0.1:9"]; timeout = 0.01s; retransmits = 0; }\n')
    (override / "logging.inc").write_text(f'type = "file"; filename = "{run}/log"; level = "error";\n')
    for module in _ASKING.split():
        (override / f"{module}.conf").write_text("enabled = false;\n")
    user = ["-u", "_rspamd", "-g", "_rspamd"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(run, "_rspamd")
    scratch.chmod(0o755)
    run.chmod(0o777)
    places = (("CONFDIR", etc), ("LOCAL_CONFDIR", etc), ("DBDIR", run), ("RUNDIR", run))
    return ["rspamd", "-f", "-c", str(etc / "rspamd.conf"), *(f"--var={name}={value}" for name, value in places), *user]


def _rspamd(messages: list[bytes]) -> Iterator[float]:
    """Scores, without the symbols that only tell that no name server answers."""
    symbols: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        with _running(rspamd_command(Path(place), 7831), 7831):
            for message in messages:
                link = HTTPConnection("127.0.0.1", 7831, timeout=300)
                link.request("POST", "/checkv2", message)
                answer = json.loads(link.getresponse().read() or b"{}")
                link.close()
                taken = {name: float(found.get("score", 0.0)) for name, found in answer.get("symbols", {}).items()}
                offline = {name: score for name, score in taken.items() if _OFFLINE.search(name) and score > 0}
                symbols.update(offline)
                yield float(answer.get("score", 0.0)) - sum(offline.values())
    if symbols:
        print("left out of Rspamd's scores:", ", ".join(f"{name} ({count})" for name, count in symbols.most_common()))
