"""Logons in clear: POP3, IMAP, Telnet, SOCKS, FTP, SMTP and HTTP tell of them, and none keeps a password."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import conversation, read, survives

from wardround.wire.protocols import by_name

Turns = Sequence[tuple[str, bytes | int]]

SASL = base64.b64encode(b"\0tech\0geheim")
USER, SECRET = base64.b64encode(b"tech"), base64.b64encode(b"geheim")

SESSIONS: dict[str, tuple[str, Turns, bool | None]] = {
    "pop3": (
        "pop3",
        [("<", b"+OK hi\r\n"), (">", b"user tech\r\n"), ("<", b"+OK\r\n"), (">", b"PASS geheim\r\n"), ("<", b"-ERR\r\n")],
        False,
    ),
    "pop3 sasl": (
        "pop3",
        [("<", b"+OK\r\n"), (">", b"AUTH PLAIN\r\n"), ("<", b"+ \r\n"), (">", SASL + b"\r\n"), ("<", b"+OK\r\n")],
        True,
    ),
    "pop3 login": (
        "pop3",
        [
            ("<", b"+OK\r\n"),
            (">", b"AUTH LOGIN\r\n"),
            ("<", b"+ VXNlcg==\r\n"),
            (">", USER + b"\r\n"),
            ("<", b"+ UGFzcw==\r\n"),
            (">", SECRET + b"\r\n"),
            ("<", b"+OK\r\n"),
        ],
        True,
    ),
    "imap": (
        "imap",
        [("<", b"* OK hi\r\n"), (">", b'a1 LOGIN tech "ge\\heim"\r\n'), ("<", b"* CAPABILITY\r\na1 NO bad\r\n")],
        False,
    ),
    "imap sasl": (
        "imap",
        [
            ("<", b"* OK hi\r\n"),
            (">", b"a AUTHENTICATE PLAIN\r\n"),
            ("<", b"+ \r\n"),
            (">", SASL + b"\r\n"),
            ("<", b"a OK in\r\n"),
        ],
        True,
    ),
    "imap literals": (
        "imap",
        [
            ("<", b"* OK hi\r\n"),
            (">", b"a1 LOGIN {4}\r\n"),
            ("<", b"+ OK\r\n"),
            (">", b"tech {6}\r\n"),
            ("<", b"+ OK\r\n"),
            (">", b"geheim\r\n"),
            ("<", b"a1 OK Logged in\r\n"),
        ],
        True,
    ),
    "imap literals at once": (
        "imap",
        [("<", b"* OK hi\r\n"), (">", b"a1 LOGIN {4+}\r\ntech {6+}\r\ngeheim\r\na2 SELECT INBOX\r\n"), ("<", b"a1 NO\r\n")],
        False,
    ),
    "imap literal and string": (
        "imap",
        [("<", b"* OK hi\r\n"), (">", b'a1 login "tech" {6+}\r\n'), (">", b"geheim\r\n"), ("<", b"a1 OK\r\n")],
        True,
    ),
    "imap login by sasl": (
        "imap",
        [
            ("<", b"* OK hi\r\n"),
            (">", b"a1 AUTHENTICATE LOGIN\r\n"),
            ("<", b"+ VXNlcm5hbWU6\r\n"),
            (">", USER + b"\r\n"),
            ("<", b"+ UGFzc3dvcmQ6\r\n"),
            (">", SECRET + b"\r\n"),
            ("<", b"a1 OK in\r\n"),
        ],
        True,
    ),
    "imap pipelined": (
        "imap",
        [
            ("<", b"* OK hi\r\n"),
            (">", b"a1 LOGIN tech geheim\r\na2 SELECT INBOX\r\na3 LOGOUT\r\n"),
            ("<", b"a1 OK in\r\n* 0 EXISTS\r\na2 OK\r\na3 OK\r\n"),
        ],
        True,
    ),
    "imap given up and once more": (
        "imap",
        [
            ("<", b"* OK hi\r\n"),
            (">", b"a1 AUTHENTICATE PLAIN\r\n"),
            (">", b"*\r\nDONE\r\na2 LOGIN tech geheim\r\n"),
            ("<", b"+ \r\na1 BAD given up\r\na2 NO\r\n"),
        ],
        False,
    ),
    "pop3 pipelined": (
        "pop3",
        [
            ("<", b"+OK hi\r\n"),
            (">", b"CAPA\r\nUSER tech\r\nPASS geheim\r\nQUIT\r\n"),
            ("<", b"+OK\r\nUSER\r\n.\r\n+OK\r\n-ERR no\r\n+OK bye\r\n"),
        ],
        False,
    ),
    "pop3 given up and once more": (
        "pop3",
        [
            ("<", b"+OK\r\n"),
            (">", b"AUTH PLAIN\r\n"),
            (">", b"*\r\nuser tech\r\n"),
            ("<", b"+ \r\n-ERR given up\r\n+OK\r\n"),
            (">", b"pass geheim\r\n"),
            ("<", b"+OK\r\n"),
        ],
        True,
    ),
    "telnet": (
        "telnet",
        [
            ("<", b"\xff\xfd\x18"),
            (">", b"\xff\xfb\x18"),
            ("<", b"host login: "),
            (">", b"te"),
            ("<", b"te"),
            (">", b"ch\r\0"),
            ("<", b"ch\r\nPassword: "),
            (">", b"geheim\r\n"),
            ("<", b"\r\nLogin incorrect\r\n"),
        ],
        False,
    ),
    "socks": (
        "socks",
        [
            (">", b"\5\1\2"),
            ("<", b"\5\2"),
            (">", b"\1\4tech\6geheim"),
            ("<", b"\1\0"),
            (">", b"\5\1\0\1\1\2\3\4\0\x50"),
            ("<", b"\5\5\0\1\0\0\0\0\0\0"),
        ],
        True,
    ),
    "ftp": (
        "ftp",
        [("<", b"220 FTP\r\n"), (">", b"USER tech\r\n"), ("<", b"331\r\n"), (">", b"PASS geheim\r\n"), ("<", b"530 No\r\n")],
        False,
    ),
    "smtp": ("smtp", [("<", b"220 ESMTP\r\n"), (">", b"AUTH PLAIN " + SASL + b"\r\n"), ("<", b"235 In\r\n")], True),
    "smtp login": (
        "smtp",
        [
            ("<", b"220 ESMTP\r\n"),
            (">", b"AUTH LOGIN\r\n"),
            ("<", b"334 x\r\n"),
            (">", USER + b"\r\n"),
            ("<", b"334 x\r\n"),
            (">", SECRET + b"\r\n"),
            ("<", b"535 Out\r\n"),
        ],
        False,
    ),
    "http": (
        "http",
        [
            (">", b"GET / HTTP/1.1\r\nAuthorization: Basic " + base64.b64encode(b"tech:geheim") + b"\r\n\r\n"),
            ("<", b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"),
        ],
        False,
    ),
}


@pytest.mark.parametrize("session", SESSIONS)
def test_a_logon_is_told_without_its_password(session: str) -> None:
    name, turns, success = SESSIONS[session]
    connection, kept = read(name, turns)
    (row,) = kept.tables["clear_credential"]
    assert (row["service"], row["username"], row["password_length"], row["success"]) == (name, "tech", 6, success)
    assert connection.services == [name]
    everything = repr(kept.tables)
    assert not any(word in everything for word in ("geheim", SASL.decode(), SECRET.decode()))


def test_telnet_commands_are_no_user_names() -> None:
    turns: Turns = [
        ("<", b"\xff\xfd\x18"),
        (">", b"\xff\xfb\x18"),
        ("<", b"host login: "),
        (">", b"tech\r\0"),
        ("<", b"tech\r\nPassword: "),
        (">", b":geheim\r\0"),
        ("<", b"\r\nLast login: Thu Nov 26 10:00:00 from 10.0.0.9\r\n$ "),
        (">", b"passwd\r\0"),
        ("<", b"passwd\r\nCurrent password: "),
        (">", b"geheim\r\0"),
        ("<", b"\r\nNew password: "),
        (">", b"new\r\0"),
        ("<", b"\r\n$ "),
        (">", b"echo password:"),
        ("<", b"echo password:"),
        (">", b"\r\0"),
        ("<", b"\r\npassword:\r\n$ "),
    ]
    told = read("telnet", turns)[1].tables["clear_credential"]
    assert [(row["username"], row["password_length"]) for row in told] == [("tech", 7), ("tech", 6), ("tech", 3)]


def test_what_a_message_says_is_no_command() -> None:
    stored = b"Subject: x\r\n\r\nb2 LOGIN tech geheim\r\n"
    turns = [
        ("<", b"* OK hi\r\n"),
        (">", b"a2 APPEND INBOX {%d}\r\n" % len(stored)),
        ("<", b"+ OK\r\n"),
        (">", stored + b"\r\n"),
        ("<", b"b2 OK\r\na2 OK\r\n"),
    ]
    assert "clear_credential" not in read("imap", turns)[1].tables
    shown = b"+OK 29 octets\r\n+OK\r\n-ERR\r\n.\r\n+OK\r\n-ERR\r\n"
    turns = [("<", b"+OK\r\n"), (">", b"RETR 1\r\nUSER tech\r\nPASS geheim\r\n"), ("<", shown)]
    (row,) = read("pop3", turns)[1].tables["clear_credential"]
    assert row["success"] is False


def test_the_same_password_is_seen_again_only_at_the_same_server() -> None:
    turns = SESSIONS["pop3"][1]
    hashes = [
        read("pop3", turns, resp_h=host)[1].tables["clear_credential"][0]["password_hash"]
        for host in ("10.0.0.2", "10.0.0.2", "10.0.0.3")
    ]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 4


@pytest.mark.parametrize(
    ("name", "turns", "offsets"),
    [
        ("pop3", [("<", b"+OK\r\n"), (">", b"STLS\r\n"), ("<", b"+OK go\r\n"), (">", b"\x16\x03\x01\n")], (6, 13)),
        ("imap", [("<", b"* OK\r\n"), (">", b"a STARTTLS\r\n"), ("<", b"a OK go\r\n"), (">", b"\x16\x03\x01\n")], (12, 15)),
    ],
)
def test_tls_is_followed(name: str, turns: Turns, offsets: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("wardround.wire.protocols.parse_inner", lambda c, name, rows, *at: seen.append((name, at)))
    _, kept = read(name, [("<", b"* OK hi\r\n"), *turns[1:]] if name == "imap" else turns)
    assert seen[0][0] == "ssl"
    assert seen[0][1][0] == offsets[0]
    assert "clear_credential" not in kept.tables


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (
            b"\4\1\0\x50\1\2\3\4me\0",
            b"\0\x5a\0\x51\5\6\7\x08",
            {"request.host": "1.2.3.4", "user": "me", "status": "succeeded", "bound_p": 81},
        ),
        (
            b"\4\1\1\xbb\0\0\0\1\0name\0",
            b"\0\x5b" + bytes(6),
            {"request.name": "name", "request_p": 443, "status": "general SOCKS server failure"},
        ),
        (b"\5\1\0\5\1\0\3\4name\0\x50", b"\5\0\5\4\0\1\0\0\0\0\0\0", {"request.name": "name", "status": "Host unreachable"}),
        (
            b"\5\1\0\5\1\0\4" + bytes(15) + b"\1\0\x50",
            b"\5\0\5\0\0\1\1\2\3\4\0\1",
            {"request.host": "::1", "bound.host": "1.2.3.4"},
        ),
        (b"\5\1\2\1\1a\1b", b"\5\xff", {"version": 5}),
    ],
)
def test_socks(asked: bytes, answer: bytes, expected: dict[str, Any]) -> None:
    (row,) = read("socks", [(">", asked), ("<", answer)])[1].tables["socks"]
    assert {name: row.get(name) for name in expected} == expected


def test_what_a_proxy_carries_is_read() -> None:
    connection, kept = read(
        "socks",
        [
            (">", b"\5\1\0"),
            ("<", b"\5\0"),
            (">", b"\5\1\0\1\1\2\3\4\0\x50"),
            ("<", b"\5\0\0\1\0\0\0\0\0\0"),
            (">", b"GET /inside HTTP/1.1\r\n\r\n"),
            ("<", b"HTTP/1.1 200 OK\r\n\r\n"),
        ],
    )
    assert connection.services == ["socks", "http"]
    assert kept.tables["http"][0]["uri"] == "/inside"


def test_irc_and_rtsp() -> None:
    _, kept = read(
        "irc",
        [
            (">", b"NICK bot\r\nUSER u 0 * :Real Name\r\n"),
            ("<", b":srv NOTICE * :hi\r\n"),
            (">", b"JOIN #c key\r\nPRIVMSG x :y\r\n"),
        ],
    )
    rows = kept.tables["irc"]
    assert [(row["command"], row["value"], row["nick"]) for row in rows] == [
        ("NICK", "bot", None),
        ("USER", "u", "bot"),
        ("JOIN", "#c", "bot"),
    ]
    assert "key" not in repr(rows[2]["addl"]).replace("channel key", "")
    connection, _ = read("rtsp", [(">", b"DESCRIBE rtsp://10.0.0.2/cam RTSP/1.0\r\nCSeq: 1\r\n\r\n")])
    assert connection.services == ["rtsp"]


NAMES = ("pop3", "imap", "telnet", "socks", "irc", "rtsp")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "begin", [b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x85\xff\x53\x4d\x42", b"SSH-2.0-x\r\n"]
)
def test_other_protocols_are_not_recognised(name: str, begin: bytes) -> None:
    assert not by_name(name).sniff(conversation([(">", begin)]))
    assert not by_name(name).sniff(conversation([(">", begin), ("<", b"220 hello\r\n")]))


@pytest.mark.parametrize("session", ["pop3 login", "imap", "imap sasl", "telnet", "socks"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_hostile_bytes(session: str, data: st.DataObject) -> None:
    name, turns, _ = SESSIONS[session]
    sides = []
    for side in (">", "<"):
        whole = b"".join(part for who, part in turns if who == side and isinstance(part, bytes))
        at = data.draw(st.integers(0, len(whole)))
        sides.append(whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + data.draw(st.integers(0, 3)) :])
    if by_name(name).sniff(conversation([(">", sides[0]), ("<", sides[1])])):
        survives(name, sides[0], sides[1], data.draw(st.lists(st.integers(1, 40), max_size=2)))
