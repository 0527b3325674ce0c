"""SMB 2 and 3: shares, files, pipes, logons, compounds, what is encrypted, what is missing, and hostile bytes."""

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
    closing,
    compound,
    create,
    created,
    fragment,
    ioctl,
    ioctl_answer,
    netbios,
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    read_answer,
    read_request,
    rename_to,
    result,
    session_answer,
    session_setup,
    set_info,
    smb2,
    spnego_answer,
    spnego_init,
    tree_connect,
    tree_connected,
    write,
)
from tests.wire.protocols.talk import SECOND, Kept, conversation, read, survives

from wardround.wire.protocols import smb, smb_content, smb_state

FILE, OTHER, ALL_ONES = bytes(range(16)), bytes(range(16, 32)), b"\xff" * 16
NEGOTIATE, SESSION_SETUP, TREE_CONNECT, CREATE, CLOSE, READ, WRITE, IOCTL, SET_INFO = 0, 1, 3, 5, 6, 8, 9, 11, 17
DENIED, LOGON_FAILURE, MORE, PENDING = 0xC0000022, 0xC000006D, 0xC0000016, 0x103
SVCCTL = "367abb81-9844-35f1-ad32-98f038001003"

Turns = list[tuple[str, bytes | int]]


def ask(command: int, body: bytes, number: int, tree: int = 1) -> tuple[str, bytes | int]:
    return ">", netbios(smb2(command, body, number=number, tree=tree))


def answer(command: int, body: bytes, number: int, status: int = 0, tree: int = 1) -> tuple[str, bytes | int]:
    return "<", netbios(smb2(command, body, number=number, status=status, answer=True, tree=tree))


def share(path: str = r"\\pacs1\images", kind: int = 1) -> Turns:
    return [ask(TREE_CONNECT, tree_connect(path), 1, 0), answer(TREE_CONNECT, tree_connected(kind), 1)]


def opening(name: str, file: bytes = FILE, number: int = 2, options: int = 0) -> Turns:
    return [ask(CREATE, create(name, options), number), answer(CREATE, created(file), number)]


def kept(*turns: Turns) -> Kept:
    return read("smb", [turn for part in turns for turn in part], port=445)[1]


def files(*turns: Turns) -> list[dict[str, Any]]:
    return kept(*turns).tables.get("smb_files", [])


def test_a_file_that_then_begins_like_chance_is_told() -> None:
    even = bytes(range(256)) * 8
    reading = [ask(READ, read_request(FILE), 3), answer(READ, read_answer(b"%PDF-1.7" + even), 3)]
    writing = [ask(WRITE, write(FILE, even), 4), answer(WRITE, bytes(16), 4)]
    again = [ask(WRITE, write(FILE, even), 5), answer(WRITE, bytes(16), 5)]
    _, written = files(share(), opening("letter.pdf"), reading, writing, again)
    assert (written["action"], written["name"]) == ("SMB::FILE_WRITE", "letter.pdf")
    assert (written["content"], written["content_before"]) == ("random", "pdf")
    refused = [ask(WRITE, write(FILE, even), 4), answer(WRITE, bytes(16), 4, DENIED)]
    plain = [ask(WRITE, write(FILE, b"PK\x03\x04" + even), 4), answer(WRITE, bytes(16), 4)]
    assert len(files(share(), opening("letter.pdf"), refused)) == len(files(share(), opening("letter.pdf"), plain)) == 1


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (bytes(128) + b"DICM" + bytes(2_000), "dicom"),
        (b"\x1f\x8b" + bytes(range(256)) * 8, "gzip"),
        (bytes(range(256)) * 8, "random"),
        (bytes(range(256)), "other"),
        (b"Findings as dictated.\r\n" * 50, "text"),
        (bytes(2_048), "other"),
        (b"", "other"),
    ],
)
def test_kinds_of_content(head: bytes, kind: str) -> None:
    assert smb_content.kind(head) == kind


