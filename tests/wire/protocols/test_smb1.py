"""SMB 1: shares, files, pipes, logons, chains of commands, the signs of worms, and hostile bytes."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.smb_messages import (
    FILETIME,
    bind,
    bound,
    call,
    fragment,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    result,
    smb1,
    wide,
)
from tests.wire.protocols.talk import Kept, read, survives

NT_TRANSACT = 0xA0
NEGOTIATE, SETUP, TREE, CREATE, CLOSE, DELETE, RENAME = 0x72, 0x73, 0x75, 0xA2, 0x04, 0x06, 0x07
TRANSACTION, TRANSACTION2, READ, WRITE = 0x25, 0x32, 0x2E, 0x2F
NOT_IMPLEMENTED, MORE = 0xC0000002, 0xC0000016
END = b"\xff\0\0\0"

Turns = list[tuple[str, bytes | int]]


def tree(path: str = r"\\xr2\IPC$", service: bytes = b"IPC", andx: bytes = END) -> Turns:
    request = smb1(TREE, andx + struct.pack("<HH", 8, 1), b"\0" + wide(path) + b"\0\0?????\0", number=2)
    # The text after the service is aligned to the header, from which the bytes are 41 away.
    reply = service + b"\0" + bytes((42 + len(service)) % 2) + wide("NTFS") + b"\0\0"
    return [(">", request), ("<", smb1(TREE, END + bytes(2), reply, number=2, answer=True, tree=8))]


def opening(name: str, file: int = 5, options: int = 0) -> Turns:
    words = END + struct.pack("<BHIIIQIIIIIB", 0, len(wide(name)), 0, 0, 0, 0, 0, 0, 1, options, 2, 0)
    times = struct.pack("<4Q", *[FILETIME] * 4)
    reply = END + struct.pack("<BHI", 0, file, 1) + times + struct.pack("<IQQHHB", 0, 512, 512, 0, 0, 0)
    return [
        (">", smb1(CREATE, words, b"\0" + wide(name) + b"\0\0", number=3, tree=8)),
        ("<", smb1(CREATE, reply, number=3, answer=True, tree=8)),
    ]


def transaction(command: int, setup: bytes, name: str, data: bytes = b"", parameters: bytes = b"", number: int = 4) -> bytes:
    """A transaction request; the name and its padding come before parameters and data."""
    text = b"\0" + wide(name) + b"\0\0"
    # Header, count of words, 14 words and the setup, count of bytes, then the name.
    at = 32 + 1 + 28 + len(setup) + 2 + len(text)
    counts = struct.pack("<HHHH", len(parameters), at, len(data), at + len(parameters))
    words = bytes(18) + counts + bytes([len(setup) // 2, 0])
    return smb1(command, words + setup, text + parameters + data, number=number, tree=8)


def transacted(command: int, data: bytes = b"", number: int = 4, status: int = 0) -> bytes:
    words = struct.pack("<HHHHHHHHHBB", 0, 0, 0, 0, 0, 0, len(data), 32 + 1 + 20 + 2, 0, 0, 0)
    return smb1(command, b"" if status else words, data, number=number, answer=True, status=status, tree=8)


def kept(*turns: Turns) -> Kept:
    return read("smb", [turn for part in turns for turn in part], port=445)[1]


def files(*turns: Turns) -> list[tuple[str, str, Any]]:
    return [(row["action"], row["name"], row["prev_name"]) for row in kept(*turns).tables.get("smb_files", [])]


@pytest.mark.parametrize(("service", "kind"), [(b"IPC", "PIPE"), (b"A:", "DISK"), (b"LPT1:", "PRINT")])
def test_shares(service: bytes, kind: str) -> None:
    (row,) = kept(tree(service=service)).tables["smb_mapping"]
    assert (row["path"], row["service"], row["share_type"]) == (r"\\xr2\IPC$", service.decode(), kind)
    assert row["native_file_system"] == "NTFS"


def test_files() -> None:
    found = kept(tree(r"\\xr2\D$", b"A:"), opening(r"\exams\1.dcm"))
    (row,) = found.tables["smb_files"]
    assert (row["action"], row["name"], row["path"], row["size"]) == ("SMB::FILE_OPEN", r"exams\1.dcm", r"\\xr2\D$", 512)


def test_deletion_and_renaming_by_name() -> None:
    # The bytes begin 37 from the header; a text in UTF-16 begins at an even place.
    old, first, second = (wide(name) + b"\0\0" for name in (r"\old.dcm", r"\1.dcm", r"\1.locked"))
    turns: Turns = [
        (">", smb1(DELETE, bytes(2), b"\x04" + old, number=5)),
        ("<", smb1(DELETE, b"", number=5, answer=True)),
        (">", smb1(RENAME, bytes(2), b"\x04" + first + b"\x04\0" + second, number=6)),
        ("<", smb1(RENAME, b"", number=6, answer=True)),
    ]
    assert files(turns) == [("SMB::FILE_DELETE", "old.dcm", None), ("SMB::FILE_RENAME", "1.locked", "1.dcm")]


def test_deletion_and_renaming_of_an_open_file() -> None:
    def set_file(level: int, data: bytes, number: int) -> Turns:
        parameters = struct.pack("<HHH", 5, level, 0)
        request = transaction(TRANSACTION2, struct.pack("<H", 8), "", data, parameters, number)
        return [(">", request), ("<", transacted(TRANSACTION2, number=number))]

    new = wide(r"1.locked")
    rows = files(
        tree(service=b"A:"), opening("1.dcm"),
        set_file(1010, struct.pack("<III", 0, 0, len(new)) + new, 6), set_file(0x0102, b"\1", 7), set_file(0x0102, b"\0", 8),
    )  # fmt: skip
    assert rows[1:] == [("SMB::FILE_RENAME", "1.locked", "1.dcm"), ("SMB::FILE_DELETE", "1.locked", None)]


def test_remote_procedure_calls() -> None:
    setup = struct.pack("<HH", 0x26, 5)
    turns: Turns = []
    for request, reply in (
        (fragment(11, bind("367abb81-9844-35f1-ad32-98f038001003")), fragment(12, bound(r"\PIPE\ntsvcs"))),
        (fragment(0, call(12)), fragment(2, result())),
    ):
        turns += [(">", transaction(TRANSACTION, setup, "\\PIPE\\", request)), ("<", transacted(TRANSACTION, reply))]
    (row,) = kept(tree(), opening(r"\svcctl"), turns).tables["dce_rpc"]
    assert (row["named_pipe"], row["endpoint"], row["operation"]) == (r"\PIPE\ntsvcs", "svcctl", "CreateServiceW")
    assert row["rtt"] == 1.0


def test_a_chain_of_commands() -> None:
    blob = ntlm_authenticate() + b"\0"
    connect, connected = (turn[1] for turn in tree())
    assert isinstance(connect, bytes) and isinstance(connected, bytes)
    words = struct.pack("<BBHHHHIHII", TREE, 0, 32 + 1 + 24 + 2 + len(blob), 4356, 10, 1, 0, len(blob), 0, 0)
    request = smb1(SETUP, words, blob, number=2)[4:] + connect[4 + 32 :]
    answer = smb1(SETUP, struct.pack("<BBHHH", TREE, 0, 32 + 1 + 8 + 2, 0, 0), number=2, answer=True, tree=8)[4:]
    found = kept([(">", netbios(request)), ("<", netbios(answer + connected[4 + 32 :]))])
    (row,) = found.tables["ntlm"]
    assert (row["username"], row["success"]) == ("durand", True)
    assert found.tables["smb_mapping"][0]["path"] == r"\\xr2\IPC$"


def test_logon() -> None:
    def setup(token: bytes, number: int) -> bytes:
        return smb1(SETUP, END + struct.pack("<HHHIHII", 4356, 10, 1, 0, len(token), 0, 0), token, number=number, user=3)

    reply = END + struct.pack("<HH", 0, len(ntlm_challenge()))
    turns: Turns = [
        (">", setup(ntlm_negotiate(), 1)),
        ("<", smb1(SETUP, reply, ntlm_challenge(), number=1, status=MORE, answer=True, user=3)),
        (">", setup(ntlm_authenticate(), 2)),
        ("<", smb1(SETUP, b"", number=2, status=0xC000006D, answer=True, user=3)),
    ]
    (row,) = kept(turns).tables["ntlm"]
    assert (row["username"], row["server_nb_computer_name"], row["success"]) == ("durand", "PACS1", False)


@pytest.mark.parametrize(("mode", "signing"), [(0x03, "none"), (0x07, "enabled"), (0x0F, "required")])
def test_negotiation(mode: int, signing: str) -> None:
    turns: Turns = [
        (">", smb1(NEGOTIATE, b"", b"\x02LANMAN1.0\0\x02NT LM 0.12\0")),
        ("<", smb1(NEGOTIATE, struct.pack("<HB", 1, mode) + bytes(31), bytes(16), answer=True)),
    ]
    found = kept(turns).tables
    assert (found["smb_session"][0]["dialect"], found["smb_session"][0]["server_signing"]) == ("NT LM 0.12", signing)
    assert (found["smb_cmd"][0]["version"], found["smb_cmd"][0]["argument"]) == ("SMB1", "NT LM 0.12")


def test_a_refused_negotiation_is_no_session() -> None:
    turns: Turns = [
        (">", smb1(NEGOTIATE, b"", b"\x02NT LM 0.12\0")),
        ("<", smb1(NEGOTIATE, b"\xff\xff", b"", answer=True)),
    ]
    assert "smb_session" not in kept(turns).tables


def _part(command: int, total: int, at: int, count: int) -> bytes:
    """A part of the answer to a transaction: ``count`` bytes of data of ``total``, from ``at`` on."""
    if command == NT_TRANSACT:
        words = bytes(3) + struct.pack("<8I", 0, total, 0, 0, 0, count, 72, at) + b"\0"
    else:
        words = struct.pack("<9H", 0, total, 0, 0, 0, 0, count, 56, at) + bytes(2)
    return smb1(command, words, bytes(count), number=4, answer=True, tree=8)


@pytest.mark.parametrize("command", [TRANSACTION2, NT_TRANSACT])
def test_a_long_directory_is_told_in_several_answers(command: int) -> None:
    # FIND_FIRST2, and NT_TRANSACT_NOTIFY_CHANGE
    asked = transaction(TRANSACTION2, struct.pack("<H", 1), "")
    if command == NT_TRANSACT:
        asked = smb1(NT_TRANSACT, bytes(36) + struct.pack("<H", 4), number=4, tree=8)
    parts = [("<", _part(command, 300, at, 100)) for at in (0, 100, 200)]
    assert kept([(">", asked), *parts]).weirds == []
    # What comes after the last part was not asked for.
    assert kept([(">", asked), *parts, parts[0]]).weirds == ["smb1_unasked_answer"]


def test_signs_of_worms() -> None:
    ping = transaction(TRANSACTION2, struct.pack("<H", 14), "", number=65)
    probe = transaction(TRANSACTION, struct.pack("<HH", 0x23, 0), "\\PIPE\\", number=64)
    turns: Turns = [
        (">", probe),
        ("<", transacted(TRANSACTION, number=64, status=0xC0000205)),
        (">", ping),
        ("<", transacted(TRANSACTION2, number=65, status=NOT_IMPLEMENTED)),
        (">", ping),
        ("<", transacted(TRANSACTION2, number=81, status=NOT_IMPLEMENTED)),
    ]
    found = kept(turns)
    assert [(row["command"], row["sub_command"], row["status"]) for row in found.tables["smb_cmd"]] == [
        ("TRANSACTION", "PEEK_NMPIPE", "INSUFF_SERVER_RESOURCES"),
        ("TRANSACTION2", "SESSION_SETUP", "NOT_IMPLEMENTED"),
        ("TRANSACTION2", "SESSION_SETUP", None),
    ]
    assert found.weirds == ["smb1_unasked_answer"]


def test_ordinary_transactions_are_not_told() -> None:
    listing = transaction(TRANSACTION2, struct.pack("<H", 1), "")
    shares = transaction(TRANSACTION, b"", "\\PIPE\\LANMAN", number=9)
    turns: Turns = [
        (">", listing),
        ("<", transacted(TRANSACTION2)),
        (">", shares),
        ("<", transacted(TRANSACTION, number=9)),
    ]
    found = kept(turns)
    assert "smb_cmd" not in found.tables
    assert not found.weirds


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    turns = [*tree(), *opening("svcctl"), (">", transaction(TRANSACTION2, struct.pack("<H", 14), "", bytes(9)))]
    sides = {side: bytearray(b"".join(part for s, part in turns if s == side and isinstance(part, bytes))) for side in "><"}
    for side in sides.values():
        for _ in range(data.draw(st.integers(1, 8))):
            side[data.draw(st.integers(0, len(side) - 1))] = data.draw(st.integers(0, 255))
    survives("smb", bytes(sides[">"]), bytes(sides["<"]), [data.draw(st.integers(0, len(sides[">"])))])
