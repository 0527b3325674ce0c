"""Addresses of headers (RFC 5322, 3.4) as mail programs take them: display names decoded, groups opened, faults survived."""

from __future__ import annotations

import re
from functools import lru_cache

from wardround.mail.decode import unfolded, words
from wardround.mail.message import Address

#: Addresses kept of one header.
MOST = 1_000

#: Characters kept of a display name.
_NAME = 1_000

_SPEC = re.compile(r"[^\s<>()\",;:@\\]{1,256}@[^\s<>()\",;:@\\]{1,255}")


def addresses(raw: bytes) -> tuple[Address, ...]:
    """The addresses of a header value, at most MOST; one without an address keeps its display name.

    What stands before a comma and has no address is the beginning of the display name after it: forgers and some programs
    leave out the quotation marks that ``Last, First <…>`` needs, and mail programs show the whole.
    """
    return _short(raw) if len(raw) <= _CACHED else _addresses(raw)


def _addresses(raw: bytes) -> tuple[Address, ...]:
    found: list[Address] = []
    before = ""
    for item in _items(unfolded(raw)):
        address = _address(item)
        if address is None:
            continue
        if not address.address:
            before = f"{before}, {address.display}" if before else address.display
            continue
        display = ", ".join(piece for piece in (before, address.display) if piece)
        found.append(Address(display[:_NAME], address.address))
        before = ""
        if len(found) >= MOST:
            return tuple(found)
    return (*found, Address(before[:_NAME], "")) if before else tuple(found)


#: Headers of so many bytes are remembered: the same few people stand in most messages of a mailbox.
_CACHED = 200
_short = lru_cache(maxsize=4_096)(_addresses)


def single(raw: bytes) -> Address | None:
    """The address of a header that holds one; None when there is none (``<>``)."""
    return next((address for address in addresses(raw) if address.address), None)


def _items(value: str) -> list[str]:
    """The pieces between commas and semicolons outside quotation marks, comments and angle brackets; groups are opened."""
    if not any(letter in value for letter in '",;(:'):
        return [value]
    items, begin, quoted, comment, angle, escaped = [], 0, False, 0, False, False
    for at, letter in enumerate(value):
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = quoted or comment > 0
        elif letter == '"' and not comment:
            quoted = not quoted
        elif quoted:
            continue
        elif letter == "(":
            comment += 1
        elif letter == ")":
            comment = max(0, comment - 1)
        elif comment:
            continue
        elif letter in "<>":
            angle = letter == "<"
        elif letter in ",;" and not angle:
            items.append(value[begin:at])
            begin = at + 1
            if len(items) > MOST:
                return items
        elif letter == ":" and not angle and "@" not in value[begin:at]:
            begin = at + 1  # the name of a group
    if quoted and len(items) == 0:  # a quotation mark that never closes hides nothing
        return [value]
    items.append(value[begin:])
    return items


def _address(item: str) -> Address | None:
    item = item.strip()
    if not item:
        return None
    head, angle, tail = item.rpartition("<")
    if angle:
        written = tail.partition(">")[0].strip()
        display = _display(head)
        written = written.rpartition(":")[2] if written.startswith("@") else written  # source routes are obsolete
        if "@" not in written and (match := _SPEC.search(written)):
            written = match.group()
        return Address(display, _normal(written)) if display or written else None
    match = _SPEC.search(item)
    if match is None:
        return Address(_display(item), "")
    rest = item[: match.start()] + item[match.end() :]
    return Address(_display(rest.strip().strip("()")), _normal(match.group()))


def _display(written: str) -> str:
    written = written.strip()
    if len(written) > 1 and written[0] == written[-1] == '"':
        written = written[1:-1]
    if "\\" in written:
        written = re.sub(r"\\(.)", r"\1", written)
    shown = words(written).strip().strip('"').strip()
    return (shown.strip("() ") if shown.startswith("(") else shown)[:_NAME]


def _normal(written: str) -> str:
    """``local@domain`` with the domain in lower case and without the final dot."""
    written = words(written) if "=?" in written else written
    written = written.strip().strip("<>'\"").strip()
    local, at, domain = written.rpartition("@")
    return f"{local.strip()}@{domain.strip().rstrip('.').lower()}"[:600] if at else written[:600]