def test_a_share_and_a_file() -> None:
    tables = kept(share(), opening(r"ct\1.dcm")).tables
    assert tables["smb_mapping"][0]["path"] == r"\\pacs1\images"
    assert tables["smb_mapping"][0]["share_type"] == "DISK"
    (row,) = tables["smb_files"]
    assert (row["action"], row["path"], row["name"], row["size"]) == ("SMB::FILE_OPEN", r"\\pacs1\images", r"ct\1.dcm", 4096)
    assert (row["ts"], row["record"], row["prev_name"]) == (3 * SECOND, 3, None)
    created_at = (FILETIME - 116_444_736_000_000_000) * 100
    times = [row[f"times.{name}"] for name in ("created", "accessed", "modified", "changed")]
    assert times == [created_at + n * SECOND for n in range(4)]


@pytest.mark.parametrize(("kind", "action"), [(1, "SMB::FILE_OPEN"), (2, "SMB::PIPE_OPEN"), (3, "SMB::PRINT_OPEN")])
def test_kinds_of_shares(kind: int, action: str) -> None:
    assert files(share(kind=kind), opening("x"))[0]["action"] == action


def test_the_root_of_a_share_has_a_name() -> None:
    assert files(share(), opening(""))[0]["name"] == "<share_root>"


def test_a_size_that_no_file_has() -> None:
    (row,) = files(share(), [ask(CREATE, create("x"), 2), answer(CREATE, created(FILE, 1 << 63), 2)])
    assert row["size"] is None


@pytest.mark.parametrize("information", [10, 65])
def test_renaming(information: int) -> None:
    rename = set_info(FILE, information, rename_to("1.dcm.locked"))
    _, row = files(share(), opening("1.dcm"), [ask(SET_INFO, rename, 3), answer(SET_INFO, b"", 3)])
    assert (row["action"], row["name"], row["prev_name"]) == ("SMB::FILE_RENAME", "1.dcm.locked", "1.dcm")


@pytest.mark.parametrize("information", [13, 64])
def test_deletion(information: int) -> None:
    delete = [ask(SET_INFO, set_info(FILE, information, b"\1\0\0\0"), 3), answer(SET_INFO, b"", 3)]
    keep = [ask(SET_INFO, set_info(OTHER, information, b"\0\0\0\0"), 5), answer(SET_INFO, b"", 5)]
    rows = files(share(), opening("1.dcm"), delete, opening("2.dcm", OTHER, 4), keep)
    assert [(row["action"], row["name"]) for row in rows if row["action"] != "SMB::FILE_OPEN"] == [
        ("SMB::FILE_DELETE", "1.dcm")
    ]


def test_deletion_on_close() -> None:
    rows = files(share(), opening("1.dcm", options=0x1000), [ask(CLOSE, closing(FILE), 3), answer(CLOSE, bytes(60), 3)])
    assert [row["action"] for row in rows] == ["SMB::FILE_OPEN", "SMB::FILE_DELETE"]


def test_what_the_server_refuses_did_not_happen() -> None:
    rename = set_info(FILE, 10, rename_to("2.dcm"))
    refused = [ask(SET_INFO, rename, 3), answer(SET_INFO, bytes(9), 3, DENIED)]
    unopened = [ask(CREATE, create("secret"), 4), answer(CREATE, bytes(9), 4, DENIED)]
    assert [row["name"] for row in files(share(), opening("1.dcm"), refused, unopened)] == ["1.dcm"]
    unconnected = [ask(TREE_CONNECT, tree_connect(r"\\a\b"), 1, 0), answer(TREE_CONNECT, bytes(9), 1, DENIED)]
    assert "smb_mapping" not in kept(unconnected).tables


def test_a_compound_renames_the_file_that_it_opens() -> None:
    commands = (
        (CREATE, create("1.dcm"), 2),
        (SET_INFO, set_info(ALL_ONES, 10, rename_to("1.locked")), 3),
        (CLOSE, closing(ALL_ONES), 4),
    )
    answers: Turns = [answer(CREATE, created(FILE), 2), answer(SET_INFO, b"", 3), answer(CLOSE, bytes(60), 4)]
    rows = files(share(), [(">", compound(*commands, tree=1))], answers)
    assert [(row["action"], row["name"], row["prev_name"], row["path"]) for row in rows] == [
        ("SMB::FILE_OPEN", "1.dcm", None, r"\\pacs1\images"),
        ("SMB::FILE_RENAME", "1.locked", "1.dcm", r"\\pacs1\images"),
    ]


