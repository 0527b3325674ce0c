"""Bytes to a message: headers and MIME structure (RFC 5322, 2045, 2046, 2183), with limits, and never an exception.

Python's own parser takes milliseconds for a message and raises on some; this one looks at every byte once or twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from wardround.mail import decode, kinds
from wardround.mail.addresses import addresses, single
from wardround.mail.message import TEXT_KINDS, Address, Header, Message, Part
from wardround.mail.received import hop, instant
from wardround.mail.results import results

#: Limits: headers of an entity and bytes of one value; parts of a message, nesting of parts and of messages; decoded bytes
#: kept of a part and of a message with everything in it; bytes of a part that are decoded as text.
HEADERS = 1_000
HEADER_BYTES = 64 << 10
HEAD_BYTES = 1 << 20
PARTS = 500
DEPTH = 16
MESSAGES = 5
PART_BYTES = 16 << 20
MESSAGE_BYTES = 48 << 20
TEXT_BYTES = 1 << 20

#: Received headers and headers of results that are parsed.
_HOPS = 100
_RESULTS = 60
_REFERENCES = 200

_FIELD = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_IDENTIFIER = re.compile(r"<([^<>\s]{1,500})>")
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w:.-]{1,40})", re.IGNORECASE)
_ONCE = ("from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender", "content-type")
_RESULT_NAMES = ("authentication-results", "arc-authentication-results", "received-spf")


@dataclass(slots=True)
class Budget:
    """What a message may still cost, with everything in it: parts, decoded bytes; and what was strange about it."""

    parts: int = PARTS
    data: int = MESSAGE_BYTES
    anomalies: dict[str, None] = field(default_factory=dict)

    def note(self, name: str) -> None:
        """Note an anomaly."""
        self.anomalies[name] = None


def parse(data: bytes, *, folder: str = "") -> Message:
    """The message in ``data``, whose lines may end in any way; ``folder`` is the mailbox that it lay in."""
    budget = Budget()
    return _message(data, budget, "", MESSAGES, folder=folder, raw=data)


def from_parts(headers: tuple[Header, ...], root: Part, size: int, *, folder: str = "") -> Message:
    """A message whose parts are known already (Outlook): the headers are read, the parts taken as they are."""
    return _addressed(headers, root, size, Budget(), folder=folder)


@lru_cache(maxsize=4_096)
def _lowered(name: bytes) -> str:
    """The name of a header, the same text for all messages."""
    return name.decode("ascii").lower()


def fields(head: bytes) -> tuple[tuple[Header, ...], set[str]]:
    """The header fields of a head (line ends LF or CRLF), and what was strange about it."""
    strange: set[str] = set()
    if len(head) > HEAD_BYTES:
        strange.add("head_too_long")
        head = head[:HEAD_BYTES]
    pieces = _FIELD.split(head)  # what stands before a field, its name and its value, by turns; the rest at the end
    between, names, values = pieces[0::3], pieces[1::3], pieces[2::3]
    if len(names) > HEADERS:
        strange.add("too_many_headers")
        between, names, values = between[: HEADERS + 1], names[:HEADERS], values[: HEADERS + 1]
    if b"".join(between).strip():
        strange.add("malformed_header")
    if len(head) > HEADER_BYTES and any(len(value) > HEADER_BYTES for value in values):
        strange.add("header_too_long")
        values = [value[:HEADER_BYTES] for value in values]
    if b"\x00" in head and any(b"\x00" in value for value in values):
        strange.add("nul_in_header")
    if b"\r" in head:
        values = [value.rstrip(b"\r") for value in values]
    return tuple(map(Header, map(_lowered, names), values)), strange


def parted(data: bytes) -> tuple[bytes, bytes]:
    """Head and body: parted by the first empty line. A line of an mbox before the head is left out."""
    if data.startswith(b"From ") and (end := data.find(b"\n")) >= 0:
        data = data[end + 1 :]
    if data[:1] in (b"\r", b"\n"):
        data = data.lstrip(b"\r\n")
    if b"\n" not in data[: 64 << 10] and b"\r" in data[: 64 << 10]:
        data = data.replace(b"\r", b"\n")
    one = data.find(b"\n\n")
    two = data.find(b"\n\r\n", 0, one + 1 if one >= 0 else len(data))
    if one < 0 and two < 0:
        return data, b""
    if two < 0 or 0 <= one < two:
        return data[: one + 1], data[one + 2 :]
    return data[: two + 1], data[two + 3 :]


def _message(data: bytes, budget: Budget, path: str, depth: int, *, folder: str = "", raw: bytes = b"") -> Message:
    head, body = parted(data)
    headers, strange = fields(head)
    outer, budget.anomalies = budget.anomalies, dict.fromkeys(sorted(strange))
    if not headers:  # some machines send their alarms as text alone
        budget.note("no_headers")
        body = data
    root = _part(headers, body, budget, path or "1", depth, 0)
    message = _addressed(headers, root, len(data), budget, folder=folder, raw=raw)
    budget.anomalies = outer
    return message


def _addressed(
    headers: tuple[Header, ...], root: Part, size: int, budget: Budget, *, folder: str = "", raw: bytes = b""
) -> Message:
    first: dict[str, bytes] = {}
    for header in headers:
        if header.name in first and header.name in _ONCE:
            budget.note(f"repeated_{header.name.replace('-', '_')}")
        first.setdefault(header.name, header.raw)

    def listed(name: str) -> tuple[Address, ...]:
        return addresses(first[name]) if name in first else ()

    def text(name: str) -> str:
        return decode.header_text(first[name]) if name in first else ""

    if "from" not in first:
        budget.note("no_from")
    date = instant(text("date"))
    if date is None:
        budget.note("unreadable_date" if "date" in first else "no_date")
    found = [
        parsed
        for position, header in enumerate(headers)
        if header.name in _RESULT_NAMES and (parsed := results(header.name, header.raw, position)) is not None
    ]
    delivered = next((single(first[n]) for n in ("delivered-to", "x-original-to", "envelope-to") if n in first), None)
    return Message(
        headers=headers,
        root=root,
        size=size,
        sender_from=listed("from"),
        reply_to=listed("reply-to"),
        sender=single(first["sender"]) if "sender" in first else None,
        return_path=single(first["return-path"]) if "return-path" in first else None,
        to=listed("to"),
        cc=listed("cc"),
        delivered_to=delivered.address if delivered else "",
        subject=text("subject"),
        date=date,
        message_id=_identifier(text("message-id")),
        in_reply_to=_identifier(text("in-reply-to")),
        references=tuple(_IDENTIFIER.findall(text("references"))[:_REFERENCES]),
        received=tuple(hop(header.raw) for header in [h for h in headers if h.name == "received"][:_HOPS]),
        results=tuple(found[:_RESULTS]),
        anomalies=tuple(budget.anomalies),
        folder=folder,
        raw=raw,
    )


def _identifier(written: str) -> str:
    match = _IDENTIFIER.search(written)
    return match.group(1) if match else written.strip()[:500]


def _part(headers: tuple[Header, ...], body: bytes, budget: Budget, path: str, messages: int, depth: int) -> Part:
    first: dict[str, str] = {}
    for header in headers:
        if header.name.startswith("content-"):
            first.setdefault(header.name, decode.unfolded(header.raw))
    declared, parameters = decode.parameters(first.get("content-type", "text/plain"))
    disposition, more = decode.parameters(first.get("content-disposition", ""))
    if "/" not in declared:
        declared = "text/plain" if declared in ("", "text") else "application/octet-stream"
    part = Part(
        path=path,
        declared=declared[:200],
        filename=(more.get("filename") or parameters.get("name") or "")[:1_000],
        disposition=disposition[:40],
        content_id=first.get("content-id", "").strip("<> ")[:500],
        location=first.get("content-location", "")[:2_000],
        charset=parameters.get("charset", "")[:60],
        encoding=first.get("content-transfer-encoding", "").partition(";")[0].strip().lower()[:40],
        parameters=tuple(parameters.items()),
    )
    if declared.startswith("multipart/"):
        if depth < DEPTH:
            children = _children(part, body, parameters.get("boundary", ""), budget, messages, depth)
            if children:
                return part.changed(kind="multipart", size=len(body), children=children)
        else:
            budget.note("too_deep")
    return _leaf(part, body, budget, messages)


def _children(part: Part, body: bytes, boundary: str, budget: Budget, messages: int, depth: int) -> tuple[Part, ...]:
    """The parts of a multipart; none when it cannot be parted."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    if not boundary:
        budget.note("no_boundary")
        guess = re.search(rb"(?:^|\n)(--[^\s\x00-\x1f]{1,200})[ \t]*\r?\n", body[: 64 << 10])
        if guess is None:
            return ()
        mark = guess.group(1)
    children: list[Part] = []
    for section in _sections(body, mark, budget):
        if budget.parts <= 0:
            budget.note("too_many_parts")
            break
        budget.parts -= 1
        if section[:1] == b"\n" or section[:2] == b"\r\n":
            head, content = b"", section[1 if section[:1] == b"\n" else 2 :]
        else:
            head, content = parted(section)
        headers, strange = fields(head)
        if strange:
            budget.note("malformed_part_header")
        if not headers and part.declared == "multipart/digest":
            headers = (Header("content-type", b"message/rfc822"),)
        children.append(_part(headers, content, budget, f"{part.path}.{len(children) + 1}", messages, depth + 1))
    return tuple(children)


