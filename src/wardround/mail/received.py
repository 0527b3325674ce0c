"""Received headers (RFC 5321, 4.4; RFC 3848 for the protocols) of the servers in use, as far as they can be told."""

from __future__ import annotations

import calendar
import ipaddress
import re
from email.utils import parsedate_tz
from functools import lru_cache

from wardround.mail.decode import unfolded
from wardround.mail.message import Hop

_LONGEST = 2_000
_FROM = re.compile(r"^\s*from\s+(\S{1,255})", re.IGNORECASE)
_BY = re.compile(r"(?:^|[\s)])by\s+([^\s;()]{1,255})", re.IGNORECASE)
_WITH = re.compile(r"[\s)]with\s+(Microsoft SMTP Server|[A-Za-z][\w.-]{0,30})", re.IGNORECASE)
_FOR = re.compile(r"\sfor\s+<?([^\s<>;]{1,320})", re.IGNORECASE)
_ENCLOSED = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f.:]{3,45})[\])]")
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.]*\w)")
# Four numbers up to 255, without zeros before them: that is how such an address is written.
_DOTTED = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])(?:IPv6:)?([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\w:])")
_TLS = re.compile(r"\b(?:TLS|SSL)[ _/v=]?v?1[._]?[0-3]|version=TLS|using TLS|cipher[= ]|\(TLS\)|encrypted", re.IGNORECASE)

#: Protocols of RFC 3848 and its registry that mean TLS.
_SECURE = re.compile(r"^(?:UTF8)?(?:E?SMTP|LMTP)SA?$|^(?:UTF8)?SMTPSA?$|^HTTPS$", re.IGNORECASE)
_OPEN = frozenset(("SMTP", "ESMTP", "ESMTPA", "UTF8SMTP", "UTF8SMTPA"))

_LAST = 9_223_372_036

#: The usual form of a date; others go to the standard library, which is slower and takes many more.
_USUAL = re.compile(r"^[^\d]{0,20}(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def instant(written: str) -> int | None:
    """The time of a Date header or the end of a Received header in ns UTC; None when it tells none between 1970 and 2261."""
    match = _USUAL.search(written[:200])
    if match is not None:
        return _usual(match)
    try:
        parts = parsedate_tz(written[:200])
        if parts is None or not 1970 <= parts[0] <= 2261 or not 1 <= parts[1] <= 12 or not 1 <= parts[2] <= 31:
            return None
        seconds = calendar.timegm(parts[:9]) - (parts[9] or 0)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
    return seconds * 1_000_000_000 if 0 <= seconds <= _LAST else None


def _usual(match: re.Match[str]) -> int | None:
    day, month, year, hour, minute, second, zone = match.groups()
    number = _MONTHS.find(month.title()) // 3 + 1
    if not 1970 <= int(year) <= 2261 or not number or not 1 <= int(day) <= 31:
        return None
    offset = (int(zone[1:3]) * 60 + int(zone[3:5])) * (-60 if zone[0] == "-" else 60)
    seconds = _midnight(int(year), number, int(day)) + (int(hour) * 60 + int(minute)) * 60 + int(second) - offset
    return seconds * 1_000_000_000 if 0 <= seconds <= _LAST else None


@lru_cache(maxsize=4_096)
def _midnight(year: int, month: int, day: int) -> int:
    """Seconds from 1970 to the beginning of a day."""
    return calendar.timegm((year, month, day, 0, 0, 0))


def hop(raw: bytes) -> Hop:
    """One Received header."""
    value = unfolded(raw)[:_LONGEST]
    body, _, stamp = value.rpartition(";")
    if not body:
        body = value
    by = _BY.search(body)
    source = body[: by.start()] if by else body
    helo, host, address = _known_client(source) if len(source) <= _CACHED else _client(source)
    protocol = _WITH.search(body)
    name = protocol.group(1) if protocol else ""
    recipient = _FOR.search(body)
    return Hop(
        helo,
        host,
        address,
        by.group(1).rstrip(".").lower() if by else "",
        name,
        recipient.group(1) if recipient and "@" in recipient.group(1) else "",
        instant(stamp),
        _encrypted(name, body),
        _last_address(body[by.end() : by.end() + 80].partition(")")[0]) if by else "",
    )


def _client(source: str) -> tuple[str, str, str]:
    """What the client called itself, its name as looked up, its address, from the part before ``by``."""
    match = _FROM.match(source)
    if match is None:
        return "", "", ""
    helo = match.group(1)
    rest = source[match.end() :]
    if helo.startswith("("):
        helo, rest = "", source[match.start(1) :]
    address = _last_address(rest) or _last_address(helo)
    host, greeting = "", False
    for word in re.split(r"[\s()\[\];]+", rest)[:12]:
        lowered = word.lower().rstrip(".")
        name = lowered.removeprefix("helo=").removeprefix("ehlo=")
        if greeting or name != lowered:  # Exim and qmail put the name that was looked up first, the greeting after it
            helo, host, greeting = name, helo.strip("[]").lower() if _is_name(helo) else "", False
        elif lowered in ("helo", "ehlo"):
            greeting = True
        elif not host and _is_name(name := name.rpartition("@")[2]):
            host = name
    if "may be forged" in rest:  # sendmail: the name does not lead back to the address
        host = ""
    return helo.strip("[]()").rstrip(".").lower()[:255], host[:255], address


#: What a server says of a client is remembered up to this length: a mailbox has its mail from few servers.
_CACHED = 300
_known_client = lru_cache(maxsize=4_096)(_client)


def _is_name(word: str) -> bool:
    return (
        "." in word and not word.startswith("ipv6:") and any(c.isalpha() for c in word.rpartition(".")[2]) and ":" not in word
    )


def _last_address(text: str) -> str:
    enclosed = _ENCLOSED.search(text)
    if enclosed is not None and (address := _address(enclosed.group(1))):
        return address
    beginning = text[:600]
    if beginning.count(":") >= 2:
        for match in _IPV6.finditer(beginning):
            if address := _address(match.group(1)):
                return address
    if beginning.count(".") >= 3:
        for match in _IPV4.finditer(beginning):
            if address := _address(match.group()):
                return address
    return ""


@lru_cache(maxsize=4_096)
def _address(written: str) -> str:
    """An address as it is written the usual way, empty when it is none. Servers name the same ones again and again."""
    if _DOTTED.fullmatch(written):
        return written
    try:
        return _plain(ipaddress.ip_address(written))
    except ValueError:
        return ""


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address as text, an IPv4 address within IPv6 as such."""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _encrypted(protocol: str, body: str) -> bool | None:
    if _SECURE.match(protocol):
        return True
    lowered = body.lower()
    if ("tls" in lowered or "ssl" in lowered or "cipher" in lowered or "encrypted" in lowered) and _TLS.search(body):
        return True
    return False if protocol.upper() in _OPEN else None
