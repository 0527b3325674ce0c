"""Reader of Check Point's ``fwm logexport`` (a header with ``num``, ``date``, ``time``, ``orig`` …) into ``firewall_event``.

Source: Check Point, *CLI Reference Guide* (``fwm logexport``). Columns are parted by semicolons unless another sign was chosen,
and differ from log to log; services and hosts may be names. Times are the management's clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.delimited import Columns, Row, rows, sniffs
from wardround.readers.instants import written_instant

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Plain names of columns, and what is kept of them.
_NAMES = {
    "date": "date", "time": "time", "orig": "device", "action": "action", "ifname": "source_zone", "src": "source",
    "sport": "source_port", "dst": "destination", "service": "destination_port", "proto": "proto", "rule": "rule",
    "rulename": "rule_name", "product": "message_id", "user": "user", "xlatesrc": "nat_source", "xlatedst": "nat_destination",
    "xlatedport": "nat_port", "inzone": "inzone", "outzone": "destination_zone", "attack": "threat", "resource": "url",
}  # fmt: skip
_CERTAIN = frozenset({"num", "date", "time", "orig", "action", "src", "dst"})
_ACTIONS = {
    "drop": "drop", "prevent": "drop", "reject": "deny", "block": "deny", "monitor": "alert", "detect": "alert",
    "accept": "accept", "allow": "accept", "bypass": "accept", "encrypt": "accept", "decrypt": "accept",
}  # fmt: skip
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")


def _layout(names: Columns) -> Columns | None:
    return tuple(_NAMES.get(name, "") for name in names) if set(names) >= _CERTAIN else None


class _CheckPointTable:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "checkpoint_table"

    def sniff(self, head: bytes) -> str | None:
        """A header with the columns that every such export has."""
        return self.name if sniffs(head, _layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: the header rules what follows."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Write a row per connection; what names no two hosts is counted and left out."""
        batches, left = Batches(sink), 0
        for row in rows(source, _layout, sink):
            if not _add(row, batches):
                left += 1
        batches.close()
        if left:
            sink.diagnose(
                "ignored_kind", f"{left} lines of the kind 'checkpoint (without two addresses)' hold nothing for a table."
            )


def _add(row: Row, batches: Batches) -> bool:
    values = dict(row.values)
    source, destination = values.pop("source", ""), values.pop("destination", "")
    if not (_ADDRESS.fullmatch(source) and _ADDRESS.fullmatch(destination)):
        return False
    ts = written_instant(f"{values.pop('date', '')} {values.pop('time', '')}", "%d%b%Y %H:%M:%S")
    zone, rule = values.pop("inzone", ""), values.pop("rule", "")
    ports = {name: whole(values.pop(name, ""), 65_535) for name in ("source_port", "destination_port", "nat_port")}
    translated = {name: values.pop(name, "") for name in ("nat_source", "nat_destination")}
    batches.add(
        "firewall_event", ts=ts, ts_zone="none" if ts is None else "assumed", record=row.line, vendor="checkpoint",
        action=_ACTIONS.get(values.pop("action", "").lower(), "alert"), source=source, destination=destination, **ports,
        **{name: value if _ADDRESS.fullmatch(value) else "" for name, value in translated.items()},
        policy=values.pop("rule_name", "") or rule, source_zone=zone or values.pop("source_zone", ""),
        **{name: value for name, value in values.items() if name != "source_zone"},
    )  # fmt: skip
    return True


READER: Reader = _CheckPointTable()
