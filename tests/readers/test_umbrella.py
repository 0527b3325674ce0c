"""DNS logs of Cisco Umbrella."""

from __future__ import annotations

from typing import Any

from tests.readers.conftest import Bytes

from wardround import readers
from wardround.store import conform

HEADER = (
    '"Timestamp","Most Granular Identity","Identities","Internal IP","External IP","Action","Query Type","Response Code",'
    '"Domain","Categories"\n'
)
ROWS = (
    '"2026-03-02 08:00:00","PC-7","PC-7,Site","10.20.1.5","198.51.100.1","Allowed","28 (AAAA)","NOERROR",'
    '"www.example.com.","News"\n'
    '"2026-03-02 08:00:01","Site","Site","","198.51.100.1","Blocked","1 (A)","NOERROR",'
    '"bad.example.","Malware"\n'
)


class _Sink:
    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.codes: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        assert table == "dns"
        self.rows += conform(table, rows, "e1").to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


def _read(text: str) -> _Sink:
    data = text.encode()
    known = readers.identify(data)
    assert known is not None
    assert known[0] == "umbrella_dns"
    sink = _Sink()
    known[1].read(Bytes(data, len(data)), next(iter(known[1].split(Bytes(data, len(data))))), sink)
    return sink


def test_queries_with_and_without_a_header() -> None:
    for before in ("", HEADER):
        sink = _read(before + ROWS)
        told = [tuple(row[name] for name in ("id.orig_h", "query", "qtype", "qtype_name", "rcode_name")) for row in sink.rows]
        assert told == [
            ("10.20.1.5", "www.example.com", 28, "AAAA", "NOERROR"),
            ("198.51.100.1", "bad.example", 1, "A", "NOERROR"),
        ]
        assert sink.rows[0]["ts"] == 1772438400 * 10**9
        assert sink.rows[0]["record"] == (2 if before else 1)
        assert sink.codes == []


def test_a_row_of_another_shape_is_told() -> None:
    assert _read(ROWS + '"2026-03-02 08:00:02","x"\n').codes == ["bad_line"]


def test_another_table_is_not_taken_for_one() -> None:
    known = readers.identify(b'"Timestamp","Name"\n"2026-03-02 08:00:00","x"\n')
    assert known is None or known[0] != "umbrella_dns"
