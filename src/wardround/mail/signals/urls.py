"""Where the links lead: hosts, disguises, redirections, and how they fit the author."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail import brands
from wardround.mail.domains import diced, kind_of, labels, well_formed
from wardround.mail.letter import Led, Letter, Seen
from wardround.mail.links import Target, addressed, shown_host
from wardround.mail.suffixes import is_address, organization

#: Classes of hosts, and the signal that a leading link to one of them makes.
_KINDS = {
    "shortener": "link_shortened",
    "redirector": "link_redirector",
    "storage": "link_on_storage",
    "hosting": "link_on_hosting",
    "form": "link_to_form",
}
_TOKEN = re.compile(r"^[#?/]?[A-Za-z0-9+/=_-]{24,}$")
_DOWNLOAD = re.compile(
    r"\.(?:zip|rar|7z|iso|img|exe|msi|js|vbs|hta|lnk|scr|bat|cmd|ps1|apk|jar|docm|xlsm|one|rdp|url)$", re.IGNORECASE
)
_PANEL = re.compile(r"/(?:wp-(?:content|includes|admin)|cgi-bin|\.well-known|xmlrpc|plugins|themes)/", re.IGNORECASE)


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about links."""
    yield from _each(letter)
    yield from _together(letter)


def _each(letter: Letter) -> Iterator[Seen]:
    """The first link of every kind of oddity."""
    done: set[str] = set()
    recipients = [a.address for a in letter.message.to[:3]] + [letter.message.delivered_to]
    for link in letter.links:
        for seen in _oddities(link, letter, recipients):
            if seen.name not in done:
                done.add(seen.name)
                yield seen


def _oddities(link: Led, letter: Letter, recipients: list[str]) -> Iterator[Seen]:
    to = link.to
    if to.scheme in ("data", "javascript", "vbscript", "blob", "file", "search-ms", "ms-officecmd", "smb"):
        yield Seen("link_active", 1.0, to.scheme, to.url[:200])
    if to.scheme not in ("http", "https") or not to.host:
        return
    where = to.url[:2_048]
    if is_address(to.host):
        yield Seen("link_to_address", 1.0, to.host, where)
    elif not well_formed(to.host):
        yield Seen("link_malformed", 1.0, to.host[:80], where)
    if to.userinfo:
        yield Seen("link_userinfo", 1.0, to.host[:80], where)
    if to.port not in (None, 80, 443):
        yield Seen("link_port", 1.0, f"{to.host[:80]}:{to.port}", where)
    if "xn--" in to.host:
        yield Seen("link_punycode", 1.0, to.host[:80], where)
    if link.origin in ("qr",):
        return
    own = to.owner == letter.owner
    if (name := _KINDS.get(to.kind)) and not own and not letter.listed:
        yield Seen(name, 1.0 if link.origin != "text" else 0.5, to.host[:80], where)
    if to.through and not own and organization(to.through) != letter.owner and kind_of(to.through) != "bulk":
        yield Seen("link_redirects", 1.0, f"{to.through[:80]} → {to.host[:80]}", where)
    if to.tld == "abused_tld" and not own:
        yield Seen("link_cheap", 1.0, to.host[:80], where)
    elif to.tld == "cheap_tld" and not own:
        yield Seen("link_cheap", 0.3, to.host[:80], where)
    if to.kind == "" and diced(labels(to.host)[-1]) and not own:
        yield Seen("link_diced", 1.0, to.host[:80], where)
    if (
        (shown := shown_host(link.text))
        and organization(shown) != to.owner
        and to.kind != "bulk"
        and not own
        and well_formed(shown)
    ) and ((not to.through and organization(shown) != letter.owner) or brands.owned(shown)):
        yield Seen("link_text_differs", 1.0, f"{shown[:80]} → {to.host[:80]}", where)
    if to.fragment and _TOKEN.match(to.fragment) and to.kind != "bulk" and not own:
        yield Seen("link_fragment", 1.0, to.host[:80], where)
    if any(addressed(to, address) for address in recipients) and to.kind != "bulk" and not own:
        yield Seen("link_addressed", 1.0, to.host[:80], where)
    if _DOWNLOAD.search(to.path[-12:]) and not own and not letter.listed:
        yield Seen("link_downloads", 1.0, to.path[-60:], where)
    if _PANEL.search(to.path) and link.origin == "html" and not own:
        yield Seen("link_broken_into", 1.0, f"{to.host[:80]}{to.path[:60]}", where)


