"""The engine as a whole: what parsers see, bounds, link-layer tables, fragments, damage, and captures as evidence."""

from __future__ import annotations

import gc
import random
import struct
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.packets import (
    ACK,
    CLIENT,
    PSH,
    SECOND,
    SERVER,
    SMALL,
    SYN,
    Tables,
    Talk,
    ethernet,
    icmp,
    ip,
    pcap,
    read,
    tcp,
    udp,
)

from wardround.errors import ReaderError
from wardround.readers.capture import READER
from wardround.wire import protocols
from wardround.wire.connection import Connection, Gap, Malformed, Rows
from wardround.wire.engine import Engine, Limits
from wardround.wire.reassembled import Reassembled

START = 1_700_000_000 * SECOND


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """The connections that a parser was given."""
    found: list[Connection] = []

    def parse(connection: Connection, rows: Rows, candidates: object = None) -> None:
        found.append(connection)

    monkeypatch.setattr(protocols, "parse", parse)
    return found


def test_streams_in_order(seen: list[Connection]) -> None:
    talk = Talk().open()
    talk.send(True, PSH | ACK, b"cd", at=3, ack=1).send(True, PSH | ACK, b"ab", at=1, ack=1)
    talk.send(True, PSH | ACK, b"bcde", at=2, ack=1).send(False, PSH | ACK, b"reply", at=1, ack=6)
    read(pcap(talk.close(6, 6).frames))
    (connection,) = seen
    assert connection.orig.read(0, 100) == b"abcde"
    assert connection.orig.read(1, 2) == b"bc"
    assert connection.orig.length == 5
    assert connection.resp.head() == b"reply"
    chunk = connection.orig.chunk_at(4)
    assert chunk is not None
    assert (chunk.record, chunk.data) == (6, b"e")
    assert connection.orig.from_offset(3).read(0, 10) == b"de"


def test_gaps_are_told(seen: list[Connection]) -> None:
    talk = Talk().open().send(True, PSH | ACK, b"ab", at=1, ack=1).send(True, PSH | ACK, b"ef", at=5, ack=1)
    read(pcap(talk.send(False, ACK, at=1, ack=7).frames))
    (connection,) = seen
    pieces = list(connection.orig.pieces)
    assert [piece.length if isinstance(piece, Gap) else piece.data for piece in pieces] == [b"ab", 2, b"ef"]
    assert connection.orig.read(0, 10) == b"ab"
    assert connection.orig.read(4, 10) == b"ef"


def test_datagrams_in_order(seen: list[Connection]) -> None:
    frames = [
        (START, ethernet(ip(CLIENT, SERVER, 17, udp(999, 53, b"one")))),
        (START + 1, ethernet(ip(SERVER, CLIENT, 17, udp(53, 999, b"two")))),
        (START + 2, ethernet(ip(CLIENT, SERVER, 17, udp(999, 53, b"three")))),
    ]
    read(pcap(frames))
    (connection,) = seen
    assert [(d.data, d.from_orig, d.record) for d in connection.datagrams] == [
        (b"one", True, 1),
        (b"two", False, 2),
        (b"three", True, 3),
    ]


def _fragments(body: bytes, sizes: int = 16) -> list[bytes]:
    pieces = [body[at : at + sizes] for at in range(0, len(body), sizes)]
    last = len(pieces) - 1
    words = [at * sizes // 8 | (0 if at == last else 0x2000) for at in range(len(pieces))]
    return [
        ethernet(ip(CLIENT, SERVER, 17, piece, number=77, fragment=word)) for piece, word in zip(pieces, words, strict=True)
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (2, 1, 0)])
def test_fragments_in_any_order(seen: list[Connection], order: tuple[int, ...]) -> None:
    parts = _fragments(udp(1234, 53, b"m" * 30))
    tables = read(pcap([(START + n, parts[index]) for n, index in enumerate(order)]))
    (row,) = tables.rows["conn"]
    assert (row["orig_pkts"], row["orig_ip_bytes"]) == (1, 58)
    assert seen[0].datagrams[0].data == b"m" * 30


