"""pfSense and OPNsense: the packet filter (``filterlog``) and the web console.

Source: Netgate, *Raw Filter Log Format*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import first_of, listed

TAGS = ("filterlog", "php-fpm", "php", "lighttpd", "audit", "configd.py", "openvpn-auth", "sshguard")
VENDOR = "pfsense"

_ACTIONS = (("^pass", "accept"), ("^block", "drop"), ("^reject", "deny"), ("^nat|^rdr|^binat", "accept"))

_CONSOLE = (
    Kind("webConfigurator login", "logon", r"webConfigurator authentication error for (?:user )?'?(?P<user>.*?)'? from:? (?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f])", {"action": "login_failed", "service": "https", "privilege": "admin"}),
    Kind("webConfigurator login", "logon", r"Successful login for user '(?P<user>[^']*)' from:? (?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f])", {"action": "login", "service": "https", "privilege": "admin"}),
    Kind("webConfigurator login", "logon", r"User logged out for user '(?P<user>[^']*)' from:? (?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f])", {"action": "logout", "service": "https", "privilege": "admin"}),
    Kind("Web GUI login", "logon", r"Web GUI authentication error for '?(?P<user>.*?)'? from '?(?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f])", {"action": "login_failed", "service": "https", "privilege": "admin"}),
    Kind("login", "logon", r"[Uu]ser '?(?P<user>\S+?)'? (?:successfully )?authenticated(?: successfully)? for WebGui\b(?:.*? from:? (?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f]))?", {"action": "login", "service": "https", "privilege": "admin"}),
    Kind("login", "logon", r"[Uu]ser '?(?P<user>\S+?)'? could not authenticate for WebGui\b(?:.*? from:? (?P<source>[0-9A-Fa-f.:]*[0-9A-Fa-f]))?", {"action": "login_failed", "service": "https", "privilege": "admin"}),
    Kind("configuration", "device_event", r"(?:Configuration Change: |/\S+\.php: )(?P<user>[^@\s]+)@(?P<source>[0-9A-Fa-f.:]+)(?: \([^)]*\))?: (?P<message>.*)", {"category": "config", "action": "edit"}),
    Kind("openvpn user", "vpn_session", r"user '?(?P<user>[^']*?)'? authenticated", {"action": "authenticated"}),
    Kind("openvpn user", "vpn_session", r"user '?(?P<user>[^']*?)'? could not authenticate", {"action": "login_failed"}),
    Kind("pfsense console", None, r".*"),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of the packet filter and the console; returns none of its programs' messages."""
    filtered = chosen(pc.equal(messages.tag, "filterlog"))
    if filtered.any():
        _filter(messages.take(filtered), output)
    return apply(_CONSOLE, VENDOR, messages.take(~filtered), output)


def _filter(messages: Messages, output: Output) -> None:
    values = listed(messages, 22)
    version = pc.fill_null(values[8], "")
    common = {"policy": pc.coalesce(values[3], values[0]), "source_zone": values[4], "message_id": "filterlog"}
    for number, proto, source in (("4", 16, 18), ("6", 12, 15)):
        mask = chosen(pc.equal(version, number))
        flags = pa.array(mask)
        columns: dict[str, pa.Array | str | None] = {
            name: value.filter(flags) if isinstance(value, pa.Array) else value for name, value in common.items()
        }
        v = [value.filter(flags) for value in values]
        ported = pc.is_in(pc.utf8_lower(pc.fill_null(v[proto], "")), pa.array(["tcp", "udp", "sctp"]))
        nothing = pa.nulls(len(v[0]), pa.string())
        columns |= {
            "action": first_of(_ACTIONS, pc.fill_null(v[6], ""), "alert"),
            "proto": v[proto],
            "source": v[source],
            "destination": v[source + 1],
            "source_port": pc.if_else(ported, v[source + 2], nothing),
            "destination_port": pc.if_else(ported, v[source + 3], nothing),
        }
        output.write("firewall_event", VENDOR, messages.take(mask), columns)
    odd = messages.take(~chosen(pc.is_in(version, pa.array(["4", "6"]))))
    if len(odd):
        output.miss(pa.array(np.full(len(odd), "filterlog, other version"), pa.string()), odd)
