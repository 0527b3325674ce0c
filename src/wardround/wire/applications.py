"""Products told by the names in a connection: what the client asked for, or whom the server's certificate is for.

The table of domains, ``applications.tsv``, is ours: the products' own published domains, and public encrypted resolvers as
their operators and the DNSCrypt and curl projects list them. VPN gateways are told by the paths that their clients ask
for, Tor by the shape of its certificates (tor-spec, section 2.1: made-up names, and nothing but a common name).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from wardround.wire.connection import Connection

#: Tables whose rows tell of applications.
TELLING = frozenset({"ssl", "quic", "http"})

_COMMON_NAME = re.compile(r"(?:^|,)\s*CN=([^,]{1,255})", re.IGNORECASE)

#: Labels that public encrypted resolvers put into their name: a name with one asks for a resolver.
_RESOLVER_LABELS = re.compile(r"(?:doh|doq)(?:-[a-z0-9]{1,20})?")

#: Ports of DNS over TLS and over QUIC (RFC 7858, RFC 9250; 784 and 8853 in its drafts).
_RESOLVER_PORTS = frozenset({784, 853, 8853})

_TOR_SUBJECT = re.compile(r"CN=www\.[a-z2-7]{8,20}\.net")
_TOR_ISSUER = re.compile(r"CN=www\.[a-z2-7]{8,20}\.com")

#: What is in the subject of certificates that products make for themselves.
_OWN_CERTIFICATES = (
    ("anydesk", "anydesk"),
    ("o=fortinet", "fortinet"),
    ("asa temporary self signed certificate", "anyconnect"),
)

#: Paths at which the clients of TLS VPNs open their tunnel, and others that only their gateways have.
_TUNNEL_PATHS = (
    ("/cscosslc/tunnel", "anyconnect"),
    ("/ssl-tunnel-connect.sslvpn", "globalprotect"),
    ("/remote/sslvpn-tunnel", "fortinet"),
    ("/sra_{ba195980-cd49-458b-9e23-c84ee0adcd75}", "sstp"),
)
_GATEWAY_PATHS = (
    ("/+cscoe+/", "anyconnect"), ("/+webvpn+/", "anyconnect"), ("/cacheable/cscoe", "anyconnect"),
    ("/global-protect/", "globalprotect"), ("/ssl-vpn/", "globalprotect"), ("/remote/login", "fortinet"),
    ("/remote/fortisslvpn", "fortinet"), ("/dana-na/", "pulse"), ("/dana/", "pulse"),
    ("/logon/logonpoint/", "citrix"), ("/vpn/index.html", "citrix"), ("/vpns/", "citrix"),
)  # fmt: skip
_CLIENTS = (
    ("anyconnect", "anyconnect"), ("cisco anyconnect", "anyconnect"), ("open anyconnect", "anyconnect"),
    ("pan globalprotect", "globalprotect"), ("forticlient", "fortinet"), ("fortisslvpn", "fortinet"),
    ("pulse-secure", "pulse"), ("junos-pulse", "pulse"), ("ivanti secure access", "pulse"),
)  # fmt: skip


@cache
def _domains() -> dict[str, str]:
    table = files(__package__).joinpath("applications.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines())
    return {domain: application for application, domains in rows for domain in domains.split()}


#: No host name is longer; what is, is not looked up among those that were met.
_LONGEST_HOST = 255


def by_host(name: str) -> str | None:
    """The application that a host name belongs to: the one of the longest domain that it ends with."""
    return _remembered(name) if len(name) <= _LONGEST_HOST else _by_host(name)


def _by_host(name: str) -> str | None:
    labels = name.lower().rstrip(".").removeprefix("*.").split(".")[-16:]
    domains = _domains()
    for start in range(len(labels) - 1):
        application = domains.get(".".join(labels[start:]))
        if application:
            return application
    return "doh" if any(_RESOLVER_LABELS.fullmatch(label) for label in labels[:-2]) else None


_remembered = lru_cache(maxsize=4_096)(_by_host)


def tunnel_of(method: str, uri: str) -> str | None:
    """The kind of VPN whose client opens its tunnel with a request."""
    if method == "SSTP_DUPLEX_POST":
        return "sstp"
    return _beginning(uri, _TUNNEL_PATHS)


@cache
def _starts(known: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(start for start, _ in known)


def _beginning(text: str, known: tuple[tuple[str, str], ...]) -> str | None:
    lower = text[:128].lower()
    if not lower.startswith(_starts(known)):
        return None
    return next((application for start, application in known if lower.startswith(start)), None)


def _of_request(columns: Mapping[str, Any]) -> str | None:
    uri, agent = columns.get("uri") or "", columns.get("user_agent") or ""
    method = columns.get("method") or ""
    return tunnel_of(method, uri) or _beginning(agent, _CLIENTS) or _beginning(uri, _GATEWAY_PATHS)


def _of_certificate(columns: Mapping[str, Any]) -> str | None:
    subject, issuer = columns.get("subject") or "", columns.get("issuer") or ""
    if _TOR_SUBJECT.fullmatch(subject) and _TOR_ISSUER.fullmatch(issuer):
        return "tor"
    lower = f"{subject},{columns.get('client_subject') or ''}".lower()
    return next((application for part, application in _OWN_CERTIFICATES if part in lower), None)


def _of_session(connection: Connection, columns: Mapping[str, Any]) -> str | None:
    protocol = columns.get("next_protocol") or columns.get("client_protocol") or ""
    if protocol.startswith("anydesk/"):
        return "anydesk"
    own = _of_certificate(columns)
    return own or ("doh" if connection.resp_p in _RESOLVER_PORTS else None)


def learn(table: str, connection: Connection, columns: Mapping[str, Any]) -> None:
    """Add to a connection the application that a row about it tells; the name asked for counts before the certificate."""
    if table not in TELLING:
        return
    asked = columns.get("host" if table == "http" else "server_name")
    if asked:
        application = by_host(asked)
    else:
        subject = _COMMON_NAME.search(columns.get("subject") or "")
        application = by_host(subject[1]) if subject else None
    if application is None:
        application = _of_request(columns) if table == "http" else _of_session(connection, columns)
    if application is not None:
        connection.applications.add(application)
