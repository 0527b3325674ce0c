"""The first octets that parsers declare: necessary for their recognition, and enough to leave the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.packets import ACK, CLIENT, PSH, SERVER, Talk, ethernet, ip, pcap, read, udp

from wardround.errors import ReaderError
from wardround.wire import protocols
from wardround.wire.candidates import Table
from wardround.wire.connection import Connection, Parser, Rows
from wardround.wire.decode import TCP, UDP
from wardround.wire.flows import FLOW
from wardround.wire.segments import SEGMENT


class _Recognition:
    """Asks every parser about every connection, and notes who was a candidate."""

    def __init__(self) -> None:
        self.asked = 0
        self.missing: list[str] = []

    def parse(self, connection: Connection, rows: Rows, candidates: Sequence[Parser] | None = None) -> None:
        assert candidates is not None
        self.asked += 1
        for parser in protocols.parsers():
            if parser not in candidates and parser.sniff(connection):
                self.missing.append(f"{parser.SERVICE}: {connection.identity}")


def _everyone(monkeypatch: pytest.MonkeyPatch, data: bytes) -> _Recognition:
    found = _Recognition()
    with monkeypatch.context() as patched:
        patched.setattr("wardround.wire.protocols.parse", found.parse)
        read(data)
    return found


@pytest.mark.corpus
def test_whoever_knows_a_connection_was_a_candidate(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [*corpora.glob("zeek/traces/**/*.pcap"), *corpora.glob("captures/pcap/*.pcap")]
    asked, missing = 0, []
    for file in sorted(files):
        if file.stat().st_size > 60_000:
            continue
        try:
            found = _everyone(monkeypatch, file.read_bytes())
        except ReaderError:
            continue
        asked += found.asked
        missing += [f"{file.name}: {text}" for text in found.missing]
    assert not missing
    assert asked > 100


@given(first=st.integers(0, 255), rest=st.binary(max_size=40), port=st.sampled_from([53, 123, 443, 445, 514, 4500, 8801, 9]))
@settings(deadline=None)
def test_of_any_octets(first: int, rest: bytes, port: int) -> None:
    body = bytes([first]) + rest
    talk = (
        Talk(server=(SERVER, port))
        .open()
        .send(True, PSH | ACK, body, at=1, ack=1)
        .send(False, PSH | ACK, body, at=1, ack=1 + len(body))
    )
    found = _Recognition()
    datagrams = [(talk.ts + number, ethernet(ip(CLIENT, SERVER, 17, udp(40000, port, body)))) for number in range(1, 4)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("wardround.wire.protocols.parse", found.parse)
        read(pcap([*talk.frames, *datagrams]))
    assert not found.missing


def _of(parsers: list[Any], protocol: int, first: bytes, *, port: int = 9, at: int = 1, offset: int = 0) -> int:
    flows = np.zeros(1, FLOW)
    flows["protocol"], flows["resp_port"] = protocol, port
    found = np.zeros(1, SEGMENT)
    found["at"], found["offset"], found["length"] = at, offset, len(first)
    data = np.frombuffer(first, np.uint8)
    return int(Table(parsers).of(data, flows, found, np.array([0, 1, 1]))[0])


def test_conditions() -> None:
    undeclared = SimpleNamespace()
    by_octet = SimpleNamespace(TCP_FIRST=b"\x16", UDP_FIRST=b"")
    by_port = SimpleNamespace(TCP_FIRST=b"", UDP_FIRST=b"", ASKED_ON=(514,))
    parsers = [undeclared, by_octet, by_port]
    assert _of(parsers, TCP, b"\x16\x03") == 0b011
    assert _of(parsers, TCP, b"\x17\x03") == 0b001
    assert _of(parsers, UDP, b"\x16\x03") == 0b001
    assert _of(parsers, TCP, b"\x17\x03", port=514) == 0b101
    # The first octet is missing: only those that take any octet can say anything.
    assert _of(parsers, TCP, b"\x16\x03", at=100) == 0b001
    # Put together from fragments, so it is not in the capture: everybody who could.
    assert _of(parsers, TCP, b"\x16\x03", offset=-1) == 0b011
    assert Table(parsers).chosen(0b101) == (undeclared, by_port)


def test_octets_behind_the_first() -> None:
    marked = SimpleNamespace(UDP_HEADS=({2: b"\x21", 3: b"\x12"}, {0: b"\x01"}), TCP_FIRST=b"\x05", TCP_HEADS=({1: b"\x00"},))
    other = SimpleNamespace(TCP_FIRST=b"\x05", UDP_FIRST=b"")
    parsers = [marked, other]
    assert _of(parsers, UDP, b"\x00\x00\x21\x12") == 0b001
    assert _of(parsers, UDP, b"\x00\x00\x21\x13") == 0
    assert _of(parsers, UDP, b"\x01\x00\x21\x13") == 0b010
    assert _of(parsers, UDP, b"\x00\x00\x21") == 0, "an octet that must be there is not"
    assert _of(parsers, TCP, b"\x05\x00") == 0b101
    assert _of(parsers, TCP, b"\x05\x01") == 0b100
    assert _of(parsers, TCP, b"\x05") == 0b100
    assert _of(parsers, UDP, b"\x00\x00\x21\x13", offset=-1) == 0b011, "not in the capture: whatever it can be"
    assert Table(parsers).chosen(0b111) == (marked, other), "whoever declares alternatives is asked once"


def test_nobody_knows_anything_where_there_is_nobody() -> None:
    assert _of([], TCP, b"\x16\x03") == 0
    assert _of([], UDP, b"\x16\x03") == 0


def test_of_a_stream_in_pieces_the_rest_is_unknown() -> None:
    parser = SimpleNamespace(TCP_FIRST=b"\x05", TCP_HEADS=({1: b"\x00"},), UDP_FIRST=b"")
    flows = np.zeros(1, FLOW)
    flows["protocol"] = TCP
    found = np.zeros(2, SEGMENT)
    found["at"], found["offset"], found["length"] = (1, 2), (0, 1), (1, 1)
    data = np.frombuffer(b"\x05\x07", np.uint8)
    assert Table([parser]).of(data, flows, found, np.array([0, 2, 2])).tolist() == [1]
    assert Table([parser]).of(data, flows, found[:1], np.array([0, 1, 1])).tolist() == [0]


def test_too_many_beginnings() -> None:
    with pytest.raises(ValueError, match="more than 64"):
        Table([SimpleNamespace() for _ in range(65)])
    with pytest.raises(ValueError, match="more than 64"):
        Table([SimpleNamespace(UDP_HEADS=({},) * 65)])


def test_a_stream_of_unknown_octets_reaches_no_parser_that_declares_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for parser in protocols.parsers():
        if hasattr(parser, "TCP_FIRST"):
            monkeypatch.setattr(parser, "sniff", lambda connection, name=parser.SERVICE: asked.append(name))
    talk = Talk().open().send(True, PSH | ACK, b"\x7f" * 20, at=1, ack=1).send(False, PSH | ACK, b"\x7f" * 20, at=1, ack=21)
    read(pcap(talk.frames))
    assert asked == []
