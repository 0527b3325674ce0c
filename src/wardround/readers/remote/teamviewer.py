"""Reader of TeamViewer's ``Connections_incoming.txt`` into ``logon``: who took control of the computer, and how long.

One line per session, cut by tabs, times in UTC: number and name of the other, beginning, end, who was logged on at the
computer, kind of session, its number. Source: TeamViewer, *Log file reading: incoming connections*. The computer's own name
does not stand in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wardround.readers.batches import Batches
from wardround.readers.instants import written_instant
from wardround.readers.remote.lines import LinesReader

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_CLOCK = r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d"
_SESSION = re.compile(
    rf"(\d{{6,12}})\t([^\t]{{0,200}})\t({_CLOCK})\t({_CLOCK})?\t([^\t]{{0,200}})\t([A-Za-z]\w{{2,39}})\t?(?:\{{[0-9A-Fa-f-]{{36}}\}})?\s*$"
)
_WRITTEN = "%d-%m-%Y %H:%M:%S"


class _Sessions:
    def __init__(self, batches: Batches) -> None:
        self._batches = batches

    def take(self, line: str, number: int) -> bool:
        """A session."""
        found = _SESSION.match(line)
        if found is None:
            return False
        begun, ended = written_instant(found[3], _WRITTEN), written_instant(found[4], _WRITTEN)
        lasted = None if begun is None or ended is None or ended < begun else (ended - begun) / 1e9
        self._batches.add(
            "logon", ts=begun, ts_zone="none" if begun is None else "utc", record=number, vendor="teamviewer",
            message_id=found[6], action="login", outcome="success", user=f"{found[2]} ({found[1]})".strip(),
            service="teamviewer", target=found[5], duration=lasted,
        )  # fmt: skip
        return True

    def close(self) -> None:
        """Nothing is left."""


READER: Reader = LinesReader("teamviewer_incoming", _SESSION, _Sessions)
