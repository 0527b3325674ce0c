"""A message as it was received: headers in order, addresses, hops, results of authentication, and its parts.

Everything is decoded as a mail program would show it (RFC 5322, 2045 to 2047, 2231, 6532), with the tolerance that real
and forged mail need. What deviates is named in ``anomalies``. The values are hostile text: nothing here is safe to show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from wardround.mail.archives import Listing, listing

#: Content of a part (as sniffed from its bytes) that is shown as text.
TEXT_KINDS = ("text", "html", "ics", "vcf", "svg", "xml", "rdp", "eml", "json")


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: its display name decoded, and ``local@domain`` with the domain in lower case (empty when there is none)."""

    display: str
    address: str

    @property
    def local(self) -> str:
        """The part before the last ``@``."""
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The part after the last ``@``, empty when there is none."""
        return self.address.rpartition("@")[2] if "@" in self.address else ""


class Header(NamedTuple):
    """A header field: name in lower case, and the value as it was sent, folded, without the last line break."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received header (RFC 5321, 4.4), the parts of it that could be told; texts are empty where it does not say.

    ``helo`` is what the client called itself, ``host`` and ``address`` what the receiving server saw; ``by`` is that server,
    ``by_address`` its address.
    ``ts`` is in ns UTC; ``tls`` is True when the header tells of encryption, False when it tells of SMTP without it.
    """

    helo: str = ""
    host: str = ""
    address: str = ""
    by: str = ""
    protocol: str = ""
    recipient: str = ""
    ts: int | None = None
    tls: bool | None = None
    by_address: str = ""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One result within Authentication-Results (RFC 8601): ``method`` spf, dkim, dmarc, arc …; ``properties`` as written.

    ``properties`` holds pairs such as ``("smtp.mailfrom", "example.org")``, names in lower case.
    """

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value of a property, empty when there is none."""
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """One header of results: whose it claims to be, what it says, and where it stands among all headers (0 is the top).

    ``instance`` is the number of an ARC set (RFC 8617), 0 for a plain Authentication-Results or Received-SPF header.
    """

    server: str
    results: tuple[MethodResult, ...]
    position: int
    instance: int = 0


@dataclass(frozen=True)
class Part:
    """One MIME entity. Leaves have ``data`` (decoded, at most :data:`wardround.mail.parse.PART_BYTES`), others ``children``.

    ``path`` is ``1.2.1`` style. ``declared`` is the type in lower case, ``kind`` what the bytes are (see
    :mod:`wardround.mail.kinds`); ``size`` counts the decoded bytes, also those beyond the limit. ``text`` is decoded for
    parts of text. A ``message/rfc822`` part has the ``message`` within it.
    """

    path: str
    declared: str = "text/plain"
    kind: str = ""
    filename: str = ""
    disposition: str = ""
    content_id: str = ""
    location: str = ""
    charset: str = ""
    encoding: str = ""
    data: bytes = b""
    size: int = 0
    text: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    children: tuple[Part, ...] = ()
    message: Message | None = None

    @property
    def truncated(self) -> bool:
        """Whether bytes beyond the limit were left out."""
        return self.size > len(self.data)

    @property
    def extension(self) -> str:
        """The last extension of the file name in lower case, without the dot; blanks and dots at the end do not count."""
        name = self.filename.strip(" .\u200e\u200f\u202a\u202b\u202c\u202d\u202e").lower()
        return name.rpartition(".")[2].strip() if "." in name else ""

    @property
    def attached(self) -> bool:
        """Whether a mail program shows it as an attachment: it has a name or says so, and is no picture of the text."""
        if self.disposition == "attachment":
            return True
        if self.disposition == "inline" or self.content_id:
            return bool(self.filename) and not self.declared.startswith("image/")
        return bool(self.filename) or not self.declared.startswith(("text/", "multipart/", "image/"))

    @cached_property
    def listing(self) -> Listing:
        """The members of an archive, and whether an archive or document is encrypted."""
        return listing(self.kind, self.data)

    def changed(self, **values: object) -> Part:
        """A copy with other values; the standard library's ``replace`` takes ten times as long."""
        copy = object.__new__(Part)
        copy.__dict__.update(self.__dict__)
        copy.__dict__.pop("listing", None)
        copy.__dict__.update(values)
        return copy

    def leaves(self) -> Iterator[Part]:
        """The parts without children, itself if it is one; parts of messages within are theirs."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True)
class Message:
    """A message. Addresses of a header that stands several times are those of the first; times are ns UTC.

    ``received`` and ``results`` are in the order of the headers: the last server first.
    """

    headers: tuple[Header, ...]
    root: Part
    size: int
    sender_from: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    sender: Address | None = None
    return_path: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: str = ""
    subject: str = ""
    date: int | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    received: tuple[Hop, ...] = ()
    results: tuple[AuthenticationResults, ...] = ()
    anomalies: tuple[str, ...] = ()
    #: Name of the mailbox or folder the message lay in, where the evidence tells.
    folder: str = ""
    #: The bytes of the message as received, for signatures; empty where it was put together from properties (Outlook).
    raw: bytes = field(default=b"", repr=False)

    @property
    def author(self) -> Address:
        """The first address of From; an empty one when there is none."""
        return self.sender_from[0] if self.sender_from else Address("", "")

    @cached_property
    def _first(self) -> dict[str, Header]:
        found: dict[str, Header] = {}
        for header in self.headers:
            found.setdefault(header.name, header)
        return found

    def has(self, name: str) -> bool:
        """Whether a header of that name (lower case) is there."""
        return name in self._first

    def header(self, name: str) -> str:
        """The first header of that name (lower case), unfolded and decoded; empty when there is none."""
        from wardround.mail.decode import header_text

        found = self._first.get(name)
        return header_text(found.raw) if found else ""

    def all(self, name: str) -> list[str]:
        """Every header of that name (lower case), unfolded and decoded, in order."""
        from wardround.mail.decode import header_text

        return [header_text(header.raw) for header in self.headers if header.name == name]

    @cached_property
    def leaves(self) -> tuple[Part, ...]:
        """The parts without children, in order; those of messages within are not among them."""
        return tuple(self.root.leaves())

    @cached_property
    def plain(self) -> str:
        """The text that is shown when HTML is not: the plain parts that are no attachments."""
        return "\n".join(p.text for p in self.leaves if p.declared == "text/plain" and not p.attached)

    @cached_property
    def html(self) -> str:
        """The HTML that is shown: the parts of HTML that are no attachments."""
        return "\n".join(p.text for p in self.leaves if p.declared in ("text/html", "application/xhtml+xml") and not p.attached)

    @cached_property
    def attachments(self) -> tuple[Part, ...]:
        """The leaves that a mail program shows as attachments, messages within included."""
        return tuple(part for part in self.leaves if part.attached or part.message is not None)

    def within(self, depth: int = 8) -> Iterator[Message]:
        """The messages attached to this one and to those, outer ones first."""
        for part in self.leaves:
            if part.message is not None and depth > 0:
                yield part.message
                yield from part.message.within(depth - 1)
