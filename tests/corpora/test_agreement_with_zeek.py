"""Cell by cell against the logs that Zeek's own test suite expects, on traces of every protocol that are quickly read.

The full comparison is `make verify`; docs/verification.md lists what differs there and why. Zeek's text logs double
backslashes; here that is undone, as our reader of Zeek's logs does it.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wardround.wire.engine import Engine

pytestmark = pytest.mark.corpus

CONNECTION = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")

#: Largest trace that is read here, in bytes.
LARGEST = 20_000

#: The columns that are compared, and what share of their cells must agree.
COLUMNS = {
    "conn": "proto service orig_bytes resp_bytes conn_state missed_bytes history orig_pkts resp_pkts resp_ip_bytes",
    "dns": "proto trans_id query qtype_name rcode_name AA TC RD RA rejected",
    "http": "method host uri referrer version user_agent request_body_len response_body_len status_code status_msg",
    "ssl": "version cipher curve server_name next_protocol established",
    "smtp": "helo mailfrom from subject msg_id last_reply tls",
    "ssh": "version client server cipher_alg mac_alg kex_alg host_key_alg",
    "kerberos": "request_type client service success error_msg cipher forwardable renewable",
    "rdp": "cookie result security_protocol client_build client_name cert_type encryption_level encryption_method",
    "smb_files": "action path name size prev_name",
    "dce_rpc": "named_pipe endpoint operation",
    "sip": "method uri request_from request_to call_id seq subject user_agent status_code status_msg",
    "snmp": "version community get_requests get_bulk_requests get_responses set_requests",
    "radius": "username mac tunnel_client connect_info reply_msg result",
    "ldap": "message_id version opcode result diagnostic_message object argument",
    "quic": "version client_initial_dcid client_scid server_scid server_name client_protocol history",
}
LEAST = 0.95


class _Kept:
    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def write(self, table: str, rows: pa.Table) -> None:
        if table in COLUMNS:
            self.rows[table] += rows.to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        assert code != "parser_defect", message


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(_text, value)) or "-"
    return "-" if value in (None, "") else str(value)


def _expected(path: Path) -> Iterator[dict[str, str]]:
    names: list[str] = []
    for line in path.read_text("utf-8", "replace").splitlines():
        cells = line.replace("\\\\", "\\").split("\t")
        if line.startswith("#fields"):
            names = cells[1:]
        elif line and not line.startswith("#"):
            row = dict(zip(names, ("-" if cell in ("(empty)", "") else cell for cell in cells), strict=True))
            # After a reply to a request of HTTP/0.9 Zeek writes a row about nothing.
            if path.stem != "http" or row["method"] != "-" or row["status_code"] != "-":
                yield row


def _compare(log: str, wanted: list[dict[str, str]], rows: list[dict[str, Any]], bare: bool) -> tuple[int, int]:
    """Cells that agree, and all cells, those of rows that only one side has among them."""
    pools: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["ts"] or 0, row["record"])):
        pools[tuple(_text(row.get(name)) for name in CONNECTION)].append(row)
    good = total = 0
    for want in wanted:
        # Where a test loads only some analysers Zeek cannot name services.
        columns = [name for name in COLUMNS[log].split() if name in want and not (bare and name == "service")]
        total += len(columns)
        pool = pools.get(tuple(want.get(name, "-") for name in CONNECTION))
        if pool:
            scores = [sum(_text(row.get(name)) == want[name] for name in columns) for row in pool]
            best = max(range(len(pool)), key=scores.__getitem__)
            good += scores[best]
            pool.pop(best)
    return good, total + sum(len(pool) for pool in pools.values()) * len(COLUMNS[log].split())


def _small(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def test_cells_are_zeeks(corpora: Path) -> None:
    cases: dict[str, list[tuple[str, str, bool]]] = defaultdict(list)
    with (corpora / "zeek" / "manifest.tsv").open(newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t"):
            if row["log"] in COLUMNS and (corpora / "zeek" / "traces" / row["trace"]).stat().st_size <= LARGEST:
                cases[row["trace"]].append((row["log"], row["test"], row["bare"] == "1"))
    good, total = Counter[str](), Counter[str]()
    for trace, wanted in sorted(cases.items()):
        kept = _Kept()
        Engine(np.frombuffer(_small(corpora / "zeek" / "traces" / trace), np.uint8), kept).run()
        for log, test, bare in wanted:
            expected = list(_expected(corpora / "zeek" / "expected" / test / f"{log}.log"))
            agreed, cells = _compare(log, expected, kept.rows[log], bare)
            good[log] += agreed
            total[log] += cells
    assert len(total) >= 12
    shares = {log: good[log] / total[log] for log in total}
    assert sum(shares.values()) / len(shares) >= LEAST, shares
    assert min(shares.values()) >= 0.9, shares