def test_the_same_is_not_said_twice_within_minutes() -> None:
    assert len(files(share(), opening("1.dcm"), opening("1.dcm", OTHER, 3))) == 1
    late: Turns = [("<", netbios(b"", 0x85))] * 200
    assert len(files(share(), opening("1.dcm"), late, opening("1.dcm", OTHER, 3))) == 2


def test_an_answer_that_takes_time() -> None:
    waiting = bytearray(netbios(smb2(CREATE, bytes(9), number=2, status=PENDING, answer=True)))
    waiting[4 + 16] |= 2  # the flag of an asynchronous command
    rows = files(share(), [ask(CREATE, create("1.dcm"), 2), ("<", bytes(waiting)), answer(CREATE, created(FILE), 2)])
    assert [row["name"] for row in rows] == ["1.dcm"]


def test_contents_are_passed_over() -> None:
    content: Turns = [
        ask(WRITE, write(FILE, b"\xfeSMB" * 4_000), 3),
        answer(WRITE, bytes(16), 3),
        ask(READ, read_request(FILE), 4),
        answer(READ, read_answer(netbios(smb2(CREATE, create("inside"), number=9)) * 100), 4),
    ]
    rows = files(share(), opening("1.dcm"), content, opening("2.dcm", OTHER, 5))
    assert [row["name"] for row in rows] == ["1.dcm", "2.dcm"]


def test_reading_goes_on_after_a_gap() -> None:
    cut: Turns = [(">", ask(WRITE, write(FILE, bytes(3_000)), 3)[1][:200]), (">", 5_000)]  # type: ignore[index]
    rows = files(share(), opening("1.dcm"), cut, opening("2.dcm", OTHER, 5))
    assert [row["name"] for row in rows] == ["1.dcm", "2.dcm"]


def test_a_connection_that_is_under_way() -> None:
    begun: Turns = [(">", b"rest of a message"), ("<", b"rest of another"), *opening("1.dcm")]
    assert files(begun)[0]["path"] is None
    assert not smb.sniff(conversation(begun, port=4_000))


@pytest.mark.parametrize("transact", [True, False])
def test_remote_procedure_calls_over_a_pipe(transact: bool) -> None:
    turns: Turns = [*share(r"\\dc1\IPC$", 2), *opening("svcctl")]
    parts = [(fragment(11, bind(SVCCTL)), fragment(12, bound(r"\PIPE\ntsvcs"))), (fragment(0, call(12)), fragment(2, result()))]
    for number, (request, reply) in enumerate(parts):
        if transact:
            turns += [ask(IOCTL, ioctl(FILE, request), 10 + number), answer(IOCTL, ioctl_answer(FILE, reply), 10 + number)]
            continue
        half = len(reply) // 2
        turns += [ask(WRITE, write(FILE, request), 20 + number), answer(WRITE, bytes(16), 20 + number)]
        for piece, wanted in ((reply[:half], 30), (reply[half:], 40)):
            turns += [ask(READ, read_request(FILE), wanted + number), answer(READ, read_answer(piece), wanted + number)]
    connection, found = read("smb", turns, port=445)
    (row,) = found.tables["dce_rpc"]
    assert (row["named_pipe"], row["endpoint"], row["operation"]) == (r"\PIPE\ntsvcs", "svcctl", "CreateServiceW")
    assert row["rtt"] > 0
    assert connection.services == ["smb", "dce_rpc"]


def test_a_pipe_tells_the_interface_where_the_binding_was_not_seen() -> None:
    request: Turns = [ask(IOCTL, ioctl(FILE, fragment(0, call(2))), 9)]
    (row,) = kept(opening("svcctl"), request).tables["dce_rpc"]
    assert (row["named_pipe"], row["operation"], row["rtt"]) == (r"\PIPE\svcctl", "DeleteService", None)