def odd(to: Target) -> str:
    """In a word, why nobody honest would keep a document or a program at this destination; empty where nothing tells."""
    if is_address(to.host):
        return "address"
    if to.kind in ("hosting", "storage", "shortener"):
        return to.kind
    if to.tld in ("abused_tld", "cheap_tld") and not to.kind and not brands.owned(to.host):
        return "cheap name"
    return "inner folder" if _PANEL.search(to.path) else ""


def _together(letter: Letter) -> Iterator[Seen]:
    if letter.listed or not letter.owner:
        return
    leading = [link for link in letter.leading if link.origin in ("html", "text", "form")]
    if not leading:
        return
    domain = letter.author.domain
    strange = [link for link in leading if link.to.owner != letter.owner and not _akin(link.to.owner, letter.owner)]
    strange = [link for link in strange if not (brands.owned(domain) and _same_brand(domain, link.to.host))]
    fitting = len(leading) - len(strange)
    outside = [link for link in strange if link.to.kind != "bulk"]
    if fitting:
        yield Seen("links_fit", min(1.0, fitting / len(leading)), letter.owner)
    if not fitting and outside:
        yield Seen("links_strange", 1.0, outside[0].to.host[:80], outside[0].to.url)
        owners = {link.to.owner for link in outside}
        if len(owners) == 1 and not letter.answering:
            yield Seen("links_one_place", 1.0, outside[0].to.host[:80], outside[0].to.url)
        urls = {link.to.url for link in outside}
        if len(urls) == 1 and len(leading) == len(outside) and letter.page.tags and not letter.answering:
            yield Seen("links_one_target", 1.0, outside[0].to.host[:80], outside[0].to.url)
    elif outside and fitting and len(outside) / len(leading) > 0.5 and not letter.answering:
        yield Seen("links_mostly_strange", 1.0, outside[0].to.host[:80], outside[0].to.url)
    yield from _odd_first(leading, letter)
    if not fitting and not outside:
        yield Seen("links_only_counted", 1.0, leading[0].to.host[:80])
    if letter.page.tags and letter.anchored and leading and not letter.answering:
        hosts = {source.split("/")[2].lower() for source in letter.anchored if source.count("/") >= 2}
        if any(kind_of(host) == "image_host" for host in hosts):
            yield Seen("pictures_on_free_host", 1.0, sorted(hosts)[0][:80])
        elif any(kind_of(host) in ("storage", "hosting") for host in hosts) and not fitting:
            yield Seen("pictures_on_storage", 1.0, sorted(hosts)[0][:80])
        elif any(is_address(host) for host in hosts):
            yield Seen("pictures_on_free_host", 1.0, sorted(hosts)[0][:80])


def _odd_first(leading: list[Led], letter: Letter) -> Iterator[Seen]:
    """A letter of somebody else, copied with its links, around one link that was put in."""
    first, others = leading[0].to, [link.to.owner for link in leading[1:]]
    if len(others) < 4 or letter.answering or first.owner == letter.owner:
        return
    commonest = max(set(others), key=lambda owner: (others.count(owner), owner))
    if (
        commonest not in (first.owner, letter.owner)
        and others.count(commonest) * 2 > len(others)
        and others.count(first.owner) <= 2
    ):
        yield Seen("link_odd_first", 1.0, f"{first.host[:80]} / {commonest[:80]}", first.url)


def _same_brand(one: str, other: str) -> bool:
    return brands.owned(other) and organization(one).partition(".")[0] == organization(other).partition(".")[0]


def _akin(one: str, other: str) -> bool:
    first, second = (d.partition(".")[0].replace("-", "") for d in (one, other))
    return len(first) >= 4 and len(second) >= 4 and (first in second or second in first)
