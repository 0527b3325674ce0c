"""Agreement with Wireshark's DICOM dissector on what associations negotiate, field by field.

    python benchmarks/dicom_agreement.py CAPTURE...
    python benchmarks/dicom_agreement.py --suite     (the associations that the tests make with pynetdicom)

``tshark`` is told which ports to read as DICOM: those of the connections that we take for it.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from wardround.wire.engine import Engine

_FIELDS = {
    "stream": "tcp.stream", "ip": "ip.src", "port": "tcp.srcport", "pdu": "dicom.pdu.type", "called": "dicom.assoc.ae.called",
    "calling": "dicom.assoc.ae.calling", "result": "dicom.assoc.reject.result", "source": "dicom.assoc.reject.source",
    "reason": "dicom.assoc.reject.reason", "abort_source": "dicom.assoc.abort.source",
    "context": "dicom.pctx.id", "answer": "dicom.pctx.result", "abstract": "dicom.pctx.abss.syntax",
    "transfer": "dicom.pctx.xfer.syntax", "implementation": "dicom.userinfo.uid", "version": "dicom.userinfo.version",
    "max_pdu": "dicom.max_pdu_len", "identity": "dicom.userinfo.user_identify.type",
}  # fmt: skip

_IDENTITIES = {1: "username", 2: "passcode", 3: "kerberos", 4: "saml", 5: "jwt"}

#: The columns that are compared.
COLUMNS = (
    "calling_ae", "called_ae", "result", "reject_result", "reject_source", "reject_reason", "aborted", "abort_source",
    "released", "user_identity", "calling_implementation", "calling_version", "called_implementation", "called_version",
    "calling_max_pdu", "called_max_pdu", "proposed", "proposed_transfer", "accepted", "accepted_transfer", "refused",
)  # fmt: skip

Key = tuple[str, int]


class _Rows:
    """A sink that keeps the associations."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def write(self, table: str, rows: pa.Table) -> None:
        if table == "dicom_association":
            self.rows += rows.to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        pass


def ours(capture: Path) -> list[dict[str, Any]]:
    """Our rows of dicom_association, without those inside TLS."""
    kept = _Rows()
    Engine(np.fromfile(capture, np.uint8), kept).run()
    return [row for row in kept.rows if not row.get("tls")]


def theirs(capture: Path, ports: set[int]) -> dict[Key, dict[str, Any]]:
    """What tshark says, by the caller's address and port."""
    command = ["tshark", "-r", str(capture), "-n", "-Y", "dicom", "-T", "fields", "-E", "aggregator=|"]
    command += [part for port in sorted(ports) for part in ("-d", f"tcp.port=={port},dicom")]
    command += [part for name in _FIELDS.values() for part in ("-e", name)]
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
        values = dict(zip(_FIELDS, line.split("\t"), strict=False))
        found[values["stream"]].append(values)
    return dict(_association(frames) for frames in found.values())


def _uids(text: str) -> list[str]:
    return [m[1] if (m := re.search(r"\(([0-9.]+)\)$", part)) else part for part in text.split("|") if part]


def _numbers(text: str) -> list[int]:
    return [int(part, 0) for part in text.split("|") if part]


def _association(frames: list[dict[str, str]]) -> tuple[Key, dict[str, Any]]:
    asked = next((frame for frame in frames if "0x01" in frame["pdu"]), None)
    answered = next((frame for frame in frames if "0x02" in frame["pdu"]), None)
    kinds = {int(kind, 0) for frame in frames for kind in frame["pdu"].split("|") if kind}
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"aborted": 7 in kinds, "released": 6 in kinds}
    row["result"] = "rejected" if 3 in kinds else "accepted" if kinds & {2, 4} else "aborted" if 7 in kinds else "unanswered"
    for frame in frames:
        for name in ("result", "source", "reason"):
            if frame[name]:
                row[f"reject_{name}"] = _numbers(frame[name])[0]
        if frame["abort_source"]:
            row["abort_source"] = _numbers(frame["abort_source"])[0]
    contexts: dict[int, str] = {}
    for side, said in (("calling", asked), ("called", answered)):
        if said is not None:
            row[f"{side}_implementation"] = said["implementation"] or None
            row[f"{side}_version"] = said["version"].strip() or None
            row[f"{side}_max_pdu"] = _numbers(said["max_pdu"])[0] if said["max_pdu"] else None
    if asked is not None:
        row["calling_ae"], row["called_ae"] = asked["calling"].strip() or None, asked["called"].strip() or None
        row["user_identity"] = _IDENTITIES.get(_numbers(asked["identity"] or "0")[0], "none")
        contexts = dict(zip(_numbers(asked["context"]), _uids(asked["abstract"]), strict=False))
        row["proposed"] = sorted(set(contexts.values())) or None
        row["proposed_transfer"] = sorted(set(_uids(asked["transfer"]))) or None
    if answered is not None:
        results = dict(zip(_numbers(answered["context"]), _numbers(answered["answer"]), strict=False))
        row["accepted"] = sorted({contexts.get(n, "") for n, result in results.items() if result == 0}) or None
        row["refused"] = sum(result != 0 for result in results.values())
        # A refused context repeats a transfer syntax that means nothing.
        row["accepted_transfer"] = None if row["refused"] else sorted(set(_uids(answered["transfer"]))) or None
    first = asked or frames[0]
    return (first["ip"], int(first["port"])), row


class Difference(NamedTuple):
    """A cell in which tshark (``expected``) and we (``value``) do not agree."""

    key: Key
    column: str
    expected: Any
    value: Any


def compare(capture: Path) -> tuple[Counter[str], Counter[str], list[Difference]]:
    """For each column how many cells there are and how many agree, and what differs."""
    rows = ours(capture)
    ports = {row["id.resp_p"] for row in rows}
    other = theirs(capture, ports)
    cells: Counter[str] = Counter(associations=len(other))
    agreed: Counter[str] = Counter()
    differences = []
    own = {(str(ipaddress.ip_address(row["id.orig_h"])), row["id.orig_p"]): row for row in rows}
    agreed["associations"] = len(own.keys() & other.keys())
    for key, expected in other.items():
        row = own.get(key, {})
        for column in COLUMNS:
            value = row.get(column)
            value = sorted(value) if isinstance(value, list) else value
            if column == "accepted_transfer" and expected["refused"]:
                continue
            cells[column] += 1
            agreed[column] += value == expected[column]
            if value != expected[column]:
                differences.append(Difference(key, column, expected[column], value))
    return cells, agreed, differences


def suite(folder: Path) -> Path:
    """The capture of the associations that the tests make."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.wire.protocols.dicom_scenarios import recorded
    from tests.wire.protocols.dicom_suite import frames

    day = recorded()
    path = folder / "suite.pcap"
    path.write_bytes(frames([*(told.conversation for told in day.told if told.conversation), *day.others]))
    return path


def main(arguments: list[str]) -> int:
    """Compare and print; 1 when anything differs."""
    cells: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        captures = [suite(Path(folder))] if arguments == ["--suite"] else [Path(name) for name in arguments]
        for capture in captures:
            more, right, differences = compare(capture)
            cells, agreed = cells + more, agreed + right
            for key, column, expected, value in differences:
                print(f"{capture.name} {key} {column}: tshark {expected!r}, ours {value!r}")
    for name, count in cells.items():
        print(f"{name:24s} {agreed[name]:6d} of {count}")
    print(f"{'together':24s} {agreed.total():6d} of {cells.total()}")
    return int(agreed != cells)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
