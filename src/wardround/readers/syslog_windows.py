"""Windows events that an agent sends by syslog: NXLog's structured data, JSON or XML behind a header, Snare's lines with tabs.

Sources: NXLog, *xm_syslog* and *to_json*; Snare, *Windows agent event format* (``MSWinEventLog``), whose fields stand in the
message only, so that rules on names of fields cannot match them.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wardround.readers.shred import shred
from wardround.readers.syslog_frame import ZONES
from wardround.readers.windows_json import object_of, paths_of
from wardround.readers.windows_rows import write_rows
from wardround.readers.windows_shapes import Shape, shape_of
from wardround.readers.windows_text import event_of_xml

if TYPE_CHECKING:
    from wardround.readers.base import Sink
    from wardround.readers.syslog_messages import Messages

#: What a block must hold to be looked at at all.
MARK = re.compile(rb"MSWinEventLog[\t,]|\[NXLOG@14506 |\"(?:EventID|winlog|eventID)\"|<Event xmlns=")

_PAIR = re.compile(rb'([A-Za-z_][\w.-]{0,99})="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\([\"\\\]])")

#: What stands between the tabs behind Snare's mark, the message last. Event logs have no other than text there.
_SNARE = (
    "Criticality", "Channel", "SnareCounter", "SubmitTime", "EventID", "SourceName", "AccountName", "SidType", "Kind",
    "Computer", "Category", "Strings", "Message",
)  # fmt: skip
#: What has no time and perhaps no computer of its own but the header's.
_BARE = frozenset({"pairs", "snare"})
_KEPT = frozenset({"Channel", "EventID", "SourceName", "AccountName", "Computer", "Message"})


def read(messages: Messages, sink: Sink) -> Messages:
    """Write the events among the messages; returns the others."""
    whole = messages.data.tobytes()
    others = np.ones(len(messages), bool)
    shapes: dict[tuple[Shape, str], tuple[list[bytes], list[int]]] = {}
    hosts = messages.host.to_pylist()
    for at, (begin, end) in enumerate(zip(messages.begins.tolist(), messages.ends.tolist(), strict=True)):
        kind, event = _event(whole[whole.rfind(b"\n", 0, begin) + 1 : begin], whole[begin:end])
        if event is None:
            continue
        shape = shape_of(paths_of(event))
        if shape is None:
            continue
        others[at] = False
        if kind in _BARE:
            event.setdefault("Computer", hosts[at])
        if kind in _BARE and messages.zone[at]:
            event["EventTime"] = _instant(int(messages.ts[at]), stated=ZONES[messages.zone[at]] in ("stated", "utc"))
        texts, numbers = shapes.setdefault(shape, ([], []))
        texts.append(json.dumps(event).encode())
        numbers.append(int(messages.records[at]))
    for shape, (texts, numbers) in shapes.items():
        write_rows(shred(b"\n".join(texts)), *shape, sink, record=pa.array(numbers, pa.int64()))
    return messages.take(others)


def _event(head: bytes, text: bytes) -> tuple[str, dict[str, Any] | None]:
    """How a message tells of an event of Windows, and the event."""
    if b"[NXLOG@14506 " in head or text.startswith(b"[NXLOG@14506 "):
        pairs = {name.decode(): _plain(value) for name, value in _PAIR.findall(head + text)}
        message = {} if text.startswith(b"[") else {"Message": text.decode("utf-8", "replace")}
        return "pairs", pairs | message if {"EventID", "Channel"} <= pairs.keys() else None
    plain = text.strip().removeprefix(b"@cee:").lstrip()
    if plain.startswith(b"{") and MARK.search(plain):
        return "json", object_of(plain)
    if plain.startswith(b"<Event"):
        return "xml", event_of_xml(plain.decode("utf-8", "replace"))
    _, mark, rest = text.partition(b"MSWinEventLog\t")
    cells = rest.decode("utf-8", "replace").split("\t", len(_SNARE))
    if not mark or len(cells) < len(_SNARE) - 1 or not cells[4].isdigit():
        return "snare", None
    return "snare", {name: cell.strip() for name, cell in zip(_SNARE, cells, strict=False) if name in _KEPT and cell.strip()}


def _plain(value: bytes) -> str:
    return _ESCAPED.sub(r"\1", value.decode("utf-8", "replace"))


def _instant(ts: int, *, stated: bool) -> str:
    """The time of the header, with a zone only where the header has one."""
    text = f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%S}.{ts % 1_000_000_000:09d}"
    return f"{text}Z" if stated else text
