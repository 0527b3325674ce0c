"""Names and domains that are borrowed: brands, administrations, health bodies, the site itself and its partners."""

from __future__ import annotations

from collections.abc import Iterator

from wardround.mail import brands
from wardround.mail.domains import labels
from wardround.mail.folding import skeleton
from wardround.mail.letter import Letter, Seen
from wardround.mail.suffixes import organization


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about whom the message pretends to come from."""
    yield from _brand(letter)
    yield from _domain(letter)
    yield from _site(letter)
    yield from _meeting(letter)


def _brand(letter: Letter) -> Iterator[Seen]:
    domain = letter.author.domain
    named = brands.called(letter.display.text)
    strangers = [b for b in named if not b.owns(domain)]
    if strangers and len(strangers) == len(named) and not letter.answering and not letter.listed:
        yield Seen("name_of_brand", 1.0, f"{strangers[0].name}: {letter.author.address[:80]}")
        if strangers[0].group in ("health", "government"):
            yield Seen("name_of_authority", 1.0, f"{strangers[0].name}: {letter.author.address[:80]}")
    hosts = [link.to.host for link in letter.web]
    if letter.answering or letter.listed or not hosts:
        return
    above = [b for b in letter.brands_above if not b.owns(domain)]
    if above and not any(b.owns(host) for b in above for host in hosts):
        yield Seen("brand_without_its_links", 1.0, f"{above[0].name}: {hosts[0][:80]}")
    elif above:
        yield Seen("brand_beside_other_links", 1.0, f"{above[0].name}: {hosts[0][:80]}")
    below = [b for b in letter.brands_below if not b.owns(domain) and not any(b.owns(host) for host in hosts)]
    if below and not above:
        yield Seen("brand_in_text", 1.0, below[0].name)
    for source in letter.anchored:
        host = source.split("/")[2].lower() if source.count("/") >= 2 else ""
        fetched = bool(host) and brands.owned(host) and not brands.owned(domain) and organization(host) not in letter.owners
        if fetched and any(b.owns(host) for b in letter.brands_above + letter.brands_below):
            yield Seen("picture_of_brand", 1.0, host[:80])
            break
    own = [b for b in letter.brands_above + letter.brands_below if b.owns(domain)]
    if own and letter.leading and not any(b.owns(link.to.host) for b in own for link in letter.web):
        yield Seen("brand_address_other_links", 1.0, f"{letter.author.address[:60]}: {hosts[0][:80]}")


def _domain(letter: Letter) -> Iterator[Seen]:
    domain = letter.author.domain
    if domain and (found := brands.imitated(domain)):
        brand, how = found
        yield Seen("author_domain_imitates", 1.0 if how != "label" else 0.8, f"{domain[:80]} ({brand.name})")
    for link in letter.web:
        if found := brands.imitated(link.to.host):
            yield Seen("link_imitates", 1.0, f"{link.to.host[:80]} ({found[0].name})", link.to.url)
            break


_MEETINGS = frozenset(("zoom", "zoom meeting", "zoom video", "webex", "cisco webex", "microsoft teams"))


def _meeting(letter: Letter) -> Iterator[Seen]:
    """An invitation to a meeting whose link is of no meeting service, nor of the author's own organization."""
    if letter.answering or letter.listed or not letter.leading:
        return
    named = [b for b in letter.brands_above + letter.brands_below if b.name in _MEETINGS]
    if not named or any(b.owns(letter.author.domain) for b in named):
        return
    hosts = [link.to for link in letter.leading]
    if any(to.kind in ("meeting", "bulk") or to.owner == letter.owner or any(b.owns(to.host) for b in named) for to in hosts):
        return
    yield Seen("meeting_link_imitates", 1.0, f"{named[0].name}: {hosts[0].host[:80]}", hosts[0].url)


def _site(letter: Letter) -> Iterator[Seen]:
    """Domains a letter away from the site's own or a partner's, or with its name beside another word."""
    own = [d.lower() for d in (*letter.context.mail.domains, *letter.context.mail.partners)]
    if not own:
        return
    owners = {organization(d) for d in own}
    shapes = {skeleton(owner.partition(".")[0]): owner for owner in owners}
    hosts = [
        (letter.author.domain, "author_imitates_site", ""),
        *((led.to.host, "link_imitates_site", led.to.url) for led in letter.web),
    ]
    done: set[str] = set()
    for host, name, url in hosts:
        if not host or name in done or organization(host) in owners:
            continue
        for label in labels(host):
            shape = skeleton(label)
            if any(_alike(shape, own_shape) for own_shape in shapes):
                done.add(name)
                yield Seen(name, 1.0, host[:80], url)
                break


def _alike(shape: str, own: str) -> bool:
    if len(own) < 4:
        return shape == own and len(own) >= 3
    return shape == own or (own in shape and len(own) >= 5) or (len(own) >= 6 and _one_apart(shape, own))


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter more, less, changed or two exchanged make one text the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        return one[at + 1 :] == other[at + 1 :] or (
            one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
        )
    long, short = (one, other) if len(one) > len(other) else (other, one)
    return long[at + 1 :] == short[at:]
