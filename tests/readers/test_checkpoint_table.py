"""Tables that Check Point's management exports; the fields of rows are asked for in ``edge_texts/checkpoint_list.txt``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.readers.checkpoint_table import READER
from wardround.store import conform

from .conftest import Bytes

TABLE = (
    "num;date;time;orig;type;action;alert;i/f_name;i/f_dir;product;src;s_port;dst;service;proto;rule\n"
    "0;10Mar2026;8:00:00;10.1.0.1;log;drop;;eth1;inbound;VPN-1 & FireWall-1;203.0.113.50;40000;198.51.100.1;3389;tcp;12\n"
    "1;10Mar2026;8:00:01;10.1.0.1;control;ctl;;daemon;inbound;VPN-1 & FireWall-1;;;;;;\n"
    "2;10Mar2026;8:00:02;10.1.0.1;log;accept;;eth1;inbound;VPN-1 & FireWall-1;ws7;40000;pacs1;104;tcp;4\n"
)


class _Sink:
    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.told: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        assert table == "firewall_event"
        self.rows += conform(table, rows, "e1").to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.told.append(f"{code}: {message}")


def _read(data: bytes) -> _Sink:
    sink = _Sink()
    for span in READER.split(Bytes(data, len(data))):
        READER.read(Bytes(data, len(data)), span, sink)
    return sink


@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_connections_are_rows_and_the_rest_is_counted(sign: str) -> None:
    data = TABLE.replace(";", sign).encode()
    assert READER.sniff(data) == "checkpoint_table"
    sink = _read(data)
    assert [(row["action"], row["source"], row["destination_port"], row["record"]) for row in sink.rows] == [
        ("drop", "203.0.113.50", 3389, 2)
    ]
    # A name is no address: what is known of it by name only cannot be placed.
    (told,) = sink.told
    assert told.startswith("ignored_kind: 2 lines")


def test_another_table_is_not_taken_for_one() -> None:
    assert READER.sniff(b"num;date;time;name\n1;10Mar2026;8:00:00;x\n") is None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TABLE)), st.binary(max_size=8))
def test_damaged_tables_raise_nothing(at: int, junk: bytes) -> None:
    data = TABLE.encode()
    data = data[:at] + junk + data[at + len(junk) :]
    READER.sniff(data)
    _read(data)
