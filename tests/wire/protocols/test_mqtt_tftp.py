"""MQTT and TFTP: recognised as mosquitto's and tftp's clients speak them; names and passwords in clear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.datagrams import exchange
from tests.wire.protocols.talk import Kept, conversation, read, survives

from wardround.wire import protocols
from wardround.wire.connection import Malformed

ACCEPTED, REFUSED = b"\x20\x02\0\0", b"\x20\x02\0\x05"
TOLD = {"service": "mqtt", "username": "ward", "password_length": 6}


def field(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def connect(name: bytes, flags: int, *fields: bytes) -> bytes:
    """CONNECT of the protocol of that name and level."""
    body = name + bytes((flags, 0, 60)) + b"".join(fields)
    size = bytes((len(body),)) if len(body) < 128 else bytes((len(body) & 0x7F | 0x80, len(body) >> 7))
    return b"\x10" + size + body


V3, V4, V5 = field(b"MQIsdp") + b"\3", field(b"MQTT") + b"\4", field(b"MQTT") + b"\5"
LOGON = (field(b"ward"), field(b"secret"))
WILL = (field(b"ward/state"), field(b"off" * 50))


@pytest.mark.parametrize(
    ("asked", "answer", "success"),
    [
        (connect(V4, 0xC2, field(b""), *LOGON), ACCEPTED, True),
        (connect(V3, 0xC2, field(b"pump-7"), *LOGON), REFUSED, False),
        (connect(V5, 0xC2, b"\x05\x11\0\0\0\x0a", field(b""), *LOGON), b"\x20\x03\0\0\0", True),
        (connect(V4, 0xC6, field(b""), *WILL, *LOGON), b"", None),
        (connect(V5, 0xC6, b"\0", field(b""), b"\0", *WILL, *LOGON), ACCEPTED, True),
    ],
    ids=["3.1.1", "3.1 refused", "5.0", "with a will, unanswered", "5.0 with a will"],
)
def test_logons_of_mqtt(asked: bytes, answer: bytes, success: bool | None) -> None:
    connection, kept = read("mqtt", [(">", asked), ("<", answer)], port=1883)
    (row,) = kept.tables["clear_credential"]
    assert connection.services == ["mqtt"]
    assert {name: row[name] for name in TOLD} == TOLD
    assert row["success"] is success


@pytest.mark.parametrize("flags", [0x02, 0x82])
def test_without_a_password_the_service_alone_is_told(flags: int) -> None:
    fields = (field(b""), field(b"ward")) if flags & 0x80 else (field(b""),)
    connection, kept = conversation([(">", connect(V4, flags, *fields)), ("<", ACCEPTED)], port=33_033), Kept()
    protocols.parse(connection, kept)
    assert connection.services == ["mqtt"]
    assert kept.tables == {}


def test_what_is_no_mqtt() -> None:
    for head in (connect(field(b"MQTT") + b"\7", 2, field(b"")), b"\x10\x02" + V4, b"\x10\xff\xff\xff\xff\x0f" + V4, b"\x10"):
        connection = conversation([(">", head)])
        protocols.parse(connection, Kept())
        assert connection.services == []


def test_a_field_beyond_the_end() -> None:
    with pytest.raises(Malformed, match="mqtt_malformed"):
        read("mqtt", [(">", connect(V4, 0xC2, field(b""), b"\0\x50ward"))])


def _services(data: bytes, port: int) -> list[Any]:
    connection = exchange([(">", data)], ("10.0.0.1", 40_000), ("10.0.0.2", port))
    protocols.parse(connection, Kept())
    return connection.services


def test_tftp_by_its_requests() -> None:
    assert _services(b"\0\1boot/kernel\0octet\0", 69) == ["tftp"]
    assert _services(b"\0\2config\0netascii\0blksize\x001428\0", 69) == ["tftp"]
    for data, port in (
        (b"\0\1boot\0octet\0", 70),
        (b"\0\3\0\1data\0octet\0", 69),
        (b"\0\1\0octet\0", 69),
        (b"\0\1boot\0other\0", 69),
    ):
        assert _services(data, port) == []


@given(st.binary(max_size=80), st.binary(max_size=8), st.lists(st.integers(0, 60), max_size=2))
@settings(max_examples=100, deadline=None)
def test_bytes_that_make_no_sense(tail: bytes, answer: bytes, cuts: list[int]) -> None:
    survives("mqtt", b"\x10\x60" + V5 + tail, answer, cuts)
    survives("mqtt", tail, answer, cuts)
