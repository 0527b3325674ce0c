"""DCE/RPC over TCP: bindings, fragments, answers that are missing, names, and hostile bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.protocols.smb_messages import (
    bind,
    bound,
    call,
    fragment,
    ntlm_authenticate,
    ntlm_challenge,
    ntlm_negotiate,
    result,
)
from tests.wire.protocols.talk import SECOND, conversation, read, survives

from wardround.wire.protocols import dce_rpc, dce_rpc_names

SVCCTL = "367abb81-9844-35f1-ad32-98f038001003"
DRSUAPI = "e3514235-4b06-11d1-ab04-00c04fc2dcd2"
NETLOGON = "12345678-1234-abcd-ef00-01234567cffb"
WINREG = "338cd001-2244-31f1-aaaa-900038001003"
NOBODYS = "01234567-89ab-cdef-0123-456789abcdef"
BOUND = [(">", fragment(11, bind(SVCCTL, DRSUAPI, WINREG, NOBODYS))), ("<", fragment(12, bound("49668")))]


def _calls(*turns: tuple[str, bytes | int]) -> list[dict[str, Any]]:
    connection, kept = read("dce_rpc", [*BOUND, *turns], port=49668)
    assert connection.services[0] == "dce_rpc"
    return kept.tables.get("dce_rpc", [])


def test_calls_are_named_by_the_context_they_use() -> None:
    first, second = _calls(
        (">", fragment(0, call(12), 1)),
        ("<", fragment(2, result(), 1)),
        (">", fragment(0, call(3, context=1), 2)),
        ("<", fragment(2, result(1), 2)),
    )
    assert (first["endpoint"], first["operation"], first["named_pipe"]) == ("svcctl", "CreateServiceW", "49668")
    assert (first["rtt"], first["ts"], first["record"]) == (1.0, 3 * SECOND, 3)
    assert (second["endpoint"], second["operation"]) == ("drsuapi", "DRSGetNCChanges")


def test_a_call_in_fragments_is_one_call() -> None:
    (row,) = _calls(
        (">", fragment(0, call(12), 7, flags=1)),
        (">", fragment(0, call(12), 7, flags=2)),
        ("<", fragment(2, result(), 7, flags=1)),
        ("<", fragment(2, result(), 7, flags=2)),
    )
    assert row["rtt"] == 3.0


def test_answers_are_found_by_the_number_of_the_call() -> None:
    rows = _calls(
        (">", fragment(0, call(12), 1) + fragment(0, call(19), 2)),
        ("<", fragment(2, result(), 2)),
        ("<", fragment(3, result(), 1)),
    )
    assert [(row["operation"], row["rtt"]) for row in rows] == [("StartServiceW", 1.0), ("CreateServiceW", 2.0)]


def test_calls_without_answer_are_told() -> None:
    (row,) = _calls((">", fragment(0, call(2), 1)))
    assert (row["operation"], row["rtt"]) == ("DeleteService", None)


def test_what_has_no_name() -> None:
    rows = _calls((">", fragment(0, call(999), 1)), (">", fragment(0, call(1, context=3), 2)))
    assert [row["operation"] for row in rows] == ["unknown-999", "unknown-1"]
    assert rows[1]["endpoint"] == f"unknown-{NOBODYS}"


def test_frequent_calls_are_left_out() -> None:
    assert not _calls((">", fragment(0, call(15, context=2), 1)), ("<", fragment(2, result(2), 1)))


def test_calls_of_a_binding_that_was_not_seen_are_left_out() -> None:
    connection, kept = read("dce_rpc", [(">", fragment(0, call(3), 1)), ("<", fragment(2, result(), 1))], port=49668)
    assert connection.services == ["dce_rpc"]
    assert "dce_rpc" not in kept.tables


def test_big_endian() -> None:
    turns = [
        (">", fragment(11, bind(SVCCTL, order=">"), order=">")),
        (">", fragment(0, call(12, order=">"), 1, order=">")),
        ("<", fragment(2, result(order=">"), 1, order=">")),
    ]
    _, kept = read("dce_rpc", turns, port=135)
    assert kept.tables["dce_rpc"][0]["operation"] == "CreateServiceW"


def test_logon_inside_the_binding() -> None:
    turns = [
        (">", fragment(11, bind(SVCCTL), token=ntlm_negotiate())),
        ("<", fragment(12, bound("135"), token=ntlm_challenge())),
        (">", fragment(16, bytes(4), token=ntlm_authenticate())),
    ]
    connection, kept = read("dce_rpc", turns, port=135)
    (row,) = kept.tables["ntlm"]
    assert (row["username"], row["server_nb_computer_name"], row["success"]) == ("durand", "PACS1", None)
    assert connection.services == ["dce_rpc", "ntlm"]


def test_reading_goes_on_after_a_gap() -> None:
    rows = _calls((">", 4_000), (">", fragment(0, call(12), 9)), ("<", fragment(2, result(), 9)))
    assert [row["operation"] for row in rows] == ["CreateServiceW"]


def test_a_replication_is_known_by_the_order_of_its_calls_where_its_binding_was_not_seen() -> None:
    turns = [(">", fragment(0, call(number), at)) for at, number in enumerate((0, 16, 12, 0, 3, 1))]
    _, kept = read("dce_rpc", turns, port=49668)
    rows = kept.tables["dce_rpc"]
    assert {row["endpoint"] for row in rows} == {"drsuapi"}
    assert [row["operation"] for row in rows][3:] == ["DRSBind", "DRSGetNCChanges", "DRSUnbind"]
    _, kept = read("dce_rpc", turns[:4], port=49668)
    assert "dce_rpc" not in kept.tables


@pytest.mark.parametrize(("challenge", "weirds"), [(bytes(8), ["netlogon_zero_challenge"]), (b"\x01" + bytes(7), [])])
def test_a_challenge_of_zeros(challenge: bytes, weirds: list[str]) -> None:
    names = b"\x01\0\0\0" + "DC1".encode("utf-16-le") + bytes(2)
    turns = [(">", fragment(11, bind(NETLOGON))), ("<", fragment(12, bound("49668")))]
    _, kept = read("dce_rpc", [*turns, (">", fragment(0, call(4, stub=names + challenge), 1))], port=49668)
    assert kept.weirds == weirds
    assert kept.tables["dce_rpc"][0]["operation"] == "NetrServerReqChallenge"


@pytest.mark.parametrize("head", [b"\x05\x01\x00" + bytes(20), b"\x05\x00\x0b\x03\x20" + bytes(20), b"GET / HTTP/1.1\r\n\r\n"])
def test_what_it_is_not(head: bytes) -> None:
    assert not dce_rpc.sniff(conversation([(">", head)], port=135))


def test_names() -> None:
    assert dce_rpc_names.endpoint(DRSUAPI) == "drsuapi"
    assert dce_rpc_names.operation("12345778-1234-abcd-ef00-0123456789ac", 64) == "SamrConnect5"
    assert dce_rpc_names.operation("12345678-1234-abcd-ef00-01234567cffb", 26) == "NetrServerAuthenticate3"
    assert dce_rpc_names.operation("9556dc99-828c-11cf-a37e-00aa003240c7", 24) == "ExecMethod"
    assert dce_rpc_names.operation("12345778-1234-abcd-ef00-0123456789ab", 76) == "LsarLookupSids3"
    assert dce_rpc_names.operation("12345678-1234-abcd-ef00-0123456789ab", 89) == "RpcAddPrinterDriverEx"
    assert dce_rpc_names.usual_interface("svcctl") == SVCCTL
    assert dce_rpc_names.usual_interface("browser") is None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_hostile_bytes(data: st.DataObject) -> None:
    client = bytearray(fragment(11, bind(SVCCTL, NOBODYS), token=ntlm_negotiate()) + fragment(0, call(12), 1))
    server = bytearray(fragment(12, bound("135"), token=ntlm_challenge()) + fragment(2, result(), 1))
    for side in (client, server):
        for _ in range(data.draw(st.integers(1, 6))):
            side[data.draw(st.integers(0, len(side) - 1))] = data.draw(st.integers(0, 255))
    survives("dce_rpc", bytes(client), bytes(server), [data.draw(st.integers(0, len(client)))])
