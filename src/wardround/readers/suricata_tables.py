"""Events of EVE, sorted by kind, into tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wardround.readers.json_records import only, shred_records, write_rows
from wardround.readers.suricata_events import EVENTS, IGNORED

if TYPE_CHECKING:
    from wardround.readers.base import Sink
    from wardround.readers.shred import Records

#: More kinds than these are not told apart in a diagnostic.
_KINDS_NAMED = 20


def read_events(data: bytes, records: Records, sink: Sink) -> None:
    """Read one block of events into the tables of their kinds."""
    events = shred_records(data, records, sink)
    if events.rows == 0:
        return
    kinds = events.text("event_type", limit=64).dictionary_encode()
    codes = kinds.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    for code, kind in enumerate(kinds.dictionary.to_pylist()):
        if kind not in EVENTS:
            continue
        numbers = events.numbers[codes == code]
        part = events if numbers.size == events.rows else shred_records(data, only(records, numbers), sink)
        for mapped in EVENTS[kind]:
            write_rows(mapped.table.name, mapped.rows(part, sink), sink)
    _diagnose_others(kinds.dictionary.to_pylist(), codes, events.numbers, sink)


def _diagnose_others(
    kinds: list[str],
    codes: np.ndarray[tuple[int], np.dtype[np.int64]],
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]],
    sink: Sink,
) -> None:
    """Say what was left out: on purpose, for want of a table, or because the event does not tell its kind."""
    counts = np.bincount(codes + 1, minlength=len(kinds) + 1)
    ignored = [code for code, kind in enumerate(kinds) if kind in IGNORED]
    if ignored:
        total = int(sum(counts[code + 1] for code in ignored))
        first = int(numbers[np.isin(codes, ignored)][0])
        sink.diagnose("ignored", f"{total} events in which the sensor speaks of itself are left out.", first)
    unknown = [code for code, kind in enumerate(kinds) if kind not in IGNORED and kind not in EVENTS]
    if unknown:
        named = ", ".join(f"{kinds[code]} ({counts[code + 1]})" for code in unknown[:_KINDS_NAMED])
        first = int(numbers[np.isin(codes, unknown)][0])
        sink.diagnose("unknown_event", f"No table holds events of the kinds {named}.", first, recovered=False)
    if counts[0]:
        first = int(numbers[codes < 0][0])
        sink.diagnose("unknown_event", f"{counts[0]} records without a kind of event.", first, recovered=False)
