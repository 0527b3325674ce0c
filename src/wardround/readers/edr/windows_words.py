"""Telemetry of products in the words of Windows: a process that was started becomes Sysmon's event 1, a logon Security's 4624.

Rules and detections know these events. ``Provider_Name`` says which product told it; the numbers are those of the event that
says the same (Sysmon's manifest, Microsoft's reference of audit events). Programs with a path of Linux go to ``linux_event``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports
from wardround.readers.batches import Batches
from wardround.readers.edr import values
from wardround.schema.linux import LINUX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from wardround.readers.base import Sink, Source, Span

#: Longest text that is kept: scripts are long, and what matters may stand at their end.
MOST_CHARACTERS = 64 * 1024

#: Distinct names of fields of one piece of evidence, and the length of one: a forwarded event has whatever it says.
MOST_NAMES = 1_000
MOST_NAME = 200

SYSMON = "Microsoft-Windows-Sysmon/Operational"
SECURITY = "Security"
SYSTEM = "System"
POWERSHELL = "Microsoft-Windows-PowerShell/Operational"

#: Logon types of Security 4624 by the words that products use.
LOGON_TYPES = {
    "interactive": "2",
    "network": "3",
    "batch": "4",
    "service": "5",
    "unlock": "7",
    "networkcleartext": "8",
    "newcredentials": "9",
    "remoteinteractive": "10",
    "remote interactive": "10",
    "cachedinteractive": "11",
    "local": "2",
    "cachedremoteinteractive": "12",
    "cachedunlock": "13",
}

_LINUX_KINDS = {1: "process", 3: "network", 11: "file", 26: "file"}


@dataclass(slots=True)
class Telemetry:
    """Writes events of one product; ``product`` is its name as ``Provider_Name``."""

    batches: Batches
    product: str
    _names: set[str] = field(default_factory=set, init=False)

    def event(
        self,
        channel: str,
        number: int,
        ts: tuple[int | None, str],
        record: int,
        host: object,
        data: dict[str, Any],
        place: object = None,
        provider: str | None = None,
    ) -> None:
        """One event: its log and number, when, where in the evidence, on which machine, and its fields.

        ``place`` is the number of the event by which copies are told; ``provider`` who wrote it, unless the product did.
        """
        told = {name: text for name, value in data.items() if self._is_kept(name) and (text := values.text(value)) is not None}
        program = told.get("Image", "")
        if channel == SYSMON and number in _LINUX_KINDS and program.startswith("/"):
            self.batches.add(
                "linux_event",
                **values.place(ts, record),
                host=values.text(host),
                channel="edr",
                kind=_LINUX_KINDS[number],
                EventID=number,
                **{name: text for name, text in told.items() if name in _LINUX_COLUMNS},
            )
            return
        self.batches.add(
            "windows_event",
            **values.place(ts, record),
            Channel=channel,
            Provider_Name=provider or self.product,
            EventID=number,
            Computer=values.text(host),
            EventRecordID=_whole(place),
            **told,
        )

    def _is_kept(self, name: str) -> bool:
        """Whether a field becomes a column: no column of its own, and not one of more names than logs have."""
        if name in self._names:
            return True
        if name.lower() in _TAKEN:
            return False
        if not 0 < len(name) <= MOST_NAME or len(self._names) >= MOST_NAMES:
            self.batches.sink.diagnose("too_many_names", f"{MOST_NAMES} names of up to {MOST_NAME} characters are kept.")
            return False
        self._names.add(name)
        return True


def read_export(
    product: str, tell: Callable[[dict[str, Any], int, Telemetry, Sink], None], source: Source, span: Span, sink: Sink
) -> None:
    """Read an export of alerts and telemetry together, record by record."""
    batches = Batches(sink, MOST_CHARACTERS)
    telemetry = Telemetry(batches, product)
    for record in json_exports.read(source, span, sink):
        tell(record.value, record.number, telemetry, sink)
    batches.close()


#: Columns that a field of the event must not take the place of.
_TAKEN_TEXT = """
ts ts_zone evidence_id record table Channel Provider_Name EventID Computer EventRecordID Version Level Task Opcode Keywords
Execution_ProcessID Execution_ThreadID Correlation_ActivityID Security_UserID
"""
_TAKEN = frozenset(_TAKEN_TEXT.lower().split())


_LINUX_COLUMNS = frozenset(column.name for column in LINUX_EVENT.columns)


def _whole(value: object) -> int | None:
    """A number of an event, None where there is none that a column holds."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def logon_type(value: object) -> str | None:
    """The number of a logon type from its number or word."""
    text = values.text(value) or ""
    return text if text.isdigit() else LOGON_TYPES.get(text.casefold())


def hexadecimal(value: object) -> str | None:
    """A number as Windows shows identifiers of sessions and masks of rights; text that is one already stays."""
    if isinstance(value, str) and value.startswith("0x"):
        return value
    number = _whole(value)
    return f"0x{number:x}" if number is not None else None
