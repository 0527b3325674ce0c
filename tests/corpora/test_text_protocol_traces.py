"""Real captures of HTTP, SMTP, FTP, SSH and RFB against the logs that Zeek makes of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wardround.wire.engine import Engine

pytestmark = pytest.mark.corpus

CONNECTION = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")

#: Log, trace, the test of Zeek's that expects the log, and the columns compared.
CASES = [
    (
        "http",
        "http/methods.pcap",
        "scripts.base.protocols.http.http-methods",
        "method host uri version response_body_len status_code",
    ),
    (
        "http",
        "http/missing-zlib-header.pcap",
        "scripts.base.protocols.http.missing-zlib-header",
        "uri response_body_len status_msg",
    ),
    (
        "http",
        "http/multipart.pcap",
        "scripts.base.protocols.http.multipart-extract",
        "method uri request_body_len response_body_len",
    ),
    ("http", "http/websocket.pcap", "scripts.base.protocols.http.101-switching-protocols", "status_code info_code origin"),
    ("smtp", "smtp.pcap", "scripts.base.protocols.smtp.basic", "helo mailfrom from msg_id subject last_reply tls user_agent"),
    ("smtp", "http/connect-with-smtp.pcap", "scripts.base.protocols.http.http-connect", "mailfrom subject last_reply"),
    ("smtp", "tls/smtp-starttls.pcap", "scripts.base.protocols.smtp.starttls", "helo last_reply tls"),
    (
        "ftp",
        "ftp/ipv6.pcap",
        "scripts.base.protocols.ftp.ftp-ipv6",
        "user command arg file_size reply_code reply_msg data_channel.resp_p",
    ),
    ("ftp", "ftp/cwd-navigation.pcap", "scripts.base.protocols.ftp.cwd-navigation", "command arg file_size reply_code"),
    (
        "ssh",
        "ssh/ssh.pcap",
        "scripts.base.protocols.ssh.basic",
        "version auth_success auth_attempts client cipher_alg kex_alg host_key_alg",
    ),
    (
        "rfb",
        "rfb/vnc-mac-to-linux.pcap",
        "scripts.base.protocols.rfb.vnc-mac-to-linux",
        "authentication_method auth share_flag width",
    ),
]


class _Kept:
    """A sink that keeps the rows of one table."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.rows: list[dict[str, Any]] = []
        self.defects: list[str] = []

    def write(self, table: str, rows: pa.Table) -> None:
        """Keep rows of the table."""
        if table == self.table:
            self.rows += rows.to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        """Keep defects of parsers."""
        if code == "parser_defect":
            self.defects.append(message)


def _text(value: Any) -> str:
    """A cell as Zeek prints it."""
    if isinstance(value, bool):
        return "T" if value else "F"
    return "-" if value in (None, "") else str(value)


def _expected(path: Path) -> Iterator[dict[str, str]]:
    names: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            yield dict(zip(names, ("-" if cell == "(empty)" else cell for cell in line.split("\t")), strict=True))


@pytest.mark.parametrize(("log", "trace", "test", "columns"), CASES, ids=[case[1] for case in CASES])
def test_the_rows_are_zeeks(log: str, trace: str, test: str, columns: str, corpora: Path) -> None:
    kept = _Kept(log)
    Engine(np.fromfile(corpora / "zeek" / "traces" / trace, np.uint8), kept).run()
    assert not kept.defects
    found, wanted = defaultdict(list), defaultdict(list)
    for row in sorted(kept.rows, key=lambda row: (row["ts"], row["record"])):
        found[tuple(_text(row[name]) for name in CONNECTION)].append([_text(row.get(name)) for name in columns.split()])
    for line in _expected(corpora / "zeek" / "expected" / test / f"{log}.log"):
        wanted[tuple(line[name] for name in CONNECTION)].append([line[name] for name in columns.split()])
    assert dict(found) == dict(wanted)
