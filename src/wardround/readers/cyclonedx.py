"""Reader of CycloneDX bills of materials (ECMA-424), JSON and XML, into ``software`` and ``vulnerability``.

``host`` is the product that the bill is about. What the bill says of vulnerabilities (VEX) becomes rows of
``vulnerability`` with what was found out about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from wardround.errors import ReaderError
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.instants import iso_instant
from wardround.readers.json_members import mapping, mappings, members, text
from wardround.readers.xml_events import Element, elements, root_name

if TYPE_CHECKING:
    from wardround.readers.base import Reader

JSON = "cyclonedx_json"
XML = "cyclonedx_xml"

_JSON_HEAD = re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')

#: Components inside one another, at most.
_DEPTH = 32

#: What a bill says of a vulnerability, in the words of table ``vulnerability``.
_STATES = {
    "exploitable": "affected", "in_triage": "under_investigation", "not_affected": "not_affected",
    "false_positive": "not_affected", "resolved": "fixed", "resolved_with_pedigree": "fixed",
}  # fmt: skip


class CycloneDxReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "cyclonedx"

    def sniff(self, head: bytes) -> str | None:
        """JSON with ``bomFormat``, or XML whose root is ``bom`` of CycloneDX."""
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and _JSON_HEAD.search(head):
            return JSON
        return XML if b"cyclonedx.org/schema/bom" in head and root_name(head) == "bom" else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: a document cannot be cut."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read the components, and what is said of their vulnerabilities."""
        with source.open() as stream:
            head = stream.read(4096)
        bill = _Bill(sink)
        with source.open() as stream:
            try:
                if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                    _read_json(stream, bill)
                else:
                    _read_xml(stream, bill)
            finally:
                bill.batches.close()


class _Bill:
    """The rows of one bill, and the product it is about."""

    def __init__(self, sink: Sink) -> None:
        self.batches = Batches(sink)
        self.product = ""
        self.count = 0
        self.said: dict[str, Any] = {}  # of the vulnerability that is being read from XML

    def about(self, part: dict[str, Any]) -> None:
        self.product = " ".join(filter(None, (text(part.get("name")), text(part.get("version")))))
        if self.product:
            self.component(part)

    def component(self, part: dict[str, Any], depth: int = 0) -> None:
        self.count += 1
        vendor = text(part.get("publisher")) or text(mapping(part.get("supplier")).get("name")) or text(part.get("group"))
        name, version = text(part.get("name")), text(part.get("version"))
        self.batches.add(
            "software",
            ts_zone="none",
            record=self.count,
            host=self.product,
            software_type=text(part.get("type")),
            name=name,
            version=version,
            unparsed_version=" ".join(filter(None, (name, version))),
            vendor=vendor,
            purl=text(part.get("purl")),
            cpe=text(part.get("cpe")),
            source="sbom",
        )
        if depth < _DEPTH:
            for inner in mappings(part.get("components")):
                self.component(inner, depth + 1)

    def vulnerability(self, said: dict[str, Any], record: int) -> None:
        ratings = mappings(said.get("ratings"))
        scores = [float(score) for rating in ratings if isinstance(score := rating.get("score"), int | float)]
        severity = next((text(rating.get("severity")) for rating in ratings if rating.get("severity")), "")
        state = _STATES.get(text(mapping(said.get("analysis")).get("state")), "affected")
        for affected in mappings(said.get("affects")) or [{}]:
            self.batches.add(
                "vulnerability",
                ts_zone="none",
                published=iso_instant(said.get("published")),
                record=record,
                cve=text(said.get("id")),
                source="sbom",
                product=text(affected.get("ref")) or self.product,
                status=state,
                severity=severity.lower(),
                score=max(scores, default=None),
            )


def _read_json(stream: BinaryIO, bill: _Bill) -> None:
    for member in members(stream, bill.batches.sink):
        if member.key not in ("metadata", "components", "vulnerabilities"):
            continue
        try:
            value = mapping(member.value())
        except ReaderError as error:
            bill.batches.sink.diagnose(error.code, str(error), error.offset)
            continue
        if member.key == "metadata":
            bill.about(mapping(value.get("component")))
        elif member.key == "components":
            bill.component(value)
        else:
            bill.vulnerability(value, member.index)


def _read_xml(stream: BinaryIO, bill: _Bill) -> None:
    """The same from XML: leaves of a component are its members; a component ends before the one that holds it."""
    parts: list[dict[str, Any]] = []
    for element in elements(stream, bill.batches.sink):
        if element.name == "component":
            if element.start:
                parts.append({"type": element.attributes.get("type", "")})
            elif parts:
                part = parts.pop()
                if "metadata" in element.path:
                    bill.about(part)
                else:
                    bill.component(part)
        elif not element.start and parts and len(element.path) > 1:
            if element.path[-2] == "component":
                parts[-1].setdefault(element.name, element.text)
            elif element.path[-2:] == ("supplier", "name"):
                parts[-1].setdefault("publisher", element.text)
        _vulnerability_of_xml(element, bill)


def _vulnerability_of_xml(element: Element, bill: _Bill) -> None:
    if element.start or element.path[1:3] != ("vulnerabilities", "vulnerability"):
        return
    said, inside = bill.said, element.path[3:]
    if inside == ("id",):
        said["id"] = element.text
    elif inside == ("analysis", "state"):
        said["analysis"] = {"state": element.text}
    elif inside == ("ratings", "rating", "severity"):
        said.setdefault("ratings", []).append({"severity": element.text})
    elif inside == ("affects", "target", "ref"):
        said.setdefault("affects", []).append({"ref": element.text})
    elif not inside:
        bill.vulnerability(said, element.line)
        bill.said = {}


READER: Reader = CycloneDxReader()
