"""How it was sent: Message-ID, Date, recipients, the first server seen, and what may be believed of authentication."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.domains import diced, kind_of, labels, suffix_kind, well_formed
from wardround.mail.letter import ANSWER, Letter, Seen
from wardround.mail.suffixes import is_address, organization

_DAY = 86_400 * 10**9
_GENERIC = re.compile(
    r"(?:\d{1,3}[-.]){3}\d{1,3}|^(?:vps|vmi|ip|static|dedicated|host|server|cloud|srv)[-.]?\d+", re.IGNORECASE
)


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about the envelope."""
    yield from _identity(letter)
    yield from _people(letter)
    yield from _server(letter)
    yield from _authentication(letter)


def _identity(letter: Letter) -> Iterator[Seen]:
    message = letter.message
    written = message.message_id
    right = written.rpartition("@")[2].lower().strip("<> ") if "@" in written else ""
    takers = {organization(hop.by) for hop in message.received if hop.by}
    if not written:
        yield Seen("message_id_missing")
    elif not right or not well_formed(right):
        if not right or kind_of(right) != "bulk":
            yield Seen("message_id_malformed", 1.0, written[:80])
    else:
        theirs = organization(right)
        if letter.passed_on:
            return
        if theirs != letter.owner and theirs not in takers and kind_of(right) != "bulk" and not letter.listed and letter.owner:
            yield Seen("message_id_elsewhere", 1.0, right[:80])
        if theirs != letter.owner and letter.author_kind == "" and theirs in takers and _given_on_arrival(letter, theirs):
            yield Seen("message_id_missing", 1.0, right[:80])
    if message.date is None:
        yield Seen("date_unreadable", 1.0, message.header("date")[:60])
    else:
        taken = next((hop.ts for hop in message.received if hop.ts is not None), None)
        if (
            taken is not None
            and not letter.listed
            and (message.date - taken > 2 * 3_600 * 10**9 or taken - message.date > 3 * _DAY)
        ):
            yield Seen("date_far", 1.0, message.header("date")[:60])


def _given_on_arrival(letter: Letter, owner: str) -> bool:
    """Whether a Message-ID was made by the receiver: its domain is that of the servers after the first one outside."""
    at = letter.context.authentication.external_hop
    hops = letter.message.received
    if at < 0 or at >= len(hops):
        return False
    return any(organization(hop.by) == owner for hop in hops[: at + 1]) and not any(
        organization(h.by) == owner for h in hops[at + 1 :]
    )


def _people(letter: Letter) -> Iterator[Seen]:
    message = letter.message
    if not message.to and not message.cc and not letter.listed:
        yield Seen("recipients_hidden")
    elif len(message.to) == 1 and message.to[0].address and message.to[0].address == letter.author.address:
        yield Seen("recipients_hidden", 0.7, message.to[0].address[:80])
    if ANSWER.match(message.subject) and not letter.answering and not letter.listed:
        yield Seen("answer_to_nothing", 1.0, message.subject[:60])


def _server(letter: Letter) -> Iterator[Seen]:
    if letter.passed_on:
        return
    known = letter.context.authentication
    helo, name = known.external_helo.lower(), known.external_name.lower()
    if helo and not is_address(helo):
        if not well_formed(helo):
            yield Seen("helo_malformed", 1.0, helo[:80])
        else:
            if diced(labels(helo)[-1]) and kind_of(helo) != "bulk":
                yield Seen("helo_diced", 1.0, helo[:80])
            if suffix_kind(helo) == "abused_tld":
                yield Seen("helo_cheap", 1.0, helo[:80])
            if _GENERIC.search(helo):
                yield Seen("helo_generic", 1.0, helo[:80])
            owner = organization(helo)
            back = organization(letter.message.return_path.domain) if letter.message.return_path else ""
            if letter.owner and owner not in (letter.owner, back) and kind_of(helo) != "bulk" and not letter.listed:
                yield Seen("helo_unrelated", 1.0, helo[:80])
    elif helo:
        yield Seen("helo_malformed", 1.0, helo[:80])
    if name and _GENERIC.search(name) and not helo:
        yield Seen("helo_generic", 1.0, name[:80])


def _authentication(letter: Letter) -> Iterator[Seen]:
    """Failures only: what passes proves a domain, not honesty, and what is absent proves nothing."""
    known = letter.context.authentication
    if letter.listed:
        return
    if known.spf in ("fail", "softfail", "permerror"):
        yield Seen("spf_fails", 1.0 if known.spf == "fail" else 0.6, known.spf_domain[:80])
    if known.dkim in ("fail", "permerror", "policy"):
        yield Seen("dkim_fails", 1.0, ", ".join(known.dkim_domains)[:80])
    if known.dmarc in ("fail",):
        yield Seen("dmarc_fails", 1.0, letter.author.domain[:80])
    own = [d.lower() for d in letter.context.mail.domains]
    domain = letter.author.domain
    claimed = bool(domain) and any(domain == d or domain.endswith("." + d) for d in own)
    if claimed and known.direction == "inbound" and known.source and known.aligned is False:
        yield Seen("own_domain_forged", 1.0, domain)