def _sections(body: bytes, mark: bytes, budget: Budget) -> list[bytes]:
    """What stands between the lines that are the delimiter, at most PARTS of it."""
    found: list[bytes] = []
    at, begin = 0, -1
    while (place := body.find(mark, at)) >= 0:
        at = place + len(mark)
        if place and body[place - 1 : place] != b"\n":
            continue
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        rest = body[at : min(end, at + 200)].rstrip()
        if rest not in (b"", b"--"):
            continue
        if begin >= 0:
            stop = place - (2 if body[place - 2 : place] == b"\r\n" else 1)
            found.append(body[begin : max(begin, stop)])
        begin = end + 1
        at = max(at, end)
        if rest == b"--":
            return found
        if len(found) > PARTS:
            return found
    if begin >= 0:
        budget.note("unclosed_multipart")
        found.append(body[begin:])
    elif not found:
        budget.note("boundary_not_found")
    return found


def _leaf(part: Part, body: bytes, budget: Budget, messages: int) -> Part:
    room = max(0, min(PART_BYTES, budget.data))
    most = room * 4 // 3 + room // 16 + 1024 if part.encoding == "base64" else room * 3 + 1024
    data, known = decode.transfer(body[:most], part.encoding)
    if not known:
        budget.note("unknown_transfer_encoding")
    size = len(data) if len(body) <= most else max(len(data), len(data) * len(body) // most)
    if len(data) > room or len(body) > most:
        budget.note("decoded_too_large")
        data = data[:room]
    budget.data -= len(data)
    return filled(part.changed(data=data, size=size), budget, messages)


def filled(part: Part, budget: Budget, messages: int = MESSAGES) -> Part:
    """A leaf with its kind, text and message within told from its data; ``messages`` may be nested in it."""
    kind = kinds.kind_of(part.data, part.size)
    if kind == "tnef" and budget.data > 0 and messages > 0:
        from wardround.mail import tnef

        children = tnef.parts(part.data, part.path, budget, messages - 1)
        return part.changed(kind=kind, children=tuple(children))
    if part.declared in ("message/rfc822", "message/global") or (kind == "eml" and part.extension == "eml"):
        if messages > 0 and part.data:
            within = _message(part.data, budget, f"{part.path}.1", messages - 1)
            return part.changed(kind="eml", message=within)
        budget.note("too_deep")
    if kind == "ole" and messages > 0 and (part.extension == "msg" or part.declared == "application/vnd.ms-outlook"):
        return part.changed(kind=kind, message=_saved(part.data, messages - 1))
    textual = part.declared.startswith("text/") or (kind in TEXT_KINDS and part.declared != "application/octet-stream")
    if not textual and kind not in TEXT_KINDS:
        return part.changed(kind=kind)
    charset = part.charset
    beginning = part.data[:TEXT_BYTES]
    if not charset and kind == "html" and (meta := _META.search(beginning[:4_096])):
        charset = meta.group(1).decode("ascii", "replace")
    text, fitted = decode.text(beginning, charset)
    if charset and not decode.codec(charset):
        budget.note("unknown_charset")
    elif not fitted and part.declared.startswith("text/"):
        budget.note("wrong_charset")
    return part.changed(kind=kind, text=text)


def _saved(data: bytes, messages: int) -> Message | None:
    """The message that Outlook saved as a file, None when it is none or damaged."""
    from wardround.mail import outlook
    from wardround.mail.compound import CompoundError

    try:
        return outlook.message(data, messages)
    except CompoundError:
        return None
