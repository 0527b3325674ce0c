"""Reader of nmap's output for people (``-oN``, or what it prints) and for programs (``-oG``) into ``service`` and ``software``.

Source: nmap's reference guide, "Output". The XML output says more and is the better evidence: product and version stand
in one text here and are told apart by where the first number stands; times are those of the scanning computer's clock, without
a zone. ``record`` is the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches, whole
from wardround.readers.instants import written_instant
from wardround.readers.lines import blocks
from wardround.readers.nmap import MOST_PORTS, Host, Port, keep_script, write
from wardround.readers.utf8_stream import encoding_of

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Lines of one script's result that are kept.
_MOST_LINES = 200

_HEAD = re.compile(
    rb"(?:# Nmap \S+ scan initiated |Starting Nmap \S+ |Nmap scan report for |Host: \S+ \(.{0,255}\)\t(?:Status|Ports): )"
)
_BEGAN = re.compile(
    r"# Nmap \S+ scan initiated \w{3} (\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})|Starting Nmap .{0,80} at (\d{4}-\d\d-\d\d \d\d:\d\d)"
)
_REPORT = re.compile(r"Nmap scan report for (?:(\S+) \(([0-9A-Fa-f.:]+)\)|(\S+))")
_PORT = re.compile(r"(\d{1,5})/(tcp|udp|sctp)\s+(\S+)\s+(\S+)(?:\s+(.*))?$")
_MAC = re.compile(r"MAC Address: ([0-9A-Fa-f:]{17})")
_OS = re.compile(r"(?:OS details|Running): (.{1,300})|Service Info:.*?\bOS: ([^;]{1,100})")
_SCRIPT = re.compile(r"\|[ _]([A-Za-z][\w.-]{0,60}): ?(.*)")
_GREPABLE = re.compile(r"Host: ([0-9A-Fa-f.:]+) \(([^)]{0,255})\)\t(.*)")

#: A version begins with digits that a point, a letter or more digits behind a point follow; a year is none.
_VERSION = re.compile(r"(?:^|\s)v?(\d+(?:\.\w+|p\d|[a-z]\d*\b).*)$")


class _NmapText:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "nmap_text"

    def sniff(self, head: bytes) -> str | None:
        """``nmap_text`` when the first line is nmap's, or one about a host that it scanned."""
        begin = head[:4096].lstrip(b"\xef\xbb\xbf \r\n")
        return self.name if encoding_of(head) is None and _HEAD.match(begin) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: ports follow their host."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the scan, host by host."""
        batches = Batches(sink)
        scan = _Scan(batches)
        with source.open() as stream:
            for block in blocks(stream, span, sink):
                for number, line in enumerate(block.data.decode("utf-8", "replace").split("\n"), block.first_line):
                    scan.line(line.rstrip("\r"), number)
        scan.close()
        batches.close()


READER: Reader = _NmapText()


class _Scan:
    """The host that lines are about, until the next one begins."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._began: int | None = None
        self._host: Host | None = None
        self._script: list[str] = []
        self._of_port = False

    def line(self, text: str, number: int) -> None:
        """Take a line."""
        if text.startswith("|"):
            self._result(text)
            return
        self._script_over()
        if found := _REPORT.match(text):
            self.close()
            self._host = Host(ts=self._began, address=found[2] or found[3], hostname=found[1] or "")
        elif found := _GREPABLE.match(text):
            self._grepable(found[1], found[2], found[3], number)
        elif found := _BEGAN.match(text):
            self._began = written_instant(found[1], "%b %d %H:%M:%S %Y") or written_instant(found[2], "%Y-%m-%d %H:%M")
        elif self._host is not None:
            self._about(self._host, text, number)

    def close(self) -> None:
        """Write the host that was read."""
        self._script_over()
        if self._host is not None:
            write(self._host, self._batches, zone="assumed")
        self._host = None

    def _about(self, host: Host, text: str, number: int) -> None:
        if (found := _PORT.match(text)) and self._room(host, number):
            port = Port(number, whole(found[1], 65_535), found[2], found[3])
            port.service = _service(found[4], found[5] or "")
            host.ports.append(port)
            self._of_port = True
        elif found := _MAC.match(text):
            host.mac = found[1].lower()
        elif found := _OS.match(text):
            host.os = host.os or (found[1] or found[2]).strip()
        if text.startswith("Host script results"):
            self._of_port = False

    def _room(self, host: Host, number: int) -> bool:
        if len(host.ports) == MOST_PORTS:
            self._batches.sink.diagnose(
                "too_many_ports", f"A host has more than {MOST_PORTS} ports; the rest was not read.", number
            )
        return len(host.ports) < MOST_PORTS

    def _result(self, text: str) -> None:
        """A line of a script's result: the first names the script, the last begins with ``|_``."""
        if _SCRIPT.match(text) and not text.startswith("|  "):
            self._script_over()
        if len(self._script) < _MOST_LINES:
            self._script.append(text)

    def _script_over(self) -> None:
        lines, self._script = self._script, []
        host, found = self._host, _SCRIPT.match(lines[0]) if lines else None
        if host is None or found is None:
            return
        said = "\n".join([found[2], *(line[2:] for line in lines[1:])])
        kept = host.ports[-1].scripts if self._of_port and host.ports else host.scripts
        keep_script(kept, {"id": found[1], "output": said})

    def _grepable(self, address: str, hostname: str, rest: str, number: int) -> None:
        parts = dict(part.split(": ", 1) for part in rest.split("\t") if ": " in part)
        if "Ports" not in parts:
            return
        host = Host(ts=self._began, address=address, hostname=hostname, os=parts.get("OS", ""))
        for cell in parts["Ports"].split(", "):
            fields = cell.strip().split("/")
            if len(fields) >= 7 and fields[0].isdigit() and self._room(host, number):
                port = Port(number, whole(fields[0], 65_535), fields[2], fields[1])
                port.service = _service(fields[4].replace("|", "/"), fields[6].replace("|", "/"))
                host.ports.append(port)
        write(host, self._batches, zone="assumed")


def _service(name: str, version: str) -> dict[str, str]:
    """What the columns SERVICE and VERSION say, in the words of the XML output."""
    service = {"name": name.removeprefix("ssl/").rstrip("?"), "tunnel": "ssl" if name.startswith("ssl/") else ""}
    text = re.sub(r"^syn-ack(?: ttl \d+)?\s*|^udp-response(?: ttl \d+)?\s*", "", version.strip()[:500])
    plain, _, extra = text.partition(" (")
    found = _VERSION.search(plain)
    service["product"] = (plain[: found.start()] if found else plain).strip()
    service["version"] = found[1].strip() if found else ""
    service["extrainfo"] = extra.rstrip(")")
    return service
