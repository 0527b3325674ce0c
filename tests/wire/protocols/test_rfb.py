"""RFB: every version's handshake as far as it goes, and hostile bytes."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import conversation, read, survives

from wardround.wire.protocols import rfb

SCREEN = struct.pack(">HH", 1024, 768) + bytes(16) + struct.pack(">I", 7) + b"Console"


def _row(*turns: tuple[str, bytes | int]) -> dict[str, Any]:
    _, kept = read("rfb", turns, port=5900)
    (row,) = kept.tables["rfb"]
    return row


def test_version_3_3_with_password() -> None:
    row = _row(
        ("<", b"RFB 003.008\n"),
        (">", b"RFB 003.003\n"),
        ("<", b"\0\0\0\2" + bytes(16)),
        (">", bytes(16)),
        ("<", bytes(4)),
        (">", b"\1"),
        ("<", SCREEN),
    )
    expected = {
        "server_major_version": "003",
        "server_minor_version": "008",
        "client_major_version": "003",
        "client_minor_version": "003",
        "authentication_method": "VNC",
        "auth": True,
        "share_flag": True,
        "desktop_name": "Console",
        "width": 1024,
        "height": 768,
    }
    assert {name: row[name] for name in expected} == expected


def _within(number: int, *turns: tuple[str, bytes | int]) -> list[tuple[str, bytes | int]]:
    """VeNCrypt 0.2 up to the client's choice of that type, as TigerVNC speaks it."""
    return [
        ("<", b"RFB 003.008\n"),
        (">", b"RFB 003.008\n"),
        ("<", b"\1\x13"),
        (">", b"\x13"),
        ("<", b"\0\2"),
        (">", b"\0\2"),
        ("<", b"\0\2\0\0\1\2" + struct.pack(">I", number)),
        (">", struct.pack(">I", number)),
        *turns,
    ]


def test_a_password_in_clear_within_vencrypt() -> None:
    told = struct.pack(">II", 4, 6) + b"techgeheim"
    _, kept = read("rfb", _within(256, (">", told), ("<", bytes(4)), (">", b"\0"), ("<", SCREEN)), port=5900)
    (row,), (logon,) = kept.tables["rfb"], kept.tables["clear_credential"]
    assert (row["authentication_method"], row["security_subtype"], row["auth"]) == ("VeNCrypt", "Plain", True)
    assert (row["desktop_name"], logon["service"], logon["username"]) == ("Console", "rfb", "tech")
    assert (logon["password_length"], logon["success"]) == (6, True)
    assert "geheim" not in repr(kept.tables)


@pytest.mark.parametrize("lengths", [(4, 1_025), (4, 7), (0xFFFFFFFF, 0xFFFFFFFF)])
def test_lengths_that_are_not_there_are_no_password(lengths: tuple[int, int]) -> None:
    _, kept = read("rfb", _within(256, (">", struct.pack(">II", *lengths) + b"techgeheim"), ("<", bytes(4))), port=5900)
    assert "clear_credential" not in kept.tables


@pytest.mark.parametrize(("number", "name"), [(257, "TLSNone"), (261, "X509Vnc")])
def test_tls_within_vencrypt_is_read(number: int, name: str) -> None:
    hello = b"\x03\x03" + b"r" * 32 + b"\0" + b"\0\x02\xc0\x2f" + b"\x01\0"
    record = b"\x16\x03\x01" + (4 + len(hello)).to_bytes(2, "big") + b"\x01" + len(hello).to_bytes(3, "big") + hello
    turns = ("<", b"\1"), (">", record), ("<", b"\x15\x03\x03\0\x02\x02\x28")
    connection, kept = read("rfb", _within(number, *turns), port=5900)
    assert kept.tables["rfb"][0]["security_subtype"] == name
    assert kept.tables["ssl"][0]["last_alert"] == "handshake_failure"
    assert connection.services == ["rfb", "ssl"]


def test_version_3_8_refused() -> None:
    row = _row(
        ("<", b"RFB 003.008\n"),
        (">", b"RFB 003.008\n"),
        ("<", b"\2\1\2"),
        (">", b"\2"),
        ("<", bytes(16)),
        (">", bytes(16)),
        ("<", b"\0\0\0\1\0\0\0\2no"),
    )
    assert (row["authentication_method"], row["auth"], "width" in row) == ("VNC", False, False)


@pytest.mark.parametrize(("minor", "result"), [(b"7", b""), (b"8", bytes(4))])
def test_no_authentication(minor: bytes, result: bytes) -> None:
    version = b"RFB 003.00" + minor + b"\n"
    row = _row(("<", version), (">", version), ("<", b"\1\1"), (">", b"\1\0"), ("<", result + SCREEN))
    assert (row["authentication_method"], row["share_flag"], row["width"]) == ("None", False, 1024)


def test_apple() -> None:
    row = _row(
        ("<", b"RFB 003.889\n"),
        (">", b"RFB 003.889\n"),
        ("<", b"\1\x1e"),
        (">", b"\x1e"),
        ("<", b"\0\2\0\x08" + bytes(16)),
        (">", bytes(136)),
        ("<", bytes(4)),
        (">", b"\1"),
        ("<", SCREEN),
    )
    assert (row["authentication_method"], row["auth"], row["height"]) == ("Apple Remote Desktop", True, 768)


def test_what_is_encrypted_is_not_read() -> None:
    row = _row(("<", b"RFB 003.008\n"), (">", b"RFB 003.008\n"), ("<", b"\1\x13"), (">", b"\x13\1"), ("<", SCREEN))
    assert (row["authentication_method"], "width" in row) == ("VeNCrypt", False)


@pytest.mark.parametrize("begin", [b"RFB 003x008\n", b"RFB 3.8\n", b"RFB", b""])
def test_not_rfb(begin: bytes) -> None:
    assert not rfb.sniff(conversation([("<", begin)]))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=64), st.binary(max_size=64), st.sampled_from([b"3", b"7", b"8"]))
def test_hostile_bytes(client: bytes, server: bytes, minor: bytes) -> None:
    version = b"RFB 003.00" + minor + b"\n"
    assert len(survives("rfb", version + client, version + server).tables["rfb"]) == 1
