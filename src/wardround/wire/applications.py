"""Products told by the names in a connection: what the client asked for, or whom the server's certificate is for.

The table of domains, ``applications.tsv``, is ours: the products' own published domains and public encrypted resolvers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from wardround.wire.connection import Connection

_COMMON_NAME = re.compile(r"(?:^|,)\s*CN=([^,]{1,255})", re.IGNORECASE)

#: Labels that public encrypted resolvers put first in their name: a name that begins so asks for one.
_RESOLVER_LABELS = frozenset({"doh", "dot", "doq"})

#: Ports of DNS over TLS and over QUIC (RFC 7858, RFC 9250; 784 and 8853 in its drafts).
_RESOLVER_PORTS = frozenset({784, 853, 8853})


@cache
def _domains() -> dict[str, str]:
    table = files(__package__).joinpath("applications.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines())
    return {domain: application for application, domains in rows for domain in domains.split()}


def by_host(name: str) -> str | None:
    """The application that a host name belongs to: the one of the longest domain that it ends with."""
    labels = name.lower().rstrip(".").removeprefix("*.").split(".")[-16:]
    domains = _domains()
    for start in range(len(labels) - 1):
        application = domains.get(".".join(labels[start:]))
        if application:
            return application
    return "doh" if labels[0] in _RESOLVER_LABELS and len(labels) > 2 else None


def learn(table: str, connection: Connection, columns: Mapping[str, Any]) -> None:
    """Add to a connection the application that a row about it tells; the name asked for counts before the certificate."""
    if table not in ("ssl", "quic", "http"):
        return
    asked = columns.get("host" if table == "http" else "server_name")
    subject = _COMMON_NAME.search(columns.get("subject") or "")
    application = by_host(asked) if asked else by_host(subject[1]) if subject else None
    if application is None and "anydesk" in (columns.get("subject") or "").lower():
        application = "anydesk"
    if application is None and table != "http" and connection.resp_p in _RESOLVER_PORTS:
        application = "doh"
    if application is not None:
        connection.applications.add(application)
