"""Reader of AnyDesk's traces (``ad.trace``, ``ad_svc.trace``) into ``logon``: who asked for the computer, and from where.

The number and the address of the other stand in lines before the request. Source: AnyDesk, *Trace files*; what each sentence
means is known from the lines on which independent readers of forensic collections agree. Times are taken for UTC.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant
from wardround.readers.remote.lines import LinesReader

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Severity, time, process by name, its number, its thread and perhaps a number of the connection, the module, the message.
_LINE = re.compile(
    r" {0,8}(?:info|warning|error|debug|trace) {1,8}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) {1,20}\w{1,12}(?: {1,60}\w{1,12}){1,3} {1,60}"
    r"([a-z_]{1,40}\.[\w.]{1,80}) {1,20}- (.*)$"
)
_REQUEST = re.compile(r"Incoming session request: (.{0,200}?) ?\((\d{5,12})\)\s*$")
_CLIENT = re.compile(r"Client-ID: (\d{5,12})\b")
_ADDRESS = re.compile(r"Logged in from (?:\[([0-9A-Fa-f.:]{2,45})\]|([0-9.]{7,15})):(\d{1,5})\b")
_OUTGOING = re.compile(r"\bConnecting to \"")
_REFUSED = re.compile(r"(?i)\b(?:wrong password|authentication failed|session was rejected|permission denied|access denied)\b")
_ENDED = re.compile(r"(?i)\bsession (?:stopped|closed|ended)\b")
_OUTCOMES = {"login": "success", "logout": "success", "login_failed": "failure"}


class _Trace:
    """Sessions that others ask for.

    Sessions that somebody here asks for have lines about the other as well: without a request that follows, such lines are a
    step and no logon.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._client = ""
        #: Address and port of the other, with the time and the number of that line.
        self._seen: tuple[str, int, str, int] | None = None
        self._outgoing = False

    def take(self, line: str, number: int) -> bool:
        """A line of the trace."""
        found = _LINE.match(line)
        if found is None:
            return line[:1] in " *-\t"  # headings of a start, and what runs over lines
        at, module, said = found.groups()
        if (known := _CLIENT.search(said)) is not None and module.startswith("anynet."):
            self.close()
            self._client = known[1]
        elif address := _ADDRESS.search(said):
            self._seen = None if self._outgoing else (address[1] or address[2], int(address[3]), at, number)
            self._outgoing = False
        elif request := _REQUEST.search(said):
            name = request[1].strip("- ")
            self._add(at, number, "request", "login", f"{name} ({request[2]})" if name else request[2])
            self._client, self._seen, self._outgoing = "", None, False
        elif _OUTGOING.search(said):
            self.close()
            self._outgoing = True
        elif module == "app.backend_session" and _REFUSED.search(said):
            self._add(at, number, "refused", "login_failed", reason=said[:200])
        elif module == "app.backend_session" and _ENDED.search(said):
            self._add(at, number, "ended", "logout")
        return True

    def close(self) -> None:
        """What was seen of another without a request."""
        if self._seen is not None:
            self._add(self._seen[2], self._seen[3], "connected", "message", self._client)
        self._client, self._seen = "", None

    def _add(self, at: str, number: int, kind: str, action: str, user: str = "", reason: str = "") -> None:
        ts = iso_instant(at.replace(" ", "T"))
        source, port = self._seen[:2] if self._seen is not None and action in ("login", "message") else ("", 0)
        self._batches.add(
            "logon", ts=ts, ts_zone="none" if ts is None else "assumed", record=number, vendor="anydesk", message_id=kind,
            action=action, outcome=_OUTCOMES.get(action), user=user, source=source,
            source_port=port if 0 < port < 65536 else None, service="anydesk", reason=reason,
        )  # fmt: skip


READER: Reader = LinesReader("anydesk_trace", _LINE, _Trace)