def test_fragments_that_disagree_are_weird(seen: list[Connection]) -> None:
    parts = _fragments(udp(1234, 53, b"m" * 30))
    other = _fragments(udp(1234, 53, b"n" * 30))
    tables = read(pcap([(START, parts[0]), (START, other[1]), (START, parts[1]), (START, parts[2])]))
    assert [row["name"] for row in tables.rows["weird"]] == ["fragment_inconsistency"]
    assert seen[0].datagrams[0].data == b"m" * 8 + b"n" * 16 + b"m" * 6


def test_fragment_flood_stays_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardround.wire.fragments.MAX_PACKETS", 16)
    frames = [(START, ethernet(ip(CLIENT, SERVER, 17, b"x" * 16, number=n, fragment=0x2001))) for n in range(200)]
    tables = read(pcap(frames))
    assert "fragments_dropped" in tables.codes
    assert not tables.rows["conn"]


def test_flow_flood_stays_within_bounds() -> None:
    frames = []
    for n in range(5000):
        host = f"10.0.{n >> 8}.{n & 255}"
        frames.append((START + n, ethernet(ip(host, SERVER, 6, tcp(1024 + n, 80, n, 0, SYN)))))
    tables = read(pcap(frames), limits=Limits(flows=256, segments=256))
    assert len(tables.rows["conn"]) == 5000
    assert "evicted" in tables.codes


def test_payload_flood_stays_within_bounds(seen: list[Connection]) -> None:
    frames = [(START + n, ethernet(ip(CLIENT, SERVER, 17, udp(2000 + n % 20, 53, b"x")))) for n in range(600)]
    tables = read(pcap(frames), limits=Limits(flows=256, segments=100))
    assert sum(row["orig_pkts"] for row in tables.rows["conn"]) == 600
    assert "payload_given_up" in tables.codes


def test_defect_of_a_parser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(connection: Connection, rows: Rows, candidates: object = None) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(protocols, "parse", parse)
    tables = read(pcap(Talk().open().send(True, PSH | ACK, b"x", at=1, ack=1).frames))
    assert tables.codes.count("parser_defect") == 1
    assert len(tables.rows["conn"]) == 1


