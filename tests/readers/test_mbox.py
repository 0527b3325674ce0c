"""Mailboxes in one file: every dialect, cut at messages, and within memory whatever they contain."""

from __future__ import annotations

import mailbox
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wardround.readers import identify
from wardround.readers.mail import mbox
from wardround.readers.mail.mbox import READER

Read = Callable[..., Any]


def message(number: int, body: str = "Hello") -> str:
    return f"From: a{number}@b.example\nSubject: number {number}\nDate: Mon, 02 Mar 2026 08:00:00 +0000\n\n{body}\n"


def subjects(found: Any) -> list[str]:
    return [row["subject"] for row in found.rows.get("mail_message", [])]


LINES = [
    "From a@b.example Mon Mar  2 08:00:00 2026",
    "From MAILER-DAEMON Mon Mar  2 08:00:00 2026",
    "From - Mon Mar 02 08:00:00 2026",
    "From ???@??? Mon Mar 02 08:00:00 2026",
    '"From "quoted name"@b.example Mon Mar  2 08:00:00 2026'[1:],
    "From a@b.example Mon Mar  2 08:00:00 +0100 2026 remote from somewhere",
    "From a@b.example 2 Mar 2026 08:00:00",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_that_begin_a_message(read_bytes: Read, line: str, ending: str) -> None:
    data = f"{line}\n{message(1)}\n{line}\n{message(2)}\n".replace("\n", ending).encode()
    known = identify(data)
    assert known is not None
    assert known[0] == "mbox"
    found = read_bytes(READER, data)
    assert subjects(found) == ["number 1", "number 2"]
    assert [row["record"] for row in found.rows["mail_message"]] == [1, 2]


def test_what_python_writes_is_read(read_bytes: Read, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(20):
        box.add(message(number, "From the beginning\n>From quoted\nFrom here on"))
    box.close()
    found = read_bytes(READER, (tmp_path / "box").read_bytes())
    assert subjects(found) == [f"number {number}" for number in range(20)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [(">From here", "From here"), (">>From here", ">From here"), ("> From here", "> From here"), (">Fromage", ">Fromage")],
)
def test_quoted_lines_lose_one_mark(read_bytes: Read, written: str, expected: str) -> None:
    data = f"From a@b.example Mon Mar  2 08:00:00 2026\n{message(1, written)}".encode()
    assert read_bytes(READER, data).rows["mail_message"][0]["excerpt"] == expected


def test_content_length_decides_where_it_leads_to_an_end(read_bytes: Read) -> None:
    inner = f"From x@y.example Mon Mar  2 08:00:00 2026\n{message(9)}"
    body = f"Forwarded as it lay:\n\n{inner}"
    first = f"From a@b.example Mon Mar  2 08:00:00 2026\nSubject: outer\nContent-Length: {len(body)}\n\n{body}\n"
    second = f"From a@b.example Mon Mar  2 08:00:00 2026\n{message(2)}"
    assert subjects(read_bytes(READER, (first + second).encode())) == ["outer", "number 2"]
    assert subjects(read_bytes(READER, first.encode())) == ["outer"]
    wrong = first.replace(f"Content-Length: {len(body)}", "Content-Length: 7")
    assert subjects(read_bytes(READER, (wrong + second).encode())) == ["outer", "number 9", "number 2"]


@pytest.mark.parametrize("beyond", [1, 500, 40_000_000])
def test_a_length_that_leads_beyond_the_end_hides_no_message(read_bytes: Read, beyond: int) -> None:
    rest = "".join(f"From a@b.example Mon Mar  2 08:00:00 2026\n{message(n)}\n" for n in (2, 3))
    body = "Pay at once.\n"
    first = "From a@b.example Mon Mar  2 08:00:00 2026\nSubject: number 1\nContent-Length: {}\n\n" + body
    data = first.format(len(body) + len(rest) + 1 + beyond) + "\n" + rest
    assert subjects(read_bytes(READER, data.encode())) == ["number 1", "number 2", "number 3"]


def test_large_mailboxes_are_cut_at_messages(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "SPAN_BYTES", 5_000)
    monkeypatch.setattr(mbox, "_BLOCK", 1_000)
    parts = [f"From a@b.example Mon Mar  2 08:00:00 2026\n{message(n, 'x' * (n * 37 % 900))}\n" for n in range(1, 121)]
    found = read_bytes(READER, "".join(parts).encode())
    assert found.spans > 5
    assert subjects(found) == [f"number {n}" for n in range(1, 121)]
    assert [row["record"] for row in found.rows["mail_message"]] == list(range(1, 121))
    streamed = read_bytes(READER, "".join(parts).encode(), streamed=True)
    assert streamed.spans == 1
    assert subjects(streamed) == subjects(found)


def test_a_message_without_end_keeps_memory_bounded(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "_BLOCK", 1_000)
    monkeypatch.setattr(mbox._Window, "REACH", 20_000)
    monkeypatch.setattr("wardround.readers.mail.desk.MESSAGE_BYTES", 10_000)
    line = "From a@b.example Mon Mar  2 08:00:00 2026\n"
    data = (line + message(1, "x\n" * 100_000) + "\n" + line + message(2)).encode()
    found = read_bytes(READER, data)
    assert subjects(found) == ["number 1", "number 2"]
    assert found.codes() == ["message_too_long"]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_does_no_harm(read_bytes: Read, data: st.DataObject) -> None:
    line = "From a@b.example Mon Mar  2 08:00:00 2026\n"
    raw = bytearray("\n".join(line + message(n, "Content-Length: 3\n\nFrom me") for n in range(4)).encode())
    for _ in range(data.draw(st.integers(0, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b"\n\rF:> 0\xff"))
    read_bytes(READER, bytes(raw[: data.draw(st.integers(0, len(raw)))]))
