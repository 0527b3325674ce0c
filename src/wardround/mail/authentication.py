"""Who vouches for a message, and whether that may be believed.

Anybody can write ``Authentication-Results: …; dmarc=pass`` into a message. Every server puts its headers on top of what it
got, so the headers above those of the first server of the receiving organization are its own, and what stands below may
be the sender's. Where that border is follows from the Received headers (RFC 5321, 4.4), read from the top: it is the first
server of the receiver that took the message from a client outside. Results are believed

* above the border, when the server that they name is of the receiver (``received``) or named by the site file (``site``);
* below it, up to the next Received header, where some servers put theirs: when the site file names the server, which says
  that it removes results others wrote in its name (RFC 8601, 5). Otherwise only results other than ``pass`` are believed.

A signature that was checked here with a key from the evidence needs nobody to vouch for it (``verified``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from wardround.mail.message import AuthenticationResults, Hop, Message, MethodResult
from wardround.mail.suffixes import is_address, organization, within
from wardround.model import Mail

#: Results in the words of RFC 8601; other words that servers use, as these.
_WORDS = frozenset(("pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "policy"))
_OTHER = {"hardfail": "fail", "error": "temperror", "unknown": "permerror", "bestguesspass": "none", "invalid": "permerror"}

#: Domains of one operator, and the addresses of its servers towards each other (Microsoft, *Office 365 URLs and IP address
#: ranges*, Exchange Online; registry entry of 2603:1000::/24). Its servers greet with names that are not looked up.
_OPERATOR = {"office365.com": "outlook.com", "exchangelabs.com": "outlook.com"}
_BLOCKS = {
    "outlook.com": tuple(
        ipaddress.ip_network(block)
        for block in (
            "40.92.0.0/15",
            "40.107.0.0/16",
            "52.100.0.0/14",
            "104.47.0.0/17",
            "2a01:111:f400::/46",
            "2603:1000::/24",
        )
    )
}

#: Servers by which an operator sends for all its customers: what comes from them comes from outside, also to another customer.
_OUTBOUND = frozenset(("outbound.protection.outlook.com",))

#: Protocols by which a mailbox is fetched: the server asked is the reader's own.
_FETCH = ("pop3", "imap")


@dataclass(frozen=True, slots=True)
class Authentication:
    """What may be believed about where a message came from.

    ``spf``, ``dkim``, ``dmarc`` and ``arc`` are results in the words of RFC 8601 (pass, fail, softfail, neutral, none,
    temperror, permerror), empty when nobody who may be believed says anything. ``source`` tells whom they are from:
    ``site``, ``received``, ``claimed`` (below the border, no pass among them), ``verified`` or empty. ``aligned`` is
    whether a passing SPF or DKIM domain has the organizational domain of From (RFC 7489, 3.1), None when that cannot be told.
    """

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    arc: str = ""
    spf_domain: str = ""
    dkim_domains: tuple[str, ...] = ()
    aligned: bool | None = None
    source: str = ""
    receiver: str = ""
    #: The address, name and greeting of the first client outside the receiving organization, as its server saw them.
    external_address: str = ""
    external_name: str = ""
    external_helo: str = ""
    #: Whether that client used TLS; None when the header does not say.
    external_tls: bool | None = None
    #: Position of the external hop among the Received headers, -1 when there is none.
    external_hop: int = -1
    #: inbound, outbound, internal or empty, when the site's domains are not known.
    direction: str = ""


@dataclass(slots=True)
class _Border:
    """Where the receiver's headers end: its organizations, the hop, and positions among all headers."""

    organizations: set[str]
    hop: int = -1
    #: Headers before this position are the receiver's.
    position: int = 0
    #: Those between ``position`` and this one may be.
    next_position: int = 0


@dataclass(slots=True)
class _Told:
    """Results collected from the headers that are believed."""

    source: str = ""
    receiver: str = ""
    results: dict[str, MethodResult] = field(default_factory=dict)
    signed: dict[str, None] = field(default_factory=dict)


def assess(message: Message, mail: Mail, verified: Iterable[str] = ()) -> Authentication:
    """Decide what to believe; ``verified`` are the domains whose DKIM signature was checked here and is valid."""
    named = frozenset(name.lower().rstrip(".") for name in (*mail.receivers, *mail.domains))
    border = _border(message, named)
    told = _believed(message, border, named)
    checked = tuple(dict.fromkeys(domain.lower() for domain in verified))
    signed = tuple(dict.fromkeys((*checked, *told.signed)))
    spf = told.results.get("spf")
    external = message.received[border.hop] if border.hop >= 0 else Hop()
    spf_domain = _spf_domain(spf, message)
    dkim = "pass" if signed else _word(told.results.get("dkim"))
    return Authentication(
        spf=_word(spf),
        dkim=dkim,
        dmarc=_word(told.results.get("dmarc")),
        arc=_word(told.results.get("arc")),
        spf_domain=spf_domain if spf else "",
        dkim_domains=signed,
        aligned=_aligned(message, _word(spf), spf_domain, dkim, signed),
        source=told.source or ("verified" if checked else ""),
        receiver=told.receiver,
        external_address=external.address,
        external_name=external.host,
        external_helo=external.helo,
        external_tls=external.tls if border.hop >= 0 else None,
        external_hop=border.hop,
        direction=_direction(message, mail, border),
    )


