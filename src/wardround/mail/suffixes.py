"""Domains: the organizational domain (RFC 7489, 3.2) after the Public Suffix List that an installed package brings along."""

from __future__ import annotations

import ipaddress
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LONGEST = 253


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=65_536)
def ascii_domain(domain: str) -> str:
    """The domain in lower-case ASCII (IDNA where needed), without a final dot; unchanged where it cannot be encoded."""
    name = domain.strip().rstrip(".").lower()
    if name.isascii() or len(name) > _LONGEST:
        return name[:_LONGEST]
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name


@lru_cache(maxsize=65_536)
def organization(domain: str) -> str:
    """The organizational domain: public suffix and one label. The name itself where there is none (addresses, suffixes)."""
    name = ascii_domain(domain)
    if not name or is_address(name):
        return name
    try:
        return _suffixes().privatesuffix(name) or name
    except (ValueError, UnicodeError):
        return name


@lru_cache(maxsize=4_096)
def is_address(name: str) -> bool:
    """Whether a host is written as an IP address, with or without brackets."""
    if not name or not (name[0].isdigit() or name[0] in "[:" or ":" in name):
        return False
    try:
        ipaddress.ip_address(name.strip("[]").removeprefix("ipv6:").removeprefix("IPv6:"))
    except ValueError:
        return False
    return True


def within(domain: str, parents: tuple[str, ...] | frozenset[str]) -> bool:
    """Whether a domain is one of ``parents`` (lower-case ASCII) or below one of them."""
    name = ascii_domain(domain)
    if not name:
        return False
    if name in parents:
        return True
    while "." in name:
        name = name.partition(".")[2]
        if name in parents:
            return True
    return False
