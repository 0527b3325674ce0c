"""FTP: files as URLs, data connections, replies that are lost, TLS, and hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import conversation, read, survives

from wardround.wire.protocols import ftp

LOGON: list[tuple[str, bytes | int]] = [
    ("<", b"220-Welcome\r\n220 ready\r\n"),
    (">", b"USER tech\r\n"),
    ("<", b"331 Password\r\n"),
    (">", b"PASS geheim\r\n"),
    ("<", b"230 In\r\n"),
]


def test_files_are_told_by_url_and_passwords_not_at_all() -> None:
    _, kept = read(
        "ftp",
        [
            *LOGON,
            (">", b"CWD images/new\r\n"),
            ("<", b"250 Ok\r\n"),
            (">", b"RETR ../old/1.dcm\r\n"),
            ("<", b"150 Opening 1.dcm (512 bytes)\r\n"),
            ("<", b"226 Done\r\n"),
            (">", b"PWD\r\n"),
            ("<", b'257 "/base" is it\r\n'),
            (">", b"STOR 2.dcm\r\n"),
            ("<", b"553 No\r\n"),
            (">", b"QUIT\r\n"),
            ("<", b"221 Bye\r\n"),
        ],
        port=2121,
    )
    first, second = kept.tables["ftp"]
    expected = {
        "user": "tech",
        "password": "<hidden>",
        "command": "RETR",
        "arg": "ftp://10.0.0.2/./images/old/1.dcm",
        "file_size": 512,
        "reply_code": 226,
        "reply_msg": "Done",
        "ts": 8_000_000_000,
    }
    assert {name: first[name] for name in expected} == expected
    assert (second["arg"], second["reply_code"]) == ("ftp://10.0.0.2/base/2.dcm", 553)
    assert "geheim" not in repr(kept.tables)


@pytest.mark.parametrize(
    ("command", "reply", "channel"),
    [
        (b"PASV", b"227 Go (10,0,0,9,4,1)", (True, "10.0.0.1", "10.0.0.9", 1025)),
        (b"EPSV", b"229 Go (|||6446|)", (True, "10.0.0.1", "10.0.0.2", 6446)),
        (b"PORT 10,0,0,1,8,2", b"200 Ok", (False, "10.0.0.2", "10.0.0.1", 2050)),
        (b"EPRT |2|2001:db8::1|5282|", b"200 Ok", (False, "10.0.0.2", "2001:db8::1", 5282)),
        (b"PASV", b"227 Go (10,0,0,999,4,1)", (None, None, None, None)),
        (b"EPSV", b"229 Go (|||99999|)", (None, None, None, None)),
    ],
)
def test_data_connections(command: bytes, reply: bytes, channel: tuple[object, ...]) -> None:
    _, kept = read("ftp", [*LOGON, (">", command + b"\r\n"), ("<", reply + b"\r\n")])
    (row,) = kept.tables["ftp"]
    names = ("data_channel.passive", "data_channel.orig_h", "data_channel.resp_h", "data_channel.resp_p")
    assert tuple(row.get(name) for name in names) == channel


def test_a_size_is_told_by_the_reply_that_opens_a_connection_only() -> None:
    """Mainframes reply 125 with the name of the data set, which has numbers."""
    opened = [(">", b"RETR A\r\n"), ("<", b"125 Sending data set SYS1.IMAGE20\r\n"), ("<", b"250 Done\r\n")]
    _, kept = read("ftp", [*LOGON, *opened], port=21)
    (found,) = kept.tables["ftp"]
    assert (found["reply_code"], found.get("file_size")) == (250, None)


def test_a_lost_reply_does_not_shift_the_others() -> None:
    _, kept = read(
        "ftp",
        [
            *LOGON,
            (">", b"CWD a\r\n"),
            ("<", 28),
            (">", b"TYPE I\r\n"),
            ("<", b"200 Ok\r\n"),
            (">", b"PASV\r\n"),
            ("<", b"227 Go (10,0,0,9,4,1)\r\n"),
            (">", b"RETR f\r\n"),
            ("<", b"226 Done\r\n"),
        ],
    )
    passive, file = kept.tables["ftp"]
    assert (passive["reply_code"], file["reply_code"], file["arg"]) == (227, 226, "ftp://10.0.0.2/./a/f")


def test_a_session_without_its_beginning() -> None:
    _, kept = read(
        "ftp", [(">", b"PASV\r\n"), ("<", b"227 Go (1,2,3,4,5,6)\r\n"), (">", b"DELE /x\r\n"), ("<", b"250 Gone\r\n")]
    )
    assert [(row["user"], row["command"]) for row in kept.tables["ftp"]] == [("<unknown>", "PASV"), ("<unknown>", "DELE")]


def test_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def inner(connection: object, name: str, rows: object, orig_offset: int, resp_offset: int) -> None:
        seen.append((name, orig_offset, resp_offset))

    monkeypatch.setattr("wardround.wire.protocols.parse_inner", inner)
    greeting = b"220 FTP\r\n"
    read("ftp", [("<", greeting), (">", b"AUTH TLS\r\n"), ("<", b"234 Go\r\n"), (">", b"\x16\x03\x01\x00\n")])
    assert seen == [("ssl", 10, len(greeting) + 8)]


@pytest.mark.parametrize(
    "turns", [[("<", b"+OK POP3\r\n"), (">", b"USER x\r\n")], [("<", b"220 box ESMTP\r\n"), (">", b"HELO x\r\n")]]
)
def test_other_protocols_are_not_taken_for_ftp(turns: list[tuple[str, bytes | int]]) -> None:
    assert not ftp.sniff(conversation(turns))


_PIECES = [
    b"USER x\r\n",
    b"PASS y\r\n",
    b"PASV\r\n",
    b"PORT 1,2,3\r\n",
    b"RETR ../../..\r\n",
    b"CWD C:\\x\r\n",
    b"CDUP\r\n",
    b"\xff\xf4\r\n",
    b"227 (1,2,3,4,5,6)\r\n",
    b"229 (|||1|)\r\n",
    b"229 (\r\n",
    b"150 (99999999999999999999999 b)\r\n",
    b"226 x\r\n",
    b'257 "\r\n',
    b"2",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(_PIECES), max_size=30),
    st.lists(st.sampled_from(_PIECES), max_size=30),
    st.lists(st.integers(1, 99), max_size=3),
)
def test_hostile_bytes(client: list[bytes], server: list[bytes], cuts: list[int]) -> None:
    for row in survives("ftp", b"".join(client), b"".join(server), cuts).tables.get("ftp", []):
        assert row["command"] in {"PASV", "PORT", "RETR"}
