"""Reader of reports of OpenVAS and Greenbone in XML: hosts, ports, programs and flaws.

Source: Greenbone Management Protocol, "Element report". What a check printed (``description``) is not read. Results below the
quality of detection that Greenbone itself shows (70 %) count less than half sure and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.instants import iso_instant
from wardround.readers.scanners import report
from wardround.readers.scanners.report import Host
from wardround.readers.xml_events import Element, elements, head_text, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Hosts of one report, which are told only at its end.
MOST_HOSTS = 65_536

#: From this quality of detection on, in percent, a result is believed.
BELIEVED = 70

_OWN = re.compile(r"<(?:results|scan_run_status|task|gmp|omp|report_format|result_count|format_id)\b|format_id=")
_PORT = re.compile(r"(?:.{0,60}\()?(\d{1,5})/(tcp|udp)\)?")


class OpenvasReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "openvas"

    def sniff(self, head: bytes) -> str | None:
        """An XML document whose root is a report (or the answer of the management protocol) with what only these have."""
        if root_name(head) not in ("report", "get_reports_response"):
            return None
        text = head_text(head[:16_384])
        return self.name if _OWN.search(text) and re.search(r"<(?:results|ports|host|task|gmp|omp|scan)\b", text) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the report into ``service`` and ``software``."""
        batches = Batches(sink)
        hosts = _Hosts(sink)
        with source.open() as stream:
            try:
                for element in elements(stream, sink):
                    hosts.take(element)
            finally:
                for host in hosts.known.values():
                    report.write(host, batches)
                batches.close()


@dataclass(slots=True)
class _Result:
    """One result of a check."""

    line: int
    host: str = ""
    hostname: str = ""
    port: str = ""
    score: float = 0.0
    quality: int = 100
    cves: list[str] = field(default_factory=list)


class _Hosts:
    """Takes the elements of a report and knows its hosts."""

    def __init__(self, sink: Sink) -> None:
        self.known: dict[str, Host] = {}
        self._sink = sink
        self._result: _Result | None = None
        self._about: Host | None = None
        self._start: int | None = None
        self._detail = ""
        self._port = ""

    def take(self, element: Element) -> None:
        """Take the beginning or the end of an element."""
        path = element.path
        # Where the report itself begins: an answer of the protocol has two inside one another.
        depth = len(path) - 1 - path[::-1].index("report") if "report" in path else -1
        inside = path[depth + 1 :]
        if inside[:2] == ("results", "result"):
            self._of_result(element, inside[2:])
        elif inside[:2] == ("ports", "port"):
            self._of_port(element, inside[2:])
        elif inside[:1] == ("host",):
            self._of_host(element, inside[1:])

    def _of_result(self, element: Element, inside: tuple[str, ...]) -> None:
        if not inside:
            if element.start:
                self._result = _Result(element.line)
            elif self._result is not None:
                self._end(self._result)
                self._result = None
            return
        result = self._result
        if result is None:
            return
        if inside == ("nvt", "refs", "ref") and element.start:
            if element.attributes.get("type", "").lower() == "cve" and len(result.cves) < report.MOST_FLAWS:
                result.cves.append(element.attributes.get("id", "")[:20])
        elif element.start:
            return
        elif inside == ("host",):
            result.host = element.text.split()[0][:60] if element.text.split() else ""
        elif inside == ("host", "hostname"):
            result.hostname = element.text[:255]
        elif inside == ("port",):
            result.port = element.text[:80]
        elif inside == ("severity",) or (inside == ("nvt", "cvss_base") and not result.score):
            result.score = report.score_of(element.text) or result.score
        elif inside == ("qod", "value"):
            result.quality = whole(element.text, 100) or 0
        elif inside == ("nvt", "cve"):
            result.cves.append(element.text[:4000])

    def _end(self, result: _Result) -> None:
        host = self._host(result.host, result.line)
        if host is None:
            return
        host.hostname = host.hostname or result.hostname
        found = _PORT.fullmatch(result.port)
        number = whole(found[1], 65_535) if found else None
        port = host.port(number or None, found[2] if found and number else "", result.line)
        if port is None:
            self._sink.diagnose(
                "too_many_ports", f"A host has more than {report.MOST_PORTS} ports; the rest was not read.", result.line
            )
        elif result.quality >= BELIEVED:
            for written in result.cves:
                port.flaw(written, result.score)

    def _of_port(self, element: Element, inside: tuple[str, ...]) -> None:
        """A line of the list of open ports: the number, and inside it the host."""
        if inside == ("host",) and not element.start:
            self._port = element.text.split()[0][:60] if element.text.split() else ""
        elif not inside and not element.start:
            found = _PORT.match(element.text[:80])
            host = self._host(self._port, element.line) if found and self._port else None
            number = whole(found[1], 65_535) if found else None
            if host is not None and found and number:
                host.port(number, found[2], element.line)
            self._port = ""

    def _of_host(self, element: Element, inside: tuple[str, ...]) -> None:
        """What is known of a host at the end of the report."""
        if not inside and element.start:
            self._about = self._start = None
        elif element.start:
            return
        elif inside == ("ip",):
            self._about = self._host(element.text[:60], element.line)
        elif inside == ("start",):
            self._start = iso_instant(element.text)
        elif inside == ("detail", "name"):
            self._detail = element.text[:200]
        elif inside == ("detail", "value") and self._about is not None:
            self._told(self._about, self._detail, element.text, element.line)
        if self._about is not None and self._start is not None:
            self._about.ts, self._about.zone = self._start, "stated"

    def _told(self, host: Host, name: str, text: str, line: int) -> None:
        if name in ("OS", "App"):
            host.program(text, line)
        elif name == "best_os_txt" or (name == "OS-Name" and not host.os):
            host.os = text[:200]
        elif name == "hostname":
            host.hostname = host.hostname or text[:255]
        elif name == "MAC":
            host.mac = text.lower()[:17]
        elif name.startswith("Services"):
            self._service(host, text)

    def _service(self, host: Host, text: str) -> None:
        """``443,tcp,www``: what was recognised on a port."""
        parts = [part.strip() for part in text.split(",")[:3]]
        if len(parts) == 3 and (port := host.ports.get((whole(parts[0], 65_535), parts[1]))) is not None:
            port.service = report.service_name(parts[2])

    def _host(self, address: str, line: int) -> Host | None:
        if not address:
            return None
        if address not in self.known:
            if len(self.known) >= MOST_HOSTS:
                self._sink.diagnose(
                    "too_many_hosts", f"The report has more than {MOST_HOSTS} hosts; the rest was not read.", line
                )
                return None
            self.known[address] = Host(line, address=address)
        return self.known[address]


READER: Reader = OpenvasReader()
