"""SSH: banners, agreement on algorithms, the server's key, logons, and hostile bytes."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import read, survives


def packet(payload: bytes) -> bytes:
    """A packet as before encryption."""
    padding = 8 - (len(payload) + 5) % 8 + 4
    return struct.pack(">IB", len(payload) + 1 + padding, padding) + payload + bytes(padding)


def offer(*lists: str) -> bytes:
    """SSH_MSG_KEXINIT: key exchange, host key, ciphers, codes and compression both ways, languages."""
    body = b"".join(struct.pack(">I", len(names)) + names.encode() for names in (*lists, "", ""))
    return packet(b"\x14" + bytes(16) + body + bytes(5))


KEY = b"\x00\x00\x00\x0bssh-ed25519" + b"k" * 32
CLIENT = offer("curve,dh", "ed,rsa", "aes,des", "aes,des", "m1,m2", "m1,m2", "none,zlib", "none,zlib")
SERVER = offer("dh,curve", "rsa,ed", "des,aes", "des", "m2", "m2", "none", "none")
REPLY = packet(b"\x1f" + struct.pack(">I", len(KEY)) + KEY + bytes(40))
NEWKEYS = packet(b"\x15")


def _conversation(*sizes: int) -> list[tuple[str, bytes | int]]:
    beginning: list[tuple[str, bytes | int]] = [
        ("<", b"Mind the gap\r\nSSH-2.0-Server\r\n"), (">", b"SSH-1.99-Client 1\r\n"), (">", CLIENT), ("<", SERVER),
        ("<", REPLY + NEWKEYS), (">", NEWKEYS),
    ]  # fmt: skip
    return beginning + [("<", b"?" * size) for size in sizes]


def test_what_both_ends_agree_on() -> None:
    _, kept = read("ssh", _conversation(), port=2222)
    (row,) = kept.tables["ssh"]
    expected = {
        "client": "SSH-1.99-Client 1", "server": "SSH-2.0-Server", "version": 2, "kex_alg": "curve", "host_key_alg": "ed",
        "cipher_alg": "To server: aes, to client: des", "mac_alg": "m2", "compression_alg": "none",
        "host_key_fingerprint": "SHA256:" + base64.b64encode(hashlib.sha256(KEY).digest()).decode().rstrip("="),
        "hassh": hashlib.md5(b"curve,dh;aes,des;m1,m2;none,zlib", usedforsecurity=False).hexdigest(),
        "hasshServer": hashlib.md5(b"dh,curve;des;m2;none", usedforsecurity=False).hexdigest(),
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("sizes", "result"),
    [
        ((48, 80, 80, 32), (True, 2)),
        ((48, 80, 80, 80), (False, 2)),
        ((48, 32), (True, 1)),
        ((48, 80), (None, 0)),
        ((), (None, 0)),
    ],
)
def test_logons_are_told_by_sizes(sizes: tuple[int, ...], result: tuple[bool | None, int]) -> None:
    (row,) = read("ssh", _conversation(*sizes))[1].tables["ssh"]
    assert (row["auth_success"], row["auth_attempts"]) == result


def test_extensions_told_with_the_change_of_keys_are_no_answer_to_a_logon() -> None:
    """Sizes as OpenSSH 9.2 sends them: extensions behind the new keys, service, "none" refused, key known, success."""
    talk = _conversation(44, 52, 100, 28, 460)
    talk[4] = ("<", REPLY + NEWKEYS + b"?" * 316)
    _, kept = read("ssh", talk, port=2222)
    (row,) = kept.tables["ssh"]
    assert (row["auth_success"], row["auth_attempts"]) == (True, 1)


@pytest.mark.parametrize(
    ("client", "server", "version"),
    [("1.5", "1.99", 1), ("1.99", "1.99", 2), ("1.5", "1.5", 1), ("1.5", "2.0", 0), ("2.0", None, None), (None, "2.0", None)],
)
def test_versions(client: str | None, server: str | None, version: int | None) -> None:
    turns: list[tuple[str, bytes | int]] = []
    if client:
        turns.append((">", f"SSH-{client}-c\r\n".encode()))
    if server:
        turns.append(("<", f"SSH-{server}-s".encode()))
    (row,) = read("ssh", turns)[1].tables["ssh"]
    assert row["version"] == version
    assert row["server"] == (f"SSH-{server}-s" if server else None)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    whole = b"SSH-2.0-x\r\n" + SERVER + REPLY + NEWKEYS + b"?" * 48
    for _ in range(3):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    whole = whole[: data.draw(st.integers(0, len(whole)))]
    kept = survives("ssh", b"SSH-2.0-y\r\n" + CLIENT + NEWKEYS, whole, data.draw(st.lists(st.integers(1, 400), max_size=2)))
    assert len(kept.tables["ssh"]) == 1
