"""Logs that TeamViewer and AnyDesk leave on the computer that was controlled."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Bytes

from wardround import readers
from wardround.readers.remote import anydesk_connections, anydesk_trace, teamviewer
from wardround.store import conform

TEAMVIEWER = (
    "123456789\tHELPDESK-7\t02-03-2026 08:00:00\t02-03-2026 08:10:30\tmarie\tRemoteControl\t"
    "{584b3e18-f0af-49e9-af50-f4de1b82e8df}\t\r\n"
    "987654321\tÉlodie B.\t25-03-2026 22:59:59\t\tmarie\tFileTransfer\t{0fa00d03-3c00-46ed-8306-be9b6f2977fa}\r\n"
)
CONNECTIONS = (
    "Incoming    2026-03-02, 08:00    User                              123456789    123456789\r\n"
    "Incoming    2026-03-02, 22:15    Passwd                            support@ad   987654321\r\n"
    "Incoming    2026-03-03, 03:00    REJECTED                          987654321    987654321\r\n"
    "Outgoing    2026-03-03, 09:00    User                              555555555    555555555\r\n"
)
_STEP = "   info 2026-03-02 {}       {}   6572   5380   {}                {}\r\n"
TRACE = (
    "* * * * * * * * * * * * * * * * * *\r\n"
    + _STEP.format("07:59:58.000", "lsvc", "22", "anynet.any_socket - Client-ID: 123456789 (FPR: 8e28a2a25b30).")
    + _STEP.format("07:59:58.100", "lsvc", "22", "anynet.any_socket - Logged in from 203.0.113.9:4026 on relay 872f8937.")
    + _STEP.format("08:00:00.000", "back", "  ", "app.backend_session - Incoming session request: Support Desk (123456789)")
    + _STEP.format("08:10:00.000", "back", "  ", "app.backend_session - Session closed by remote side.")
    + _STEP.format("09:00:00.000", "front", "  ", 'app.session - 1: Connecting to "555555555"')
    + _STEP.format("09:00:01.000", "lsvc", "23", "anynet.any_socket - Client-ID: 555555555 (FPR: 8e28a2a25b31).")
    + _STEP.format("09:00:01.100", "lsvc", "23", "anynet.any_socket - Logged in from 198.51.100.4:4027 on relay 872f8937.")
    + _STEP.format("10:00:00.000", "lsvc", "24", "anynet.any_socket - Client-ID: 777777777 (FPR: 8e28a2a25b32).")
    + _STEP.format("10:00:00.100", "lsvc", "24", "anynet.any_socket - Logged in from [2001:db8::7]:4028 on relay 872f8937.")
)


class _Sink:
    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.codes: list[str] = []

    def write(self, table: str, rows: Any) -> None:
        assert table == "logon"
        self.rows += conform(table, rows, "e1").to_pylist()

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        self.codes.append(code)


def _read(data: bytes, name: str) -> _Sink:
    known = readers.identify(data)
    assert known is not None
    assert known[0] == name
    sink = _Sink()
    known[1].read(Bytes(data, len(data)), next(iter(known[1].split(Bytes(data, len(data))))), sink)
    return sink


def _told(sink: _Sink, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in sink.rows]


def test_teamviewer_tells_sessions_in_utc_with_their_length() -> None:
    sink = _read(TEAMVIEWER.encode(), "teamviewer_incoming")
    assert _told(sink, "ts", "ts_zone", "user", "message_id", "target", "duration", "record") == [
        (1772438400 * 10**9, "utc", "HELPDESK-7 (123456789)", "RemoteControl", "marie", 630.0, 1),
        (1774479599 * 10**9, "utc", "Élodie B. (987654321)", "FileTransfer", "marie", None, 2),
    ]
    assert {row["service"] for row in sink.rows} == {"teamviewer"}
    assert sink.codes == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_anydesk_list_of_connections_in_any_encoding(encoding: str) -> None:
    sink = _read(CONNECTIONS.encode(encoding), "anydesk_connections")
    assert _told(sink, "action", "outcome", "user", "authentication", "reason") == [
        ("login", "success", "123456789", "accepted", None),
        ("login", "success", "support@ad (987654321)", "password", None),
        ("login_failed", "failure", "987654321", None, "rejected"),
    ]
    assert sink.rows[0]["ts"] == 1772438400 * 10**9


def test_anydesk_trace_gives_the_request_the_address_seen_before_it() -> None:
    sink = _read(TRACE.encode(), "anydesk_trace")
    assert _told(sink, "action", "message_id", "user", "source", "source_port") == [
        ("login", "request", "Support Desk (123456789)", "203.0.113.9", 4026),
        ("logout", "ended", None, None, None),
        # What somebody here began is left out; what had no request is a step, no logon.
        ("message", "connected", "777777777", "2001:db8::7", 4028),
    ]
    assert sink.rows[0]["ts"] == 1772438400 * 10**9
    assert sink.codes == []


def test_a_trace_of_macos_counts_processes_by_name_and_gives_no_name_of_the_other() -> None:
    line = "info 2026-03-02 08:00:00.000  back  wrk1 1234      app.backend_session - Incoming session request: - (1131282862)\n"
    assert _told(_read(line.encode(), "anydesk_trace"), "action", "user", "source") == [("login", "1131282862", None)]


def test_lines_of_another_shape_are_told() -> None:
    sink = _read((TEAMVIEWER + "no session\n").encode(), "teamviewer_incoming")
    assert len(sink.rows) == 2
    assert sink.codes == ["bad_line"]


@pytest.mark.parametrize("text", ["Incoming mail\nOutgoing mail\n", "1\t2\t3\n", " info: all is well\n", ""])
def test_other_texts_are_none_of_these_logs(text: str) -> None:
    for reader in (teamviewer.READER, anydesk_connections.READER, anydesk_trace.READER):
        assert reader.sniff(text.encode()) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([TEAMVIEWER, CONNECTIONS, TRACE]), st.integers(0, 600), st.binary(max_size=8))
def test_damaged_logs_raise_nothing(text: str, at: int, junk: bytes) -> None:
    data = text.encode()
    data = data[:at] + junk + data[at + len(junk) :]
    for reader in (teamviewer.READER, anydesk_connections.READER, anydesk_trace.READER):
        reader.sniff(data)
        reader.read(Bytes(data, len(data)), next(iter(reader.split(Bytes(data, len(data))))), _Sink())
