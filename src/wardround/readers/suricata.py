"""Reader of Suricata's EVE logs (JSON lines, or one array of events) into the network tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.readers.base import SNIFF_BYTES, Sink, Source, Span
from wardround.readers.lines import spans

EVE = "suricata_eve"

#: The keys that every event has; both stand within the first of them.
_EVENT_TYPE = re.compile(rb'"event_type"[ \t\r\n]*:[ \t\r\n]*"')
_COMMON = re.compile(rb'"(flow_id|src_ip|in_iface|pcap_cnt|stats|host|engine)"[ \t\r\n]*:')


class _Suricata:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "suricata"

    def sniff(self, head: bytes) -> str | None:
        """An object, or an array of them, with the keys of an EVE event."""
        if head.lstrip()[:1] not in (b"{", b"["):
            return None
        known = _EVENT_TYPE.search(head) and b'"timestamp"' in head and _COMMON.search(head)
        return EVE if known else None

    def split(self, source: Source) -> Iterator[Span]:
        """Cut at line ends; an array cannot be cut."""
        return iter((Span(),)) if _is_array(source) else spans(source, lambda _: b"{")

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read one span; each event goes into the tables of its kind."""
        from wardround.readers.json_records import record_blocks
        from wardround.readers.suricata_tables import read_events

        array = not span.carry and _is_array(source)
        with source.open() as stream:
            for data, records in record_blocks(stream, span, sink, array=array):
                read_events(data, records, sink)


def _is_array(source: Source) -> bool:
    with source.open() as stream:
        return stream.read(SNIFF_BYTES).lstrip().startswith(b"[")


READER = _Suricata()
