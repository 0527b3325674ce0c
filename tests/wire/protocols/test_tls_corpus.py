"""TLS, QUIC and RDP against the logs that Zeek's own test suite expects of the same captures."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from tests.wire.packets import read

from wardround.wire.engine import Limits

CONNECTION = "id.orig_h id.orig_p id.resp_h id.resp_p "
COMPARED = {
    "ssl": CONNECTION + "version cipher curve server_name next_protocol established ssl_history cert_chain_fps",
    "x509": (
        "fingerprint host_cert client_cert san.dns basic_constraints.ca basic_constraints.path_len certificate.version "
        "certificate.serial certificate.subject certificate.issuer certificate.key_alg certificate.sig_alg "
        "certificate.key_type certificate.key_length certificate.exponent certificate.curve"
    ),
    "quic": CONNECTION + "version client_initial_dcid client_scid server_scid server_name client_protocol history",
    "rdp": CONNECTION
    + "cookie result security_protocol client_channels keyboard_layout client_build client_name client_dig_product_id "
    "desktop_width desktop_height requested_color_depth cert_type cert_count cert_permanent encryption_level "
    "encryption_method",
}

#: Negotiated within another protocol, whose parser has its own tests.
_INNER = re.compile("starttls")


def _expected(path: Path, fields: list[str]) -> list[list[str]]:
    names: list[str] = []
    rows = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line and not line.startswith("#"):
            row = dict(zip(names, line.split("\t"), strict=True))
            rows.append([_unescaped(row[field]) for field in fields])
    return sorted(rows)


def _unescaped(cell: str) -> str:
    return "" if cell in ("-", "(empty)") else cell.replace("\\\\", "\\")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(value)
    return "" if value is None else str(value)


@pytest.mark.corpus
@pytest.mark.parametrize("log", sorted(COMPARED))
def test_agrees_with_zeek(corpora: Path, log: str) -> None:
    zeek, fields = corpora / "zeek", COMPARED[log].split()
    compared = 0
    with (zeek / "manifest.tsv").open(encoding="utf-8") as manifest:
        for case in csv.DictReader(manifest, delimiter="\t"):
            if case["log"] != log or _INNER.search(case["trace"]):
                continue
            tables = read((zeek / "traces" / case["trace"]).read_bytes(), limits=Limits(4096, 65_536))
            found = sorted([_text(row.get(field)) for field in fields] for row in tables.rows[log])
            assert found == _expected(zeek / "expected" / case["test"] / f"{log}.log", fields), case["trace"]
            assert "parser_defect" not in tables.codes
            compared += 1
    assert compared
