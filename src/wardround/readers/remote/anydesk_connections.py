"""Reader of AnyDesk's ``connection_trace.txt`` into ``logon``: who took control of the computer, by the minute.

One line per session: direction, day and minute, how it was allowed, the other's number or alias. On Windows the text is UTF-16
without a mark. Source: AnyDesk, *Trace files*. Sessions that somebody began here are left out, as the table is about who came.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant
from wardround.readers.remote.lines import LinesReader

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_SESSION = re.compile(r"(Incoming|Outgoing) {1,40}(\d{4}-\d\d-\d\d), (\d\d:\d\d)(?::\d\d)? {1,40}(\S.{0,400})$")
#: How the other was let in: a person clicked, a password was known, a token was kept from before; or it was refused.
_ALLOWED = {"user": "accepted", "passwd": "password", "password": "password", "token": "token", "rejected": "rejected"}


class _Sessions:
    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def take(self, line: str, number: int) -> bool:
        """A session."""
        found = _SESSION.match(line.strip())
        if found is None:
            return False
        if found[1] == "Outgoing":
            return True
        # Word, number and alias stand in columns of two blanks and more, in this order or with the word at the end.
        told = [cell for cell in re.split(r" {2,}|\t", found[4][:400]) if cell]
        how = next((_ALLOWED[cell.lower()] for cell in told if cell.lower() in _ALLOWED), "")
        names = list(dict.fromkeys(cell for cell in told if cell.lower() not in _ALLOWED))
        digits = next((name for name in names if name.isdigit()), "")
        alias = next((name for name in names if not name.isdigit()), "")
        ts = iso_instant(f"{found[2]}T{found[3]}:00")
        refused = how == "rejected"
        self._batches.add(
            "logon", ts=ts, ts_zone="none" if ts is None else "assumed", record=number, vendor="anydesk",
            message_id="connection", action="login_failed" if refused else "login", outcome="failure" if refused else "success",
            user=f"{alias} ({digits})" if alias and digits else alias or digits, service="anydesk",
            authentication="" if refused else how, reason=how if refused else "",
        )  # fmt: skip
        return True

    def close(self) -> None:
        """Nothing is left."""


READER: Reader = LinesReader("anydesk_connections", _SESSION, _Sessions)
