"""MikroTik RouterOS (topics such as ``system,error,critical`` before the message).

Source: MikroTik, *RouterOS Log*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from wardround.readers.syslog_messages import Kind, Messages, Output, apply

PATTERN = r"^in:\S+ out:|^(?:[a-z0-9-]+,)+[a-z0-9!-]+ |^(?:input|forward|output|prerouting|\S+ (?:input|forward)): in:|^(?:[\w-]+ )?(?:input|forward|output): in:\S+ out:"
_IP = r"\[?(?P<{0}>[0-9A-Fa-f.]+|[0-9A-Fa-f:]+)\]?:(?P<{0}_port>\d+)"

_KINDS = (
    Kind("login", "logon", r"login failure for user (?P<user>.*?)(?: from (?P<source>\S+))? via (?P<service>\S+)", {"action": "login_failed", "privilege": "admin"}),
    Kind("login", "logon", r"user (?P<user>.*?) logged in(?: from (?P<source>\S+))? via (?P<service>\S+)", {"action": "login", "privilege": "admin"}),
    Kind("login", "logon", r"user (?P<user>.*?) logged out(?: from (?P<source>\S+))? via (?P<service>\S+)", {"action": "logout", "privilege": "admin"}),
    Kind("ppp", "vpn_session", r"^(?:[a-z0-9!-]+,)*(?:ppp|l2tp|pptp|sstp|ovpn)\S* .*?<(?P<tunnel>[a-z0-9]+)-(?P<user>[^>]*)>: (?:authenticated|connected)", {"action": "login"}),
    Kind("ppp", "vpn_session", r"(?:l2tp|pptp|sstp|ovpn|ppp)\S*,.*?(?P<user>\S+) logged in, (?P<assigned_address>[0-9.]+)(?: from (?P<source>[0-9.]+))?", {"action": "tunnel_up"}),
    Kind("ppp", "vpn_session", r"(?:l2tp|pptp|sstp|ovpn|ppp)\S*,.*?(?P<user>\S+) logged out, (?P<duration>\d+) (?P<bytes_in>\d+) (?P<bytes_out>\d+)(?:.*? from (?P<source>[0-9A-Fa-f.:]+))?", {"action": "tunnel_down"}),
    Kind("ppp", "vpn_session", r"(?:l2tp|pptp|sstp|ovpn|ppp)\S* .*?<(?P<tunnel>[a-z0-9]+)-(?P<user>[^>]*)>: (?:user \S+ )?(?P<reason>authentication failed.*)", {"action": "login_failed"}),
    Kind("ppp", "vpn_session", r"^(?:[a-z0-9!-]+,)*(?:ppp|l2tp|pptp|sstp|ovpn)\S* <[^>]*>: user (?P<user>.*?) (?P<reason>authentication failed.*)", {"action": "login_failed"}),
    Kind("lease", "dhcp", r"^dhcp,info \S+ assigned (?P<assigned_addr>[0-9.]+) (?:for|to) (?P<mac>[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5})(?: (?P<host_name>\S+))?$"),
    Kind("firewall", "firewall_event", r"(?:^|^(?:[a-z0-9!-]+,)*[a-z0-9!-]+ |^)(?:(?P<policy>[\w-]+) )?(?:(?:input|forward|output|prerouting): )?in:(?P<source_zone>.*?) out:(?P<destination_zone>.*?), .*?proto (?P<proto>[A-Za-z0-9-]+)(?: \([^)]*\))?, " + _IP.format("source") + "->" + _IP.format("destination"), {"action": "alert"}),
    Kind("firewall", "firewall_event", r"(?:^|^(?:[a-z0-9!-]+,)*[a-z0-9!-]+ |^)(?:(?P<policy>[\w-]+) )?(?:(?:input|forward|output|prerouting): )?in:(?P<source_zone>.*?) out:(?P<destination_zone>.*?), .*?proto (?P<proto>[A-Za-z0-9-]+)(?: \([^)]*\))?, (?P<source>[0-9A-Fa-f.:]+)->(?P<destination>[0-9A-Fa-f.:]+)", {"action": "alert"}),
    Kind("configuration", "device_event", r"^system,info(?:,\S+)? (?P<message>.*?(?:added|changed|removed|moved) by (?P<user>\S+).*)", {"category": "config", "action": "edit"}),
    Kind("other", "device_event", r"^(?P<category>[a-z0-9!-]+),(?:[a-z0-9!-]+,)*(?P<severity>[a-z0-9!-]+) (?P<message>.*)", {}),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of RouterOS messages; returns those in another form."""
    return apply(_KINDS, "mikrotik", messages, output)