def test_what_breaks_a_protocol_is_weird(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(connection: Connection, rows: Rows, candidates: object = None) -> None:
        raise Malformed("broken_protocol", "no")

    parser = SimpleNamespace(SERVICE="x", sniff=lambda connection: True, parse=parse)
    monkeypatch.setattr(protocols, "parsers", lambda: (parser,))
    tables = read(pcap(Talk().open().send(True, PSH | ACK, b"x", at=1, ack=1).frames))
    assert [(row["name"], row["addl"]) for row in tables.rows["weird"]] == [("broken_protocol", "no")]


def test_arp() -> None:
    message = bytes.fromhex("0001080006040002") + b"\x02\0\0\0\0\x01" + b"\x0a\0\0\x01" + b"\xff" * 6 + b"\x0a\0\0\x01"
    (row,) = read(pcap([(START, ethernet(message, 0x0806))])).rows["arp"]
    assert (row["operation"], row["sender_addr"], row["sender_mac"]) == ("reply", "10.0.0.1", "02:00:00:00:00:01")
    assert (row["target_mac"], row["gratuitous"], row["mac_dst"]) == ("ff:ff:ff:ff:ff:ff", True, "02:00:00:00:00:02")


def test_icmp_redirect() -> None:
    inner = ip(CLIENT, "203.0.113.9", 17, udp(1, 2, b""))
    frame = ethernet(ip("192.0.2.254", CLIENT, 1, icmp(5, 1, b"\xc0\0\x02\x42" + inner)))
    (row,) = read(pcap([(START, frame)])).rows["icmp_redirect"]
    assert (row["sender"], row["receiver"], row["gateway"]) == ("192.0.2.254", CLIENT, "192.0.2.66")
    assert (row["destination"], row["code"]) == ("203.0.113.9", 1)


def test_neighbour_messages_are_the_arp_of_ipv6() -> None:
    asked = bytes.fromhex("fe800000000000000000000000000001") + bytes((1, 1)) + b"\x02\0\0\0\0\x07"
    told = bytes.fromhex("fe800000000000000000000000000001") + bytes((2, 1)) + b"\x02\0\0\0\0\x66"
    frames = [
        ethernet(ip("fe80::7", "ff02::1:ff00:1", 58, icmp(135, 0, b"\0" * 4 + asked))),
        ethernet(ip("fe80::66", "fe80::7", 58, icmp(136, 0, b"\x20\0\0\0" + told))),
        ethernet(ip("fe80::1", "fe80::7", 58, icmp(136, 0, b"\x60\0\0\0" + told[:16]))),
        ethernet(ip("fe80::1", "fe80::7", 58, icmp(136, 0, b"\x60\0\0\0" + told[:7]))),
    ]
    rows = read(pcap([(START + n, frame) for n, frame in enumerate(frames)])).rows["arp"]
    found = [(r["operation"], r["sender_addr"], r["sender_mac"], r["target_addr"], r["gratuitous"]) for r in rows]
    assert found == [
        ("solicitation", "fe80::7", "02:00:00:00:00:07", "fe80::1", False),
        ("advertisement", "fe80::1", "02:00:00:00:00:66", "fe80::7", True),
        ("advertisement", "fe80::1", "02:00:00:00:00:01", "fe80::7", False),
    ]


def test_router_advertisement() -> None:
    prefix = bytes((3, 4, 64, 0xC0)) + b"\0" * 12 + bytes.fromhex("20010db8000100000000000000000000")
    servers = bytes((25, 3, 0, 0)) + b"\0\0\0\x3c" + bytes.fromhex("20010db8000100000000000000000053")
    domains = bytes((31, 3, 0, 0)) + b"\0\0\0\x3c" + b"\x04ward\x04test\0".ljust(16, b"\0")
    options = bytes((1, 1)) + b"\x02\0\0\0\0\x01" + prefix + bytes((5, 1, 0, 0)) + struct.pack("!I", 1400) + servers + domains
    body = bytes((64, 0xC8)) + struct.pack("!HII", 1800, 0, 0) + options
    frame = ethernet(ip("fe80::1", "ff02::1", 58, icmp(134, 0, body)))
    (row,) = read(pcap([(START, frame)])).rows["router_advertisement"]
    assert (row["router"], row["managed"], row["other"], row["preference"]) == ("fe80::1", True, True, "high")
    assert (row["hop_limit"], row["router_lifetime"], row["mtu"]) == (64, 1800.0, 1400)
    assert row["prefixes"] == ["2001:db8:1::/64"]
    assert row["dns_servers"] == ["2001:db8:1::53"]
    assert row["dns_search"] == ["ward.test"]


def test_lost_packets_are_told() -> None:
    talk = Talk().open()
    for at in range(0, 100, 10):
        if at % 20:
            talk.send(True, PSH | ACK, b"x" * 10, at=1 + at, ack=1)
        talk.send(False, ACK, at=1, ack=11 + at)
    tables = read(pcap(talk.frames))
    (row,) = tables.rows["capture_loss"]
    assert (row["gaps"], row["acks"]) == (5, 10)
    assert row["percent_lost"] == 50.0
    assert "packets_lost" in tables.codes


def test_cut_packets_are_told(seen: list[Connection]) -> None:
    frame = ethernet(ip(CLIENT, SERVER, 17, udp(1, 2, b"long" * 10)))
    record = struct.pack("<IIII", 1, 0, 50, len(frame)) + frame[:50]
    tables = read(pcap([]) + record)
    assert tables.codes == ["cut_packets"]
    (row,) = tables.rows["conn"]
    assert row["orig_ip_bytes"] == 68
    assert (seen[0].datagrams[0].data, seen[0].datagrams[0].length) == (b"longlong", 40)


def test_reader_reads_a_file(tmp_path: Path) -> None:
    from tests.wire.packets import Tables

    path = tmp_path / "capture"
    path.write_bytes(pcap(Talk().open().close().frames))

    @contextmanager
    def local() -> Iterator[Path]:
        yield path

    source = SimpleNamespace(local=local, size=path.stat().st_size, evidence_id="e1", path="capture")
    (span,) = READER.split(source)
    tables = Tables()
    READER.read(source, span, tables)
    assert [row["conn_state"] for row in tables.rows["conn"]] == ["SF"]
    assert READER.sniff(path.read_bytes()[:64]) == "pcap"
    assert READER.sniff(b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x4d\x3c\x2b\x1a") == "pcapng"
    assert READER.sniff(b"#separator \\x09") is None


def test_large_captures_are_read_in_shards() -> None:
    source = SimpleNamespace(size=1 << 30)
    spans = list(READER.split(source))
    assert [span.carry for span in spans] == [b"\0\2", b"\1\2"]
    assert sum(span.end - span.start for span in spans) == 1 << 30


def _mutations(data: bytes, chance: random.Random, count: int) -> Iterator[bytes]:
    for _ in range(count):
        mutated = bytearray(data)
        for _ in range(chance.choice((1, 4, 32))):
            mutated[chance.randrange(24, len(mutated))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.4:
            del mutated[chance.randrange(24, len(mutated)) :]
        yield bytes(mutated)


def test_mutated_packets_never_break_the_engine() -> None:
    chance = random.Random(1)
    frames = Talk().open().send(True, PSH | ACK, b"GET / HTTP/1.1\r\n\r\n", at=1, ack=1).close(19, 1).frames
    inner = ethernet(ip("10.0.0.1", "10.0.0.2", 17, udp(1000, 53, b"dns?")))
    frames.append((START, ethernet(ip(CLIENT, SERVER, 17, udp(5555, 4789, b"\x08\0\0\0\0\0\x01\0" + inner)), tags=(7, 8))))
    frames += [(START, part) for part in _fragments(udp(1234, 53, b"m" * 30))]
    frames.append((START, ethernet(ip("fe80::1", "ff02::1", 58, icmp(134, 0, b"\0" * 12 + bytes((3, 4)) + b"\0" * 30)))))
    for data in _mutations(pcap(frames), chance, 300):
        tables = read(data)
        assert "parser_defect" not in tables.codes


@pytest.mark.corpus
def test_mutated_traces_never_break_the_engine(corpora: Path) -> None:
    chance = random.Random(2)
    traces = sorted(corpora.glob("zeek/traces/**/*.pcap*"))
    for trace in chance.sample(traces, min(60, len(traces))):
        data = trace.read_bytes()[:60_000]
        for mutated in _mutations(data, chance, 2):
            try:
                tables = read(mutated)
            except ReaderError:
                continue
            assert "parser_defect" not in tables.codes, trace.name


def test_nothing_but_a_capture_is_read() -> None:
    with pytest.raises(ReaderError, match="neither"):
        read(b"not a capture at all, not at all")


def test_long_streams_are_read_like_short_ones(seen: list[Connection]) -> None:
    talk, body = Talk().open(), bytes(range(256)) * 18
    for at, value in enumerate(body):
        if at != 4000:
            talk.send(True, PSH | ACK, bytes((value,)), at=1 + at, ack=1)
    read(pcap(talk.frames))
    (connection,) = seen
    stream = connection.orig
    assert stream.length == len(body)
    assert stream.read(0, 10_000) == body[:4000]
    assert stream.read(4001, 100) == body[4001:4101]
    assert stream.read(4000, 100) == b""
    assert stream.data_after(4000) == 4001
    assert stream.data_after(len(body)) is None
    assert stream.from_offset(4100).read(0, 10) == body[4100:4110]
    chunk = stream.chunk_at(4200)
    assert chunk is not None
    assert chunk.data == body[4200:4201]
    assert [piece.length for piece in stream.pieces if isinstance(piece, Gap)] == [1]


def test_what_came_of_fragments_goes_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datagrams that are still not over when as much as is kept has come after them have lost their bytes, not their rows."""
    monkeypatch.setattr("wardround.wire.reassembled.KEPT", 4_096)
    early = [(START + n, part) for n, part in enumerate(_fragments(udp(1234, 53, b"early" * 20)))]
    whole = udp(5000, 53, b"x" * 1192)
    crowd = [
        (START + 1000 + n, ethernet(ip(CLIENT, SERVER, 17, piece, number=100 + n // 2, fragment=word)))
        for n, (piece, word) in enumerate([(whole[:1000], 0x2000), (whole[1000:], 125)] * 20)
    ]
    found: list[list[int]] = []
    monkeypatch.setattr(
        protocols, "parse", lambda connection, rows, candidates: found.append([len(d.data) for d in connection.datagrams])
    )
    tables = read(pcap([*early, *crowd]))
    assert (found[0], found[1][0], found[1][-1]) == ([0], 0, 1192)
    assert [row["orig_ip_bytes"] for row in tables.rows["conn"]] == [128, 20 * 1220]
    assert "fragments_dropped" in tables.codes


@given(sizes=st.lists(st.integers(0, 90), max_size=40))
def test_the_tape_gives_back_the_latest(sizes: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wardround.wire.reassembled.KEPT", 100)
        tape, put = Reassembled(), [bytes([n % 251]) * size for n, size in enumerate(sizes)]
        places = [tape.add(data) for data in put]
        since = 0
        for place, data in reversed(list(zip(places, put, strict=True))):
            since += len(data)
            assert tape.read(place, len(data)) == data if since <= 100 else tape.read(place, len(data)) in (data, b"")


def test_a_reading_leaves_no_cycle_behind() -> None:
    """The tables of an engine are tens of megabytes: in a cycle they would wait for the collector, capture after capture."""
    discover = b"\1\1\6\0" + bytes(232) + b"\x63\x82\x53\x63" + b"\x35\1\1\xff"
    frames = Talk().open().send(True, PSH | ACK, b"GET / HTTP/1.1\r\n\r\n", at=1, ack=1).close(19, 1).frames
    frames.append((START + SECOND * 60, ethernet(ip(CLIENT, "255.255.255.255", 17, udp(68, 67, discover)))))
    gc.collect()
    gc.disable()
    try:
        engine = Engine(np.frombuffer(pcap(frames), np.uint8), (tables := Tables()), limits=SMALL)
        engine.run()
        left = weakref.ref(engine), weakref.ref(engine._rows), weakref.ref(engine._tables)
        del engine
        assert [one() for one in left] == [None, None, None]
    finally:
        gc.enable()
    assert set(tables.rows) >= {"conn", "http", "dhcp"}


@settings(max_examples=60, deadline=None)
@given(data=st.binary(min_size=1, max_size=200), chance=st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_stream(data: bytes, chance: random.Random) -> None:
    """Whatever way a stream is cut, repeated, overlapped and shuffled, parsers see the bytes that were sent."""
    parts = [(at, data[at : at + 7]) for at in range(0, len(data), 7)]
    for _ in range(chance.randrange(10)):
        at = chance.randrange(len(data))
        parts.append((at, data[at : at + chance.randrange(1, 40)]))
    chance.shuffle(parts)
    talk = Talk().open()
    for at, body in parts:
        talk.send(True, PSH | ACK, body, at=1 + at, ack=1)
    found: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "parse", lambda connection, rows, candidates: found.append(connection.orig.read(0, 1000)))
        # Of a stream that no parser can know none is asked; here somebody is asked of every one.
        patch.setattr("wardround.wire.candidates.Table.of", lambda self, data, flows, *_: np.ones(len(flows), np.uint64))
        (row,) = read(pcap(talk.close(1 + len(data), 1).frames)).rows["conn"]
    assert found == [data]
    assert (row["orig_bytes"], row["missed_bytes"], row["conn_state"]) == (len(data), 0, "SF")
