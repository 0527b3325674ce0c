"""Reader of Nessus reports (``.nessus``, NessusClientData_v2): hosts, ports, programs and flaws.

Source: Tenable, "Nessus v2 File Format". Of the policy, which holds accounts, nothing is read; of what a check printed only
the name and version of web servers, SSH servers and programs (10107, 10267, 45590).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.instants import written_instant
from wardround.readers.scanners import report
from wardround.readers.scanners.report import Host, Port
from wardround.readers.xml_events import Element, elements, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_HOST = ("NessusClientData_v2", "Report", "ReportHost")
#: The checks "SSL / TLS Versions Supported" and "SSL Certificate Information" have results on ports inside TLS only.
_TLS = frozenset(("56984", "10863"))
_SERVER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{1,40}(?: [A-Za-z][A-Za-z0-9_.-]{1,40})?)/(\d[A-Za-z0-9.]{0,30})")
_SSH = re.compile(r"SSH-[\d.]{1,6}-([A-Za-z][A-Za-z0-9.-]{1,40})_(\d[A-Za-z0-9.]{0,30})")


class NessusReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "nessus"

    def sniff(self, head: bytes) -> str | None:
        """An XML document whose root is NessusClientData_v2."""
        return self.name if b"NessusClientData_v2" in head and root_name(head) == "NessusClientData_v2" else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the report, host by host, into ``service`` and ``software``."""
        batches = Batches(sink)
        with source.open() as stream:
            try:
                hosts = _Hosts(batches)
                for element in elements(stream, sink):
                    hosts.take(element)
                hosts.close()  # the report may have been cut short within a host
            finally:
                batches.close()


@dataclass(slots=True)
class _Item:
    """What one check says of a port: flaws and their score."""

    port: Port
    cves: list[str] = field(default_factory=list)
    score: float = 0.0
    newer: float = 0.0


class _Hosts:
    """Takes the elements of a report and writes each host at its end."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._host: Host | None = None
        self._item: _Item | None = None

    def take(self, element: Element) -> None:
        """Take the beginning or the end of an element."""
        if element.path == _HOST:
            self.close()
            if element.start:
                self._host = Host(element.line, address=element.attributes.get("name", "")[:60])
        elif self._host is not None and element.path[:3] == _HOST:
            self._inside(self._host, element, element.path[3:])

    def close(self) -> None:
        """Write the host at hand."""
        if self._host is not None:
            self._end_item()
            report.write(self._host, self._batches)
        self._host = self._item = None

    def _inside(self, host: Host, element: Element, inside: tuple[str, ...]) -> None:
        if inside == ("HostProperties", "tag") and not element.start:
            _property(host, element.attributes.get("name", ""), element.text, element.line)
        elif inside == ("ReportItem",):
            self._end_item()
            if element.start:
                self._begin_item(host, element)
        elif len(inside) == 2 and inside[0] == "ReportItem" and self._item is not None and not element.start:
            _of_item(host, self._item, element)

    def _begin_item(self, host: Host, element: Element) -> None:
        attributes = element.attributes
        number = whole(attributes.get("port"), 65_535)
        port = host.port(number or None, attributes.get("protocol", "")[:10] if number else "", element.line)
        if port is None:
            message = f"A host has more than {report.MOST_PORTS} ports; the rest was not read."
            self._batches.sink.diagnose("too_many_ports", message, element.line)
            return
        guessed = report.service_name(attributes.get("svc_name", ""))
        port.service = port.service or (guessed if guessed not in ("general", "unknown") else "")
        port.tls = port.tls or attributes.get("pluginID") in _TLS
        self._item = _Item(port)

    def _end_item(self) -> None:
        item, self._item = self._item, None
        if item is not None:
            for written in item.cves:
                item.port.flaw(written, item.newer or item.score)


def _of_item(host: Host, item: _Item, element: Element) -> None:
    name, text = element.name, element.text
    if name == "cve" and len(item.cves) < report.MOST_FLAWS:
        item.cves.append(text[:40])
    elif name == "cvss_base_score":
        item.score = report.score_of(text)
    elif name == "cvss3_base_score":
        item.newer = report.score_of(text)
    elif name == "plugin_output":
        found = _SERVER.search(text[:400]) or _SSH.search(text[:400])
        if found and not item.port.product and _names_a_server(text):
            item.port.product, item.port.version = found[1], found[2]
        for cpe in re.findall(r"cpe:/[aoh]:[^\s>]{3,200}", text[:16_000])[: report.MOST_PROGRAMS]:
            host.program(cpe, element.line)


def _names_a_server(text: str) -> bool:
    return re.search(r"(?i)web server type is|SSH version\s*:", text[:200]) is not None


def _property(host: Host, name: str, text: str, line: int) -> None:
    if name == "host-ip":
        host.address = text[:60]
    elif name in ("host-fqdn", "netbios-name", "hostname"):
        host.hostname = host.hostname or text[:255]
    elif name == "mac-address":
        host.mac = text.split()[0].lower()[:17] if text.split() else ""
    elif name == "operating-system":
        host.os = text.split("\n")[0][:200]
    elif name == "HOST_START_TIMESTAMP":
        seconds = whole(text, 9_000_000_000)
        host.ts, host.zone = (seconds * 1_000_000_000, "utc") if seconds else (host.ts, host.zone)
    elif name == "HOST_START" and host.ts is None:
        host.ts, host.zone = written_instant(text[:40], "%a %b %d %H:%M:%S %Y"), "assumed"
    elif name.startswith("cpe"):
        host.program(text, line)


READER: Reader = NessusReader()
