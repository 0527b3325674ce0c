"""Authentication-Results (RFC 8601), its ARC copy (RFC 8617) and Received-SPF (RFC 7208, 9.1), parsed but not yet believed."""

from __future__ import annotations

import re

from wardround.mail.decode import unfolded
from wardround.mail.message import AuthenticationResults, MethodResult

#: Results kept of one header.
_MOST = 64

_SIGNS = re.compile(r"([\"()])")
_METHOD = re.compile(r"^\s*([A-Za-z][\w-]{0,40})(?:\s*/\s*\d+)?\s*=\s*([A-Za-z]\w{0,30})")
_PROPERTY = re.compile(r"(?:^|\s)([A-Za-z]{1,12}\.[A-Za-z][\w.-]{0,40}|action|reason)\s*=\s*(\"[^\"]{0,500}\"|[^\s;]{1,500})")
_SPF = re.compile(r"^\s*(pass|fail|softfail|neutral|none|temperror|permerror|error|unknown)\b", re.IGNORECASE)
_SPF_PAIR = re.compile(r"(?:^|[\s;])(client-ip|envelope-from|helo|identity|receiver|mailfrom)\s*=\s*\"?<?([^\s;\">]{1,320})")


def results(name: str, raw: bytes, position: int) -> AuthenticationResults | None:
    """The results of a header ``name`` (lower case) at ``position``; None when it holds none."""
    value = unfolded(raw)[:8_000]
    if name == "received-spf":
        return _spf(value, position)
    pieces = _without_comments(value).split(";")
    instance = 0
    if name == "arc-authentication-results":
        tag, _, number = pieces[0].partition("=")
        if tag.strip().lower() != "i" or not number.strip().isdigit() or len(number.strip()) > 2:
            return None
        instance = int(number)
        pieces = pieces[1:] or [""]
    server = ""
    if "=" not in pieces[0]:  # Exchange Online leaves its own name out
        server = pieces[0].split()[0].lower() if pieces[0].split() else ""
        pieces = pieces[1:]
    found = []
    for piece in pieces[:_MOST]:
        match = _METHOD.match(piece)
        if match is None:
            continue
        properties = [(n.lower(), v.strip('"')) for n, v in _PROPERTY.findall(piece[match.end() :])]
        found.append(MethodResult(match.group(1).lower(), match.group(2).lower(), tuple(properties)))
    return AuthenticationResults(server, tuple(found), position, instance) if found or server else None


def _spf(value: str, position: int) -> AuthenticationResults | None:
    match = _SPF.match(value)
    if match is None:
        return None
    pairs = {name.lower(): content for name, content in _SPF_PAIR.findall(value)}
    properties = []
    if "envelope-from" in pairs or "mailfrom" in pairs:
        properties.append(("smtp.mailfrom", pairs.get("envelope-from") or pairs["mailfrom"]))
    if "helo" in pairs:
        properties.append(("smtp.helo", pairs["helo"]))
    if "client-ip" in pairs:
        properties.append(("smtp.remote-ip", pairs["client-ip"]))
    comment = re.search(r"\(([\w.-]{1,255}):", value)  # most servers begin their comment with their own name
    server = pairs.get("receiver", "") or (comment.group(1) if comment else "")
    return AuthenticationResults(server.lower(), (MethodResult("spf", match.group(1).lower(), tuple(properties)),), position)


def _without_comments(value: str) -> str:
    """The value without its comments, which may nest; quoted strings stay."""
    if "(" not in value:
        return value
    kept, depth, quoted = [], 0, False
    for piece in _SIGNS.split(value):
        if piece == '"' and not depth:
            quoted = not quoted
        elif piece == "(" and not quoted:
            depth += 1
        elif piece == ")" and not quoted and depth:
            depth -= 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(piece)
    return "".join(kept)
