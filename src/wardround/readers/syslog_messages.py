"""Messages of log lines by column, and how kinds of messages become rows of tables.

A vendor's module says in :class:`Kind` rules what its messages look like; here they are tried on all messages at once, with
RE2 (linear in the text, whatever the text is), so that no line becomes a Python object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import GUESSED, ZONES
from wardround.schema import tables

if TYPE_CHECKING:
    from wardround.readers.base import Sink

#: Most rows in a batch given to the sink.
BATCH_ROWS = 100_000

_ZONE_WORDS = pa.array(ZONES)
_SEVERITIES = pa.array(["emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"])

#: What an action says about its outcome.
OUTCOMES = {
    "login": "success",
    "authenticated": "success",
    "login_failed": "failure",
    "second_factor": "success",
    "second_factor_failed": "failure",
    "tunnel_up": "success",
    "resumed": "success",
    "denied": "failure",
    "logout": "success",
}


#: The fields of Messages that hold one value per message.
_POSITIONS = ("begins", "ends", "host_begins", "host_ends", "tag_begins", "tag_ends", "ts", "zone", "priority", "records")


@dataclass
class Messages:
    """Messages within one block of bytes: positions of their text, host and program (-1: none), times and line numbers."""

    data: NDArray[np.uint8]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    host_begins: NDArray[np.int64]
    host_ends: NDArray[np.int64]
    tag_begins: NDArray[np.int64]
    tag_ends: NDArray[np.int64]
    ts: NDArray[np.int64]
    zone: NDArray[np.uint8]
    priority: NDArray[np.int64]
    records: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.begins.size)

    @classmethod
    def joined(cls, *parts: Messages) -> Messages:
        """Messages of the same block in one."""
        filled = [part for part in parts if len(part)]
        if len(filled) < 2:
            return filled[0] if filled else parts[0]
        return cls(filled[0].data, *(np.concatenate([getattr(part, name) for part in filled]) for name in _POSITIONS))

    def take(self, chosen: NDArray[np.bool_]) -> Messages:
        """Those that are chosen."""
        if chosen.all():
            return self
        taken = Messages(self.data, *(getattr(self, name)[chosen] for name in _POSITIONS))
        for name in ("text", "tag"):
            if name in self.__dict__:
                taken.__dict__[name] = self.__dict__[name].filter(pa.array(chosen))
        return taken

    def picked(self, at: NDArray[np.int64]) -> Messages:
        """Those that stand at places, as often as these are named."""
        return Messages(self.data, *(getattr(self, name)[at] for name in _POSITIONS))

    def saying(self, text: pa.StringArray) -> Messages:
        """The same messages with other texts."""
        changed = Messages(self.data, *(getattr(self, name) for name in _POSITIONS))
        changed.__dict__["text"] = text
        return changed

    @cached_property
    def text(self) -> pa.StringArray:
        """The messages."""
        return cells.strings(self.data, self.begins, self.ends)

    @cached_property
    def tag(self) -> pa.StringArray:
        """The programs that wrote them, in lower case and without path and number; null where none is named."""
        names = pc.utf8_lower(cells.strings(self.data, self.tag_begins, self.tag_ends))
        return pc.replace_substring_regex(names, r"^/(?:.*/)?|\(pam_unix\)$|^-|-$|\[\d*\]$", "")

    @property
    def host(self) -> pa.StringArray:
        """The devices that the headers name."""
        if (self.host_begins < 0).all():
            return pa.nulls(len(self), pa.string())
        return cells.strings(self.data, self.host_begins, self.host_ends)


@dataclass(frozen=True)
class Kind:
    """One kind of message: what it looks like (RE2, named groups are columns) and the row it becomes.

    Without a table the kind is left out on purpose and only counted. ``words`` maps what a group may say to the words of
    its column.
    """

    name: str
    table: str | None
    pattern: str
    values: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass
class Output:
    """Takes the rows of one piece of evidence and counts the kinds of lines that became none."""

    sink: Sink
    ignored: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    first_unknown: dict[str, int] = field(default_factory=dict)
    first_guess: int = 0

    def ignore(self, kind: str, messages: Messages) -> None:
        """Count messages that hold nothing for a table."""
        if len(messages):
            self.ignored[kind] += len(messages)

    def miss(self, kinds: pa.Array, messages: Messages) -> None:
        """Count messages that nobody could read, by their kind."""
        for entry in kinds.value_counts().to_pylist():
            kind = (entry["values"] or "no program")[:60]
            self.unknown[kind] += entry["counts"]
            self.first_unknown.setdefault(kind, int(messages.records[0]) if len(messages) else -1)

    def write(
        self, table: str, vendor: str, messages: Messages, columns: Mapping[str, pa.Array | str | None], *, clean: bool = False
    ) -> None:
        """Write one row per message: times, device and vendor come from the messages unless columns say otherwise.

        ``clean`` columns hold no blanks around their texts and none of the words for nothing.
        """
        count = len(messages)
        if not count:
            return
        if not self.first_guess and (guessed := messages.zone == GUESSED).any():
            self.first_guess = int(messages.records[guessed][0])
        declared = tables()[table]
        found: dict[str, pa.Array] = {
            "ts": pa.array(messages.ts, mask=messages.zone == 0),
            "ts_zone": _ZONE_WORDS.take(pa.array(messages.zone)),
            "record": pa.array(messages.records),
        }
        if declared.column("device") is not None:
            found["device"] = messages.host
            found["vendor"] = pa.repeat(pa.scalar(vendor), count)
        for name, value in columns.items():
            column = declared.column(name)
            if column is None or value is None:
                continue
            if isinstance(value, str):
                found[name] = pa.repeat(pa.scalar(value), count)
            elif pa.types.is_string(value.type):
                filled = cells.typed(value if clean else cells.known(value), column)
                found[name] = pc.coalesce(filled, found[name]) if name == "device" else filled
            else:
                found[name] = value
        if "outcome" not in found and "action" in found and declared.column("outcome") is not None:
            found["outcome"] = cells.mapped(found["action"], OUTCOMES)
        if "severity" not in found and table == "device_event":
            found["severity"] = severities(messages)
        rows = pa.table(found)
        for start in range(0, count, BATCH_ROWS):
            self.sink.write(table, rows.slice(start, BATCH_ROWS))

    def report(self) -> None:
        """Say which kinds of lines became no rows and how many there were of each, and whether years were guessed."""
        if self.first_guess:
            told = "Times name no year; the latest year that does not lie in the future was taken."
            self.sink.diagnose("year_assumed", told, self.first_guess)
        _tell(self.sink, "ignored_kind", "hold nothing for a table and were left out", self.ignored, {})
        _tell(self.sink, "unknown_kind", "could not be read", self.unknown, self.first_unknown)


def _tell(sink: Sink, code: str, what: str, counts: Counter[str], first: Mapping[str, int]) -> None:
    most = counts.most_common()
    for kind, count in most[:4]:
        sink.diagnose(code, f"{count} lines of the kind {kind!r} {what}.", first.get(kind, -1))
    if rest := most[4:]:
        shown = ", ".join(f"{kind} ({count})" for kind, count in rest[:60])
        sink.diagnose(code, f"Lines of {len(rest)} further kinds {what}: {shown}.")


def severities(messages: Messages) -> pa.Array:
    """The severity that the priority states."""
    return _SEVERITIES.take(pa.array(messages.priority & 7, mask=messages.priority < 0))


def chosen(flags: pa.Array) -> NDArray[np.bool_]:
    """A condition on messages as a mask; null is no."""
    found: NDArray[np.bool_] = pc.fill_null(flags, False).to_numpy(zero_copy_only=False)
    return found


def apply(
    kinds: Iterable[Kind], vendor: str, messages: Messages, output: Output, names: Mapping[str, str] | None = None
) -> Messages:
    """Try kinds one after the other; returns the messages that are of none of them.

    ``names`` gives the columns of groups whose names a pattern cannot write.
    """
    for kind in kinds:
        if not len(messages):
            break
        if kind.table is None or "(?P<" not in kind.pattern:
            matched = chosen(pc.match_substring_regex(messages.text, kind.pattern))
            groups: dict[str, pa.Array] = {}
        else:
            parts = pc.extract_regex(messages.text, kind.pattern)
            matched = parts.is_valid().to_numpy(zero_copy_only=False)
            if matched.any():
                kept = parts.filter(pa.array(matched))
                groups = {kept.type.field(i).name: pc.struct_field(kept, [i]) for i in range(kept.type.num_fields)}
        if not matched.any():
            continue
        mine = messages.take(matched)
        messages = messages.take(~matched)
        if kind.table is None:
            output.ignore(kind.name, mine)
            continue
        columns: dict[str, pa.Array | str | None] = {"message_id": kind.name, **kind.values}
        for name, values in groups.items():
            if words := kind.words.get(name):
                values = cells.mapped(values, words, words.get("*"))
            columns[(names or {}).get(name, name)] = values
        output.write(kind.table, vendor, mine, columns)
    return messages
