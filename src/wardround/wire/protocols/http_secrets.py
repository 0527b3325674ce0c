"""Secrets in unencrypted HTTP: logons by a form or in JSON, and session cookies. Neither passwords nor cookies are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from wardround.wire import http_passwords

#: Bytes of a form that are looked at.
FORM_BYTES = 2_048

#: Cookies of one request that are looked at, and the length of a cookie's value from which it can be a session.
_COOKIES = 64
_SESSION_LENGTH = 16

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"

#: WS-Management (DSP0226) and the class by which Microsoft's agent for Unix runs commands (CVE-2021-38647).
_SOAP, _MANAGEMENT = "application/soap+xml", "/wsman"
_COMMANDS = (
    b"SCX_OperatingSystem/ExecuteShellCommand",
    b"SCX_OperatingSystem/ExecuteScript",
    b"SCX_OperatingSystem/ExecuteCommand",
)

#: Names of cookies that hold the session of a logged-on user: those of common platforms and of VPN portals.
_SESSIONS = frozenset(
    {
        "jsessionid", "phpsessid", "asp.net_sessionid", "sessionid", "session_id", "session", "sid", "connect.sid", "sessid",
        "laravel_session", "ci_session", "cfid", "cftoken", ".aspxauth", "jwt", "token", "access_token", "auth_token",
        "dsid", "svpncookie", "webvpn", "nsc_aaac", "nsc_tmas", "phpbb3_sid", "wordpress_logged_in", "symfony", "rack.session",
    }
)  # fmt: skip
_SESSION_PREFIXES = ("aspsessionid", "wordpress_logged_in_", "svpncookie", "phpbb3_", "sess_")


def wanted(headers: Mapping[str, str]) -> int:
    """How many bytes of a request's body are worth keeping for :func:`logon`."""
    return FORM_BYTES if headers.get("CONTENT-TYPE", "").lower().startswith((_FORM, _JSON, _SOAP)) else 0


def command_without_logon(uri: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request asks a host's management agent to run a command and proves no account."""
    managed = uri.partition("?")[0].rstrip("/").lower() == _MANAGEMENT and "AUTHORIZATION" not in headers
    return managed and any(command in body[:FORM_BYTES] for command in _COMMANDS)


def logon(headers: Mapping[str, str], body: bytes) -> tuple[bytes, bytes] | None:
    """Account and password of a form that logs on, or of an object in JSON that does, None where it is not one.

    The account may be empty.
    """
    kind = headers.get("CONTENT-TYPE", "").lower()
    if kind.startswith(_JSON):
        return http_passwords.logon_in_json(body[:FORM_BYTES])
    return http_passwords.logon(body[:FORM_BYTES]) if kind.startswith(_FORM) else None


def session_tokens(headers: Mapping[str, str]) -> list[str] | None:
    """Digests of the session cookies of a request: equal for equal sessions, and no use to whoever reads them."""
    value = headers.get("COOKIE")
    if not value:
        return None
    found = []
    for cookie in value.split(";", _COOKIES)[:_COOKIES]:
        name, _, secret = cookie.strip().partition("=")
        name = name.lower()
        if len(secret) >= _SESSION_LENGTH and (name in _SESSIONS or name.startswith(_SESSION_PREFIXES)):
            found.append(hashlib.blake2b(f"{name}={secret}".encode(), digest_size=8).hexdigest())
    return found or None