@pytest.mark.parametrize(("status", "success"), [(0, True), (LOGON_FAILURE, False)])
def test_logon(status: int, success: bool) -> None:
    turns: Turns = [
        ask(SESSION_SETUP, session_setup(spnego_init(ntlm_negotiate())), 1),
        answer(SESSION_SETUP, session_answer(spnego_answer(ntlm_challenge(), 1)), 1, MORE),
        ask(SESSION_SETUP, session_setup(spnego_answer(ntlm_authenticate())), 2),
        answer(SESSION_SETUP, session_answer(b"") if success else bytes(9), 2, status),
    ]
    connection, found = read("smb", turns, port=445)
    (row,) = found.tables["ntlm"]
    assert (row["username"], row["hostname"], row["server_nb_computer_name"]) == ("durand", "LECT1", "PACS1")
    assert row["success"] is success
    assert connection.services == ["smb", "gssapi", "ntlm"]


def test_what_the_ends_agree_upon() -> None:
    request = struct.pack("<HHHHI", 36, 2, 1, 0, 0) + bytes(24) + struct.pack("<HH", 0x0210, 0x0311)
    contexts = struct.pack("<HHIHH", 2, 4, 0, 1, 2) + bytes(4) + struct.pack("<HHIHHIH", 3, 10, 0, 1, 0, 0, 1)
    reply = struct.pack("<HHHH", 65, 3, 0x0311, 2) + bytes(48) + struct.pack("<HHI", 128, 0, 128) + contexts
    encrypted = netbios(b"\xfdSMB" + bytes(60))
    found = kept([ask(NEGOTIATE, request, 0), answer(NEGOTIATE, reply, 0), (">", encrypted)]).tables
    (row,) = found["smb_session"]
    expected = {"dialect": "SMB 3.1.1", "client_signing": "enabled", "server_signing": "required", "encrypted": True}
    assert {name: row[name] for name in expected} == expected
    assert (row["cipher"], row["compression"]) == ("AES-128-GCM", "LZNT1")
    assert [(row["command"], row["argument"], row["status"]) for row in found["smb_cmd"]] == [
        ("NEGOTIATE_PROTOCOL", "SMB 3.1.1", "SUCCESS")
    ]


def test_compression_sizes_that_overflow() -> None:
    message = netbios(b"\xfcSMB" + struct.pack("<IHHI", 0xFFFFFFFF, 1, 0, 16) + bytes(100))
    assert kept([(">", message)]).weirds == ["smb_compression_overflow"]
    assert not kept([(">", netbios(b"\xfcSMB" + struct.pack("<IHHI", 4096, 1, 0, 16) + bytes(100)))]).weirds


def test_netbios_session_request() -> None:
    request = (">", netbios(bytes(68), 0x81))
    rows = files([request, ("<", netbios(b"", 0x82))], share(), opening("1.dcm"))
    assert [row["name"] for row in rows] == ["1.dcm"]


def test_commands_that_are_too_short() -> None:
    assert kept([ask(CREATE, bytes(20), 1), *opening("1.dcm")]).weirds == ["smb_message_malformed"]


@pytest.mark.parametrize("head", [b"\0\0\0\x40SMB2" + bytes(64), b"\xfeSMB" + bytes(80), b"\x81\0\0\x45" + bytes(69)])
def test_what_it_is_not(head: bytes) -> None:
    assert not smb.sniff(conversation([(">", head)], port=9_000))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smb_state, "REMEMBERED", 8)
    turns: Turns = [ask(CREATE, create(str(number)), number) for number in range(10)]
    turns += [answer(CREATE, created(FILE), 0), answer(CREATE, created(OTHER), 9)]
    assert [row["name"] for row in files(turns)] == ["9"]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    turns = [*share(), *opening("1.dcm"), ask(SET_INFO, set_info(FILE, 10, rename_to("x")), 3), answer(SET_INFO, b"", 3)]
    turns += [ask(IOCTL, ioctl(FILE, fragment(0, call(2))), 9), ask(CLOSE, closing(FILE), 10)]
    sides = {side: bytearray(b"".join(part for s, part in turns if s == side and isinstance(part, bytes))) for side in "><"}
    for side in sides.values():
        for _ in range(data.draw(st.integers(1, 8))):
            side[data.draw(st.integers(0, len(side) - 1))] = data.draw(st.integers(0, 255))
    survives("smb", bytes(sides[">"]), bytes(sides["<"]), [data.draw(st.integers(0, len(sides[">"])))])