def _border(message: Message, named: frozenset[str]) -> _Border:
    """Walk the hops from the top to the first client outside."""
    positions = [position for position, header in enumerate(message.headers) if header.name == "received"]
    positions.append(len(message.headers))
    border = _Border(set())
    seen: list[str] = []
    for index, hop in enumerate(message.received):
        if not hop.by and not hop.helo and not hop.host:
            continue  # a note of a program on the same host (qmail)
        if hop.by:  # of the first server, or of one whose client was inside
            border.organizations.add(_operator(hop.by))
        seen.append(hop.by_address)
        if hop.protocol.lower() in _FETCH:
            border.organizations |= {_operator(name) for name in (hop.host, hop.helo) if name}
            continue
        if not _inside(hop, border.organizations, named, seen):
            border.hop, border.position, border.next_position = index, positions[index], positions[index + 1]
            return border
    if message.received:  # all within: what stands above the lowest of them was written by a server
        border.position = border.next_position = positions[len(message.received) - 1]
    return border


@lru_cache(maxsize=4_096)
def _parsed(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, None when it is none. The same servers stand in most messages of a mailbox."""
    try:
        return ipaddress.ip_address(written)
    except ValueError:
        return None


def _inside(hop: Hop, organizations: set[str], named: frozenset[str], servers: list[str]) -> bool:
    """Whether the client of a hop belongs to the receiver."""
    if within(hop.helo, _OUTBOUND) or within(hop.host, _OUTBOUND):
        return False
    if hop.address:
        address = _parsed(hop.address)
        if address is None:
            return False
        if not address.is_global:
            return True
        if hop.host:
            return _operator(hop.host) in organizations or within(hop.host, named)
        # Only the greeting names the client: anybody may greet so, unless the server itself has such an address.
        operator = _operator(hop.helo)
        if any(address in block for block in _BLOCKS.get(operator, ()) if block.version == address.version):
            return operator in organizations
        known = operator in organizations or within(hop.helo, named)
        return known and any(_near(hop.address, server) for server in servers if server)
    name = hop.host or hop.helo
    if not name:
        return True  # written on the host itself
    return "." not in name or _operator(name) in organizations or within(name, named)


def _operator(name: str) -> str:
    """The organizational domain of a server, one for all domains of its operator."""
    found = organization(name)
    return _OPERATOR.get(found, found)


def _near(one: str, other: str) -> bool:
    """Whether two addresses are of one operator's large block (/16, or /24 of IPv6)."""
    first, second = _parsed(one), _parsed(other)
    if first is None or second is None:
        return False
    if first.version != second.version:
        return False
    shift = 16 if first.version == 4 else 104
    return int(first) >> shift == int(second) >> shift


def _believed(message: Message, border: _Border, named: frozenset[str]) -> _Told:
    told = _Told()
    below: list[AuthenticationResults] = []
    for item in message.results:
        by_site = bool(item.server) and within(item.server, named)
        ours = by_site or not item.server or _operator(item.server) in border.organizations
        if item.position < border.position:
            if ours and border.organizations:
                _take(told, item, "site" if by_site else "received")
        elif item.position < border.next_position and border.hop >= 0 and item.server and ours:
            below.append(item)
    if not told.source:
        for item in below:
            by_site = within(item.server, named)
            _take(told, item, "site" if by_site else "claimed", passes=by_site)
    return told


def _take(told: _Told, item: AuthenticationResults, source: str, *, passes: bool = True) -> None:
    """Take the results of one header, those of headers above it first."""
    taken = False
    for result in item.results:
        if result.result == "pass" and not passes:
            continue
        taken = True
        present = told.results.get(result.method)
        if present is None or (result.method == "dkim" and present.result != "pass" and result.result == "pass"):
            told.results[result.method] = result
        if result.method == "dkim" and result.result == "pass":
            domain = result.get("header.d") or result.get("header.i").rpartition("@")[2]
            if domain and len(told.signed) < 20:
                told.signed[domain.lower().strip("<>@")] = None
    if taken and not told.source:
        told.source, told.receiver = source, item.server


def _word(result: MethodResult | None) -> str:
    if result is None:
        return ""
    return result.result if result.result in _WORDS else _OTHER.get(result.result, "permerror")


def _spf_domain(result: MethodResult | None, message: Message) -> str:
    """The domain that SPF was checked for: as the result says, else that of the envelope sender."""
    for name in ("smtp.mailfrom", "smtp.helo") if result else ():
        assert result is not None
        if domain := result.get(name).strip("<>").rpartition("@")[2]:
            return domain.lower().rstrip(".")
    return message.return_path.domain if message.return_path else ""


def _aligned(message: Message, spf: str, spf_domain: str, dkim: str, signed: tuple[str, ...]) -> bool | None:
    author = organization(message.author.domain)
    if not author or not (spf or dkim):
        return None
    if spf == "pass" and organization(spf_domain) == author:
        return True
    return any(organization(domain) == author for domain in signed)


def _direction(message: Message, mail: Mail, border: _Border) -> str:
    if not mail.domains:
        return ""
    own = frozenset(name.lower().rstrip(".") for name in mail.domains)
    if border.hop >= 0 or not within(message.author.domain, own):
        return "inbound"
    recipients = [address.domain for address in (*message.to, *message.cc) if address.domain]
    return "internal" if recipients and all(within(domain, own) for domain in recipients) else "outbound"


def is_open(hop: Hop) -> bool:
    """Whether a hop went over the network, from a public or unknown address, by SMTP without TLS."""
    if hop.tls is not False:
        return False
    address = _parsed(hop.address)
    return not hop.address or (address.is_global if address else not is_address(hop.address))
