"""Directories of archives: written by real programs, by the format where there is none, cut and changed at will."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.mail.archives import MEMBERS, Listing, listing
from wardround.mail.kinds import kind_of

#: Made by 7-Zip 26.02: of facture.pdf.js, note.txt and d/plan.docx; packed directory, plain directory, password, password
#: also for the directory.
SEVEN = {
    "plain.7z": (
        "N3q8ryccAARRrvoSggAAAAAAAAAhAAAAAAAAAEFdoxoBAAJ6eHkAAACBMweuD84lflFCynNIGZqoUZTnWFv8ZmYGcY8WNzNGYbLi"
        "ESdSOOAatIXqC1wAZPo4PZkoof1opmROgowgImP+cvjEn8KuXjGRBUQvyXP5ckD7n0h865JB+ZG7SQVO6fFMQoOVrUFNa9ebA8Iq"
        "WPflbjqVPN9RWDUAFwYHAQl7AAcLAQABIwMBAQVdABAAAAyAogoBzP/qywAA"
    ),
    "raw.7z": (
        "N3q8ryccAAQmEUZJBgAAAAAAAABuAAAAAAAAALk2MMQBAAF4eQABBAYAAQkGAAcLAQABISEBAAwCAAgNAgkBCgGDFtyMFSbb+wAA"
        "BQIZBAAAAAARMQBmAGEAYwB0AHUAcgBlAC4AcABkAGYALgBqAHMAAABuAG8AdABlAC4AdAB4AHQAAAAVCgEAIICkgSCApIEAAA=="
    ),
    "locked.7z": (
        "N3q8ryccAAQ+r95/EAAAAAAAAABqAAAAAAAAALT9Yvs5fNcMeWp+m6FpX8gZRXh6AQQGAAEJEAAHCwEAAiQG8QcBElMPKSeSK46u"
        "+zpnkeTfnCPCaCEhAQABAAwFAQAICgGDFtyMAAAFARkBABEfAGYAYQBjAHQAdQByAGUALgBwAGQAZgAuAGoAcwAAABkAFQYBACCA"
        "pIEAAA=="
    ),
    "hidden.7z": (
        "N3q8ryccAARyDlP7gAAAAAAAAAAuAAAAAAAAAAhM4nKVLzB1JSKUEIxvGBW+MTdDhjdSQmQFJnjm9a7kHAGjcijSngm7tli2lwxA"
        "kGCPC5/5gx6/3MgQkbIemURl0j2IMxFfwpzAj+QIgEQvtXXXXjkL/tvHNutq+tgB8A5rbh4azgEUW4VWmgVXBOrypR7keBGAnQO0"
        "D7iEukIyEcPryRcGEAEJcAAHCwEAASQG8QcBElMPPj+XqjeKPGOw3WG5j4MXMQxqCgHlaeCxAAA="
    ),
    "locked.zip": (
        "UEsDBBQAAQAAALgAel2DFtyMDQAAAAEAAAAOAAAAZmFjdHVyZS5wZGYuanOiabQ9JWPmF6jGs8I9UEsBAj8DFAABAAAAuAB6XYMW"
        "3IwNAAAAAQAAAA4AJAAAAAAAAAAggKSBAAAAAGZhY3R1cmUucGRmLmpzCgAgAAAAAAABABgAkHbM4jl93QEAAAAAAAAAAAAAAAAA"
        "AAAAUEsFBgAAAAABAAEAYAAAADkAAAAAAA=="
    ),
}


def seven(name: str) -> bytes:
    return base64.b64decode(SEVEN[name])


def variable(number: int) -> bytes:
    """A number of RAR 5."""
    out = bytearray()
    while True:
        out.append((number & 0x7F) | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def rar5_block(kind: int, body: bytes, extra: bytes = b"", data: bytes = b"") -> bytes:
    flags = (1 if extra else 0) | (2 if data else 0)
    head = variable(kind) + variable(flags) + (variable(len(extra)) if extra else b"")
    head += (variable(len(data)) if data else b"") + body + extra
    head = variable(len(head)) + head
    return zlib.crc32(head).to_bytes(4, "little") + head + data


def rar5(*names: str, locked: bool = False, hidden: bool = False) -> bytes:
    out = b"Rar!\x1a\x07\x01\x00"
    if hidden:
        return out + rar5_block(4, variable(0) + variable(0) + b"\x0f" + bytes(16))
    out += rar5_block(1, variable(0))
    record = variable(1) + variable(0) + variable(0) + b"\x0f" + bytes(32)
    for name in names:
        body = (
            variable(0) + variable(5) + variable(0) + variable(0) + variable(0) + variable(len(name.encode())) + name.encode()
        )
        out += rar5_block(2, body, variable(len(record)) + record if locked else b"", b"12345")
    return out + rar5_block(5, variable(0))


def rar4(*names: str, locked: bool = False, hidden: bool = False) -> bytes:
    out = (
        b"Rar!\x1a\x07\x00"
        + b"\0\0\x73"
        + (0x80 if hidden else 0).to_bytes(2, "little")
        + (13).to_bytes(2, "little")
        + bytes(6)
    )
    for name in names:
        size = (32 + len(name)).to_bytes(2, "little")
        head = b"\0\0\x74" + (0x8000 | (4 if locked else 0)).to_bytes(2, "little") + size + (3).to_bytes(4, "little")
        out += head + bytes(15) + len(name).to_bytes(2, "little") + bytes(4) + name.encode() + b"abc"
    return out + b"\0\0\x7b\0\0\x07\0"


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 50)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (seven("plain.7z"), Listing(False, ("d", "d/plan.docx", "facture.pdf.js", "note.txt"))),
        (seven("raw.7z"), Listing(False, ("facture.pdf.js", "note.txt"))),
        (seven("locked.7z"), Listing(True, ("facture.pdf.js",))),
        (seven("hidden.7z"), Listing(True)),
        (seven("locked.zip"), Listing(True, ("facture.pdf.js",))),
        (zipped("a.txt", "été/b.lnk"), Listing(False, ("a.txt", "été/b.lnk"))),
        (b"before" * 9 + zipped("a.txt"), Listing(False, ("a.txt",))),
        (zipped("a.txt", "b.txt")[:150], Listing(False, ("a.txt", "b.txt"))),
        (rar5("a.exe", "b.txt"), Listing(False, ("a.exe", "b.txt"))),
        (rar5("a.exe", locked=True), Listing(True, ("a.exe",))),
        (rar5("a.exe", hidden=True), Listing(True)),
        (rar4("a.exe", "dir\\b.txt"), Listing(False, ("a.exe", "dir/b.txt"))),
        (rar4("a.exe", locked=True), Listing(True, ("a.exe",))),
        (rar4("a.exe", hidden=True), Listing(True)),
    ],
)
def test_members_and_encryption(data: bytes, expected: Listing) -> None:
    kind = "zip" if b"before" in data[:6] else kind_of(data)
    assert listing(kind, data) == expected


def test_only_the_first_members_are_kept() -> None:
    assert len(listing("zip", zipped(*(f"{n}.txt" for n in range(MEMBERS + 20)))).members) == MEMBERS


def test_a_directory_that_would_unpack_to_much_is_left() -> None:
    data = bytearray(seven("plain.7z"))
    data[20:28] = (1 << 40).to_bytes(8, "little")
    assert listing("7z", bytes(data)) == Listing(damaged=True)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([*map(seven, SEVEN), zipped("a", "b"), rar5("a", "b", locked=True), rar4("a", "b")]),
    st.integers(0, 400),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
)
def test_damaged_archives_give_a_listing(data: bytes, cut: int, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(data[: max(0, len(data) - cut)] if cut % 3 == 0 else data)
    for at, value in changes:
        if at < len(changed):
            changed[at] = value
    for kind in ("zip", "rar", "7z", "ole", "pdf", "docx"):
        found = listing(kind, bytes(changed))
        assert len(found.members) <= MEMBERS
