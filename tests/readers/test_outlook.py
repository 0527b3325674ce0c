"""Outlook: .msg files, winmail.dat, compressed RTF; whole, nested, damaged, and meant to exhaust."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.readers.outlook_files import compound, message, tnef

from wardround.errors import ReaderError
from wardround.mail import outlook, rtf
from wardround.mail.compound import Compound, CompoundError
from wardround.mail.message import Message
from wardround.mail.parse import parse
from wardround.readers import identify
from wardround.readers.mail.eml import READER as EML
from wardround.readers.mail.msg import READER

Read = Callable[..., Any]

FILETIME = 133_884_144_000_000_000  # 2025-04-06T08:00:00Z

#: HTML as Outlook encloses it in RTF.
RTF = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\colortbl\red0;}"
    rb"{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Bonjour \'e0 tous \u8364?, {\*\htmltag84 <a href=\"http://a.example/\{x\}\">}"
    rb"ici{\*\htmltag92 </a>}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}"
)


def stored_rtf(raw: bytes) -> bytes:
    """RTF as a value of PidTagRtfCompressed that is not compressed."""
    return struct.pack("<II4sI", len(raw) + 12, len(raw), b"MELA", 0) + raw


def literal_rtf(raw: bytes) -> bytes:
    """RTF in the compressed format, made of literals only and one reference into the dictionary."""
    out = struct.pack("<II4sI", 0, len(raw), b"LZFu", 0)
    assert raw.startswith(b"{\\rtf1")
    body = b"\x01" + struct.pack(">H", 0 << 4 | 4) + raw[6:13]
    rest = raw[13:]
    for at in range(0, len(rest), 8):
        body += b"\x00" + rest[at : at + 8]
    return out + body


def inner() -> Any:
    properties: dict[int, str | bytes | int] = {
        0x001A: "IPM.Note", 0x0037: "Votre compte", 0x0042: "Banque", 0x5D02: "x@bad.example", 0x1013: b"<p>Cliquez</p>",
    }  # fmt: skip
    return message(properties, [], [], 24)


def outer(**more: Any) -> bytes:
    properties: dict[int, str | bytes | int] = {
        0x001A: "IPM.Note",
        0x0037: "Compte rendu – été",
        0x0042: 'Dr. "H" Müller',
        0x5D02: "helene@chu.example",
        0x1000: "Voici le texte\r\n",
        0x1009: literal_rtf(RTF),
        0x1035: "<7@chu.example>",
        0x0039: FILETIME,
        0x3FDE: 65001,
    }
    recipients: list[dict[int, str | bytes | int]] = [
        {0x3001: "A", 0x39FE: "a@chu.example", 0x0C15: 1},
        {0x3001: "B", 0x3003: "/O=EXCHANGE/CN=B", 0x0C15: 1},
        {0x3001: "C", 0x3003: "c@chu.example", 0x0C15: 2},
    ]
    attachments: list[Any] = [
        {0x3707: "état.pdf.exe", 0x3704: "ETAT~1.EXE", 0x370E: "application/pdf", 0x3701: b"MZ" + bytes(6_000), 0x3705: 1},
        inner(),
        {0x3707: "logo.png", 0x3712: "logo@x", 0x370E: "image/png", 0x3701: b"\x89PNG\r\n\x1a\n", 0x3705: 1},
    ]
    return compound(message(properties | more.get("properties", {}), recipients, attachments))


def read(data: bytes) -> Message:
    found = outlook.message(data)
    assert found is not None
    return found


def test_a_message_with_everything() -> None:
    found = read(outer())
    assert (found.author.display, found.author.address) == ('Dr. "H" Müller', "helene@chu.example")
    assert [(a.display, a.address) for a in found.to] == [("A", "a@chu.example"), ("B", "")]
    assert [a.address for a in found.cc] == ["c@chu.example"]
    assert (found.subject, found.message_id, found.date) == ("Compte rendu – été", "7@chu.example", 1_743_940_800 * 10**9)
    assert found.plain.strip() == "Voici le texte"
    assert found.html == '<p>Bonjour à tous €, <a href="http://a.example/{x}">ici</a></p>'
    program, forwarded = found.attachments
    assert (program.filename, program.kind, program.declared, program.size) == (
        "état.pdf.exe",
        "executable",
        "application/pdf",
        6_002,
    )
    assert forwarded.message is not None
    assert (forwarded.message.subject, forwarded.message.author.address) == ("Votre compte", "x@bad.example")
    assert forwarded.message.html == "<p>Cliquez</p>"
    assert [part.content_id for part in found.leaves if part.kind == "png"] == ["logo@x"]


def test_headers_of_the_transport_win() -> None:
    headers = (
        "Received: from a.example (a.example [8.8.4.4]) by mx.chu.example with ESMTP; Sun, 6 Apr 2025 08:00:00 +0000\r\n"
        "From: Other <other@x.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    )
    found = read(outer(properties={0x007D: headers}))
    assert found.author.address == "other@x.example"
    assert found.received[0].address == "8.8.4.4"
    assert found.subject == "Compte rendu – été"
    assert not found.has("content-type")


def test_it_is_identified_and_read(read_bytes: Read) -> None:
    data = outer()
    known = identify(data[:65_536])
    assert known is not None
    assert known[1] is READER
    rows = read_bytes(READER, data).rows
    assert [(row["part"], row["subject"]) for row in rows["mail_message"]] == [
        (None, "Compte rendu – été"),
        ("1.4", "Votre compte"),
    ]
    assert [row["kind"] for row in rows["mail_attachment"]] == ["executable", "eml", "png"]


def test_another_compound_file_is_no_message(read_bytes: Read) -> None:
    data = compound({"WordDocument": bytes(5_000)})
    assert identify(data[:65_536]) is None
    far = compound({"WordDocument": bytes(100_000)})
    assert READER.sniff(far[:65_536]) == "compound_file"
    with pytest.raises(ReaderError, match="no message"):
        read_bytes(READER, far)


def test_streams_of_every_size_come_back() -> None:
    sizes = (0, 1, 63, 64, 65, 4_095, 4_096, 4_097, 70_000)
    tree: Any = {f"s{size}": bytes(n % 251 for n in range(size)) for size in sizes}
    found = Compound(compound({"folder": tree}))
    for size in sizes:
        node = found.root.children["folder"].children[f"s{size}"]
        assert found.read(node, 1 << 20) == bytes(n % 251 for n in range(size))
    assert sorted(path for path, _ in found.walk()) == sorted(f"folder/s{size}" for size in sizes)


def test_chains_that_lead_in_circles_end() -> None:
    data = bytearray(compound({"a": bytes(20_000)}))
    fat = struct.unpack_from("<I", data, 76)[0]
    for entry in range(60):
        struct.pack_into("<I", data, (fat + 1) * 512 + entry * 4, 0)  # every sector leads to the first
    with pytest.raises(CompoundError):
        outlook.message(bytes(data[:512]))
    try:
        found = Compound(bytes(data))
        assert all(len(found.read(node, 1 << 20)) <= len(data) for _, node in found.walk())
    except CompoundError:
        return


@pytest.mark.parametrize("pack", [stored_rtf, literal_rtf])
def test_compressed_rtf(pack: Callable[[bytes], bytes]) -> None:
    assert rtf.decompress(pack(RTF)) == RTF


def test_rtf_that_is_no_html_gives_its_text() -> None:
    assert rtf.enclosed(rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Bonjour\par Jean\'e9{\*\x hidden}}") == (
        "Bonjour\nJeané",
        "text",
    )


def test_rtf_does_not_expand_beyond_its_limit() -> None:
    bomb = struct.pack("<II4sI", 0, 0xFFFFFFFF, b"LZFu", 0) + (b"\xff" + b"\x00\x0f" * 8) * 400_000
    assert len(rtf.decompress(bomb)) <= rtf.MOST


def wrapped(data: bytes) -> bytes:
    envelope = EmailMessage()
    envelope["From"], envelope["To"], envelope["Subject"] = "a@b.example", "c@d.example", "x"
    envelope.set_content("see attached")
    envelope.add_attachment(data, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return envelope.as_bytes()


def test_winmail_is_opened() -> None:
    data = tnef(
        {0x1013: b"<p>Le texte</p>", 0x3FDE: 65001},
        [("ETAT~1.EXE", b"MZ\x90", {0x3707: "état.exe", 0x370E: "application/pdf"}), ("b.txt", b"plain", {})],
    )
    found = parse(wrapped(data))
    assert found.html == "<p>Le texte</p>"
    assert [(p.filename, p.kind, p.data) for p in found.attachments] == [
        ("état.exe", "executable", b"MZ\x90"),
        ("b.txt", "text", b"plain"),
    ]


def test_a_message_saved_by_outlook_and_attached_is_read(read_bytes: Read) -> None:
    envelope = EmailMessage()
    envelope["From"], envelope["To"], envelope["Subject"] = "a@b.example", "help@chu.example", "is this real?"
    envelope.set_content("I got this")
    envelope.add_attachment(outer(), maintype="application", subtype="vnd.ms-outlook", filename="Votre compte.msg")
    rows = read_bytes(EML, envelope.as_bytes()).rows["mail_message"]
    assert [row["subject"] for row in rows] == ["is this real?", "Compte rendu – été", "Votre compte"]


def test_winmail_within_winmail_ends() -> None:
    data = tnef({}, [("x.txt", b"inmost", {})])
    for _ in range(40):
        data = tnef({}, [("winmail.dat", data, {})])
    assert len(parse(wrapped(data)).leaves) >= 2


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_damage_does_no_harm(read_bytes: Read, data: st.DataObject) -> None:
    raw = bytearray(
        data.draw(st.sampled_from([outer(), wrapped(tnef({0x1009: literal_rtf(RTF)}, [("a", b"MZ", {0x3707: "b"})]))]))
    )
    for _ in range(data.draw(st.integers(0, 10))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    if READER.sniff(damaged) is None:
        parse(damaged)
        return
    try:
        read_bytes(READER, damaged)
    except ReaderError:
        return


def test_a_message_may_be_cut_short_within_a_number(read_bytes: Read) -> None:
    raw = outer()
    for at in range(600, len(raw), 61):
        with suppress(ReaderError):
            read_bytes(READER, raw[:at])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_may_be_enclosed(data: bytes) -> None:
    parse(wrapped(tnef({0x1009: data}, [("x", data, {0x3701: data})]) + data))
    rtf.enclosed(rtf.decompress(struct.pack("<II4sI", 0, 5_000, b"LZFu", 0) + data))


def test_data_files_are_recognised_and_told_not_to_be_read(read_bytes: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"!BDN" + bytes(4) + b"SM" + bytes(600)
    known = identify(head)
    assert known is not None
    assert known[0] == "outlook_data_file"
    monkeypatch.setitem(sys.modules, "pypff", None)
    with pytest.raises(ReaderError, match="libpff-python"):
        read_bytes(known[1], head)
    assert identify(b"!BDN" + bytes(600)) is None
