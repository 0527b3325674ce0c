"""Where a link really leads: the wrapping of mail gateways is taken off, open redirectors are named, the host is told.

Wrappings undone: Microsoft SafeLinks, Proofpoint URL Defense (v1, v2, v3), Mimecast, Barracuda, Symantec, Sophos, Trend
Micro, Google's and Facebook's leave pages. A click counter that hides its destination (Mailchimp, SendGrid …) cannot be
undone offline; its host is known as one of a bulk mailer.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from wardround.mail.domains import kind_of, suffix_kind
from wardround.mail.suffixes import organization

#: Wrappings taken off, one within another.
LAYERS = 4

_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]{0,20}:")
_BREAKS = re.compile(r"[\t\r\n\x00]")
_NUMBER = re.compile(r"^(?:0x[0-9a-f]{1,8}|\d{8,10}|0[0-7]+(?:\.[0-7]+){3})$")
_INNER = re.compile(r"https?(?::|%3a)(?:/|%2f){2}", re.IGNORECASE)
# Case does not matter. Both cases of the first letters are written out: then they are searched for before all else.
_BARE = re.compile(r"(?:h(?i:ttps?://)|H(?i:ttps?://)|w(?i:ww\.)|W(?i:ww\.))[^\s<>\"'\]|}]{3,2000}")
_SHOWN = re.compile(r"(?:https?://)?(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?=[/:?#\s]|$)", re.IGNORECASE)
#: Parameters that hold a destination.
_DESTINATIONS = frozenset(
    [
        "url",
        "u",
        "q",
        "r",
        "to",
        "dest",
        "destination",
        "redirect",
        "redirect_url",
        "redirecturl",
        "target",
        "link",
        "goto",
        "go",
        "next",
        "continue",
        "adurl",
        "out",
        "ref",
        "uri",
        "returnurl",
    ]
)


@dataclass(frozen=True, slots=True)
class Target:
    """A destination: URL and host after unwrapping, how it was wrapped, whom it redirects through, what is odd about it."""

    url: str
    scheme: str
    host: str
    owner: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""
    userinfo: str = ""
    port: int | None = None
    wrapper: str = ""
    through: str = ""
    #: The whole URL of the site that redirects.
    via: str = ""
    kind: str = ""
    tld: str = ""


def target(written: str) -> Target:
    """The destination of a link as written; a relative or unreadable one has no host."""
    return _short_target(written) if len(written) <= _CACHED else _target(written)


def _target(written: str) -> Target:
    url = _BREAKS.sub("", written.strip())[:8_192].replace("\\", "/")
    wrapper = through = via = ""
    for _ in range(LAYERS):
        name, inner = _unwrapped(url)
        if not inner:
            break
        url, wrapper = inner, wrapper or name
    found = _split(url)
    inner = _redirected(found)
    if inner and (further := _split(inner)).host:
        through, via = found.host, found.url
        found = further
    return replace(found, wrapper=wrapper, through=through, via=via) if wrapper or through else found


#: Links of so many characters are remembered: those of a sender's footer stand in all his messages, often several times.
_CACHED = 300
_short_target = lru_cache(maxsize=4_096)(_target)


def _split(url: str) -> Target:
    if url.startswith("//"):
        url = "http:" + url
    elif not _SCHEME.match(url):
        url = "http://" + url if url.lower().startswith("www.") else url
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return Target(url, "", "")
    host = _ascii(unquote(host))
    user = (parts.netloc.rpartition("@")[0]) if "@" in parts.netloc else ""
    if _NUMBER.match(host):
        host = _dotted(host)
    first = parts.path.strip("/").partition("/")[0].lower()
    return Target(
        url, parts.scheme.lower(), host, organization(host) if host else "", parts.path, parts.query, parts.fragment, user,
        port,
        kind=kind_of(host, first) if host else "", tld=suffix_kind(host) if host else "",
    )  # fmt: skip


def _ascii(host: str) -> str:
    host = host.lower()
    if host.isascii():
        return host
    labels = []
    for label in host.replace("。", ".").replace("．", ".").split("."):
        try:
            labels.append(label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii"))
        except UnicodeError:
            labels.append("")
    return ".".join(labels)


def _dotted(host: str) -> str:
    try:
        number = int(host, 16) if host.startswith("0x") else int(host) if "." not in host else -1
        if number < 0:
            return ".".join(str(int(part, 8) & 255) for part in host.split("."))
        return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0)) if number < 1 << 32 else host
    except ValueError:
        return host


def _parameter(url: str, *names: str) -> str:
    query = url.partition("?")[2].partition("#")[0]
    try:
        pairs = dict(parse_qsl(query, keep_blank_values=False, max_num_fields=100))
    except ValueError:
        return ""
    return next((pairs[name] for name in names if pairs.get(name)), "")


def _unwrapped(url: str) -> tuple[str, str]:
    """The gateway that wrapped a URL, and what it wrapped; empty texts when none did."""
    lowered = url[:300].lower()
    if "safelinks.protection.outlook" in lowered or "safelinks.protection.office" in lowered:
        return "safelinks", _parameter(url, "url")
    if "urldefense" in lowered:
        return "proofpoint", _proofpoint(url)
    if "mimecast" in lowered and (domain := _parameter(url, "domain")):
        return "mimecast", f"https://{domain}/"
    if "linkprotect.cudasvc.com" in lowered:
        return "barracuda", _parameter(url, "a")
    if "clicktime.symantec.com" in lowered or "clicktime.cloud.postoffice.net" in lowered:
        return "symantec", _parameter(url, "u")
    if "protection.sophos.com" in lowered:
        inner = _base64(_parameter(url, "u"))
        domain = _parameter(url, "d")
        return "sophos", inner or (f"https://{domain}/" if domain else "")
    if "trendmicro.com" in lowered and "/wis/" in lowered:
        return "trendmicro", _parameter(url, "url")
    return "", ""


def _proofpoint(url: str) -> str:
    if "/v3/__" in url:
        return re.sub(r"\*+", "-", url.partition("/v3/__")[2].partition("__;")[0])
    coded = _parameter(url, "u")
    if "/v2/" in url:
        return unquote(coded.translate(str.maketrans("-_", "%/")))
    return unquote(coded)


def _base64(text: str) -> str:
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return found if found.startswith("http") else ""


def _redirected(link: Target) -> str:
    """Where a link leads on, when its query or path holds the URL of somebody else."""
    if not link.host or link.scheme not in ("http", "https"):
        return ""
    held = link.path + "?" + link.query
    match = _INNER.search(held, 1)
    if match is None:
        if link.path.startswith("/amp/s/") and link.owner.startswith("google."):
            return "https://" + link.path[7:]
        return ""
    for name, value in parse_qsl(link.query[:4_096], max_num_fields=None)[:100]:
        if name.lower() in _DESTINATIONS and _INNER.match(value):
            return unquote(value) if "%3a" in value[:12].lower() else value
    inner = held[match.start() :]
    inner = unquote(inner) if "%3a" in inner[:12].lower() else inner
    return inner if organization(_split(inner).host) != link.owner else ""


def written_in(text: str, most: int = 200) -> list[str]:
    """URLs written out in a text, in order, each once."""
    found: dict[str, None] = {}
    text = text[: 1 << 18]
    if "://" not in text and "www." not in text.lower():
        return []
    for match in _BARE.finditer(text):
        found[match.group().rstrip(").,;:!?*_")] = None
        if len(found) >= most:
            break
    return list(found)


def shown_host(text: str) -> str:
    """The host that the visible text of a link names, empty when it names none."""
    words = text.strip()
    if len(words) > 200 or " " in words or "@" in words:
        return ""
    match = _SHOWN.match(words)
    if match is None:
        return ""
    return match.group().lower().removeprefix("https://").removeprefix("http://")


def addressed(link: Target, address: str) -> bool:
    """Whether the link carries the recipient's address, plainly or in Base64, as pages that imitate a logon want it."""
    if not address or "@" not in address:
        return False
    held = unquote(link.path + "?" + link.query + "#" + link.fragment).lower()
    if address.lower() in held:
        return True
    coded = base64.b64encode(address.encode("utf-8", "replace")).decode("ascii").rstrip("=")
    return coded[:-1].lower() in held


__all__ = ["Target", "addressed", "shown_host", "target", "written_in"]
