"""SMTP: transactions, envelopes and headers, pipelining, BDAT, STARTTLS, and hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.talk import Kept, conversation, read, survives

from wardround.wire.protocols import smtp

HELLO: list[tuple[str, bytes | int]] = [
    ("<", b"220 mx ESMTP\r\n"),
    (">", b"EHLO ward\r\n"),
    ("<", b"250-mx\r\n250 CHUNKING\r\n"),
]

MESSAGE = (
    b"Received: from a ([192.0.2.1]) by b ([198.51.100.7]);\r\n\tMon\r\nReceived: from c ([2001:db8::9]) by d\r\n"
    b'From: "A, B" <a@x>\r\nTo: "C, D" <c@x>,\r\n e@x, e@x\r\nSubject: Images\r\n of today\r\nMessage-ID: <1@x>\r\n'
    b"X-Mailer: M\r\nDate: D\r\n\r\nSubject: body, not header\r\n..dot\r\n"
)


def _smtp(*turns: tuple[str, bytes | int]) -> Kept:
    return read("smtp", [*HELLO, *turns], port=25)[1]


def test_two_messages() -> None:
    (first, second) = _smtp(
        (">", b"MAIL FROM:<a@x> SIZE=10\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"RCPT TO:<c@x>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"rcpt to: e@x\r\n"),
        ("<", b"550 No\r\n"),
        (">", b"DATA\r\n"),
        ("<", b"354 Go\r\n"),
        (">", MESSAGE),
        (">", b".\r\n"),
        ("<", b"250-Thanks\r\n250 Queued as 7\r\n"),
        (">", b"MAIL FROM:<>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"QUIT\r\n"),
        ("<", b"221 Bye\r\n"),
    ).tables["smtp"]
    expected = {
        "trans_depth": 1,
        "helo": "ward",
        "mailfrom": "a@x",
        "rcptto": ["c@x", "e@x"],
        "from": '"A, B" <a@x>',
        "to": ['"C, D" <c@x>', "e@x"],
        "subject": "Images of today",
        "msg_id": "<1@x>",
        "user_agent": "M",
        "date": "D",
        "last_reply": "250 Queued as 7",
        "tls": False,
        "path": ["10.0.0.2", "10.0.0.1", "198.51.100.7", "2001:db8::9"],
    }
    assert {name: first[name] for name in expected} == expected
    assert first["ts"] == 4_000_000_000
    assert (second["trans_depth"], second["last_reply"], "mailfrom" in second) == (2, "221 Bye", False)


def test_pipelined_commands() -> None:
    (row,) = _smtp(
        (">", b"MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"),
        ("<", b"250 1\r\n250 2\r\n354 3\r\n"),
        (">", b"Subject: s\r\n\r\nx\r\n.\r\nQUIT\r\n"),
        ("<", b"250 4\r\n221 5\r\n"),
    ).tables["smtp"]
    assert (row["mailfrom"], row["subject"], row["last_reply"]) == ("a@x", "s", "250 4")


def test_a_refused_message_is_not_read_as_one() -> None:
    (row,) = _smtp(
        (">", b"MAIL FROM:<a@x>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"DATA\r\n"),
        ("<", b"554 no recipients\r\n"),
        (">", b"RCPT TO:<late@x>\r\n"),
        ("<", b"250 Ok\r\n"),
    ).tables["smtp"]
    assert row["rcptto"] == ["late@x"]


def test_message_in_chunks() -> None:
    first, rest = b"Subject: in\r\n two pieces\r\n", b"From: f\r\n\r\nMAIL FROM:<not@command>\r\n"
    (row,) = _smtp(
        (">", b"MAIL FROM:<a@x>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"BDAT %d\r\n%s" % (len(first), first)),
        ("<", b"250 Ok\r\n"),
        (">", b"BDAT %d LAST\r\n%s" % (len(rest), rest)),
        ("<", b"250 Queued\r\n"),
        (">", b"BDAT -1 LAST\r\n"),
        ("<", b"521 x\r\n"),
    ).tables["smtp"]
    assert (row["subject"], row["from"], row["last_reply"]) == ("in two pieces", "f", "250 Queued")


def test_starttls_hands_over_to_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def inner(connection: object, name: str, rows: object, orig_offset: int, resp_offset: int) -> None:
        seen.append((name, orig_offset, resp_offset))

    monkeypatch.setattr("wardround.wire.protocols.parse_inner", inner)
    turns: list[tuple[str, bytes | int]] = [
        (">", b"STARTTLS\r\n"),
        ("<", b"220 Go\r\n"),
        (">", b"\x16\x03\x01MAIL FROM:<a@x>\r\n"),
    ]
    (row,) = _smtp(*turns).tables["smtp"]
    assert (row["tls"], row["last_reply"]) == (True, "220 Go")
    assert seen == [("ssl", len(b"EHLO ward\r\nSTARTTLS\r\n"), len(b"220 mx ESMTP\r\n250-mx\r\n250 CHUNKING\r\n220 Go\r\n"))]


def test_credentials_are_not_taken_for_commands_and_not_kept() -> None:
    (row,) = _smtp(
        (">", b"AUTH LOGIN\r\n"),
        ("<", b"334 VXNlcm5hbWU6\r\n"),
        (">", b"dXNlcg==\r\n"),
        ("<", b"334 UGFzc3dvcmQ6\r\n"),
        (">", b"Z2VoZWlt\r\n"),
        ("<", b"235 Welcome\r\n"),
        (">", b"MAIL FROM:<a@x>\r\n"),
        ("<", b"250 Fine\r\n"),
    ).tables["smtp"]
    assert row["last_reply"] == "250 Fine"
    assert "Z2VoZWlt" not in repr(row)


def test_a_dot_at_the_border_of_a_read() -> None:
    for extra in range(8):
        body = b"Subject: s\r\n\r\n" + b"x" * (65_536 - 10 + extra) + b"\r\n.\r\n"
        (row, after) = _smtp(
            (">", b"MAIL FROM:<a@x>\r\n"),
            ("<", b"250 Ok\r\n"),
            (">", b"DATA\r\n"),
            ("<", b"354 Go\r\n"),
            (">", body),
            (">", b"MAIL FROM:<second@x>\r\n"),
            ("<", b"250 Taken\r\n250 Ok\r\n"),
        ).tables["smtp"]
        assert row["last_reply"] == "250 Taken"
        assert after["mailfrom"] == "second@x"


def test_ftp_is_not_taken_for_smtp() -> None:
    assert not smtp.sniff(conversation([("<", b"220 FTP ready\r\n"), (">", b"USER x\r\n")]))


_PIECES = [
    b"EHLO x\r\n",
    b"MAIL FROM:<a@b>\r\n",
    b"RCPT TO:<c@d>\r\n",
    b"DATA\r\n",
    b".\r\n",
    b"\r\n",
    b"BDAT 5\r\n",
    b"BDAT x LAST\r\n",
    b"220 ESMTP\r\n",
    b"250-\r\n",
    b"354 \r\n",
    b"AUTH PLAIN\r\n",
    b"334 \r\n",
    b"STARTTLS\r\n",
    b"220 go\r\n",
    b'To: ,,",\r\n',
    b"\xff",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(_PIECES), max_size=15),
    st.lists(st.sampled_from(_PIECES), max_size=15),
    st.lists(st.integers(1, 99), max_size=3),
)
def test_hostile_bytes(client: list[bytes], server: list[bytes], cuts: list[int]) -> None:
    kept = survives("smtp", b"".join(client), b"".join(server), cuts)
    depths = [row["trans_depth"] for row in kept.tables.get("smtp", [])]
    assert depths == sorted(depths)


def _handed(message: bytes, *, cut: int = 0) -> Kept:
    return _smtp(
        (">", b"MAIL FROM:<bounce@bad.example>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"RCPT TO:<anna@chu.example>\r\n"),
        ("<", b"250 Ok\r\n"),
        (">", b"DATA\r\n"),
        ("<", b"354 Go\r\n"),
        (">", message[: len(message) - cut]),
        ("<", b"250 Queued\r\n"),
    )


MAIL = (
    b"From: Banque <service@bad.example>\r\nTo: anna@chu.example\r\nSubject: Votre compte\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html\r\n\r\n<p>Cliquez <a href='http://www.evil.example/login'>ici</a></p>\r\n..dot\r\n.\r\n"
)


def test_a_whole_message_is_mail_too() -> None:
    tables = _handed(MAIL).tables
    (transaction,), (row,) = tables["smtp"], tables["mail_message"]
    assert (row["from_address"], row["subject"], row["return_path_address"], row["recipient"]) == (
        "service@bad.example", "Votre compte", "bounce@bad.example", "anna@chu.example",
    )  # fmt: skip
    assert (row["ts"], row["record"], row["external_address"]) == (transaction["ts"], transaction["record"], "10.0.0.1")
    assert row["excerpt"] == "Cliquez ici .dot"
    assert 0 <= row["fraud_probability"] <= 1
    assert [link["host"] for link in tables["mail_link"]] == ["www.evil.example"]


def test_a_large_message_is_mail_up_to_its_end() -> None:
    body = b"x" * 70 + b"\r\n"
    message = MAIL.removesuffix(b".\r\n") + body * 6_000 + b".\r\n"
    assert _handed(message).tables["mail_message"][0]["bytes"] > 400_000


def test_a_message_without_its_end_is_no_mail() -> None:
    assert "mail_message" not in _handed(MAIL, cut=3).tables


def _in_pieces(*pieces: bytes, cut: int = 0) -> Kept:
    """A message handed over by BDAT, command and piece in one go, as servers of one product do among themselves."""
    commands = [b"BDAT %d%s\r\n%s" % (len(piece), b" LAST" * (piece is pieces[-1]), piece) for piece in pieces]
    sent = b"MAIL FROM:<bounce@bad.example>\r\nRCPT TO:<anna@chu.example>\r\n" + b"".join(commands)
    return _smtp((">", sent[: len(sent) - cut]), ("<", b"250 Ok\r\n" * (2 + len(pieces))))


def test_a_message_in_pieces_is_mail_too() -> None:
    whole = MAIL.removesuffix(b".\r\n")
    at = whole.index(b"Votre")
    tables = _in_pieces(whole[:at], whole[at : at + 9], whole[at + 9 :]).tables
    (row,) = tables["mail_message"]
    assert (row["subject"], row["recipient"], row["bytes"]) == ("Votre compte", "anna@chu.example", len(whole))
    # The bytes are as they were written: nothing is stuffed, and two dots are two.
    assert row["excerpt"] == "Cliquez ici ..dot"
    assert [link["host"] for link in tables["mail_link"]] == ["www.evil.example"]


def test_a_message_in_pieces_that_are_not_all_there_is_no_mail() -> None:
    whole = MAIL.removesuffix(b".\r\n")
    assert "mail_message" not in _in_pieces(whole[:90], whole[90:], cut=1).tables
    assert "mail_message" not in _in_pieces(whole[:90], whole[90:], cut=len(whole) - 80).tables
