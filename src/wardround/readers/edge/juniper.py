"""Juniper: SRX sessions (``RT_FLOW``), logons and commands of Junos; NetScreen.

Source: Juniper, *Junos OS System Log Explorer*; *ScreenOS Message Log Reference*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of, part_of

PATTERN = r"^[A-Z][A-Z0-9]+_[A-Z0-9_]+ \[junos@|\bRT_(?:FLOW|IDP|UTM|SYSTEM|SCREEN)\w*|\bUI_[A-Z_]+:|NetScreen device_id=|\bLOGIN_(?:FAILED|INFORMATION)|^(?:[A-Z][A-Z0-9]+_[A-Z0-9_]+): |\b[A-Z0-9]{3,}_[A-Z0-9_]{3,}: "

_KEYS = Vocabulary(["source-address", "source-port", "destination-address", "destination-port", "service-name", "protocol-id", "policy-name", "source-zone-name", "destination-zone-name", "username", "reason", "session-id-32", "session-id", "bytes-from-client", "bytes-from-server", "elapsed-time", "application", "nat-source-address", "nat-destination-address", "nat-destination-port", "attack-name", "url", "urlcategory-name", "threat-severity", "action", "category"])  # fmt: skip
_ACTIONS = (("CREATE|PERMITTED", "accept"), ("CLOSE", "close"), ("DENY|BLOCKED", "deny"), ("DROP", "drop"))
_PLAIN = r"(?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+)->(?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\d+)"

_KINDS = (
    Kind("RT_FLOW_SESSION_CREATE", "firewall_event", r"RT_FLOW_SESSION_CREATE\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<nat_source>[0-9A-Fa-f.:]+)/\d+->(?P<nat_destination>[0-9A-Fa-f.:]+)/(?P<nat_port>\d+).*? (?P<proto>\d{1,3}) (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+) (?P<session>\d+)", {"action": "accept"}),
    Kind("RT_FLOW_SESSION_CLOSE", "firewall_event", r"RT_FLOW_SESSION_CLOSE\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<nat_source>[0-9A-Fa-f.:]+)/\d+->(?P<nat_destination>[0-9A-Fa-f.:]+)/(?P<nat_port>\d+).*? (?P<proto>\d{1,3}) (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+) (?P<session>\d+) \d+\((?P<bytes_out>\d+)\) \d+\((?P<bytes_in>\d+)\) (?P<duration>\d+)", {"action": "close"}),
    Kind("RT_FLOW_SESSION_DENY", "firewall_event", r"RT_FLOW_SESSION_DENY\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<proto>\d{1,3})\S* (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+)", {"action": "deny"}),
    Kind("IDP_ATTACK_LOG_EVENT", "firewall_event", r"IDP_ATTACK_LOG_EVENT\w*: IDP: .*?, (?P<threat>.*?) <" + _PLAIN + r"> for (?P<proto>\S+) protocol", {"action": "alert"}),
    Kind("WEBFILTER", "firewall_event", r"WEBFILTER_URL_(?P<action>PERMITTED|BLOCKED): .*?(?P<source>[0-9A-Fa-f.:]+)\((?P<source_port>\d+)\)->(?P<destination>[0-9A-Fa-f.:]+)\((?P<destination_port>\d+)\)(?:.*?URL=(?P<url>\S+))?", {}, {"action": {"permitted": "accept", "blocked": "deny"}}),
    Kind("PFE_FW_SYSLOG", "firewall_event", r"PFE_FW_SYSLOG_\w+: FW: (?P<source_zone>\S+) +(?P<action>[A-Z]) .*?\b(?P<proto>tcp|udp|icmp) (?P<source>[0-9A-Fa-f.:]+) (?P<destination>[0-9A-Fa-f.:]+) +(?P<source_port>\d+) +(?P<destination_port>\d+)", {}, {"action": {"a": "accept", "d": "drop", "r": "deny", "*": "alert"}}),
    Kind("UI_LOGIN_EVENT", "logon", r"UI_LOGIN_EVENT: User '(?P<user>[^']*)' login(?:.*?ssh-connection '(?P<source>\S+) (?P<source_port>\d+))?", {"action": "login", "privilege": "admin"}),
    Kind("UI_LOGOUT_EVENT", "logon", r"UI_LOGOUT_EVENT: User '(?P<user>[^']*)' logout", {"action": "logout", "privilege": "admin"}),
    Kind("UI_AUTH_EVENT", "logon", r"UI_AUTH_EVENT: Authenticated user '(?P<user>[^']*)'", {"action": "login", "privilege": "admin"}),
    Kind("LOGIN_FAILED", "logon", r"LOGIN_FAILED: Login failed for user '?(?P<user>[^'\s]*)'? from host '?(?P<source>[^'\s]*)", {"action": "login_failed"}),
    Kind("LOGIN_INFORMATION", "logon", r"LOGIN_INFORMATION: User (?P<user>\S+) logged in from host (?P<source>\S+)", {"action": "login"}),
    Kind("SSHD_LOGIN_FAILED", "logon", r"SSHD_LOGIN_FAILED: Login failed for user '?(?P<user>[^'\s]*)'? from host '?(?P<source>[^'\s]*)", {"action": "login_failed", "service": "ssh"}),
    Kind("UI_CMDLINE_READ_LINE", "device_event", r"UI_CMDLINE_READ_LINE: User '(?P<user>[^']*)',? command '(?P<object>.*)'", {"category": "command", "action": "command"}),
    Kind("UI_JUNOSCRIPT_CMD", "device_event", r"UI_JUNOSCRIPT_CMD: User '(?P<user>[^']*)' used \S+ client to run command '(?P<object>.*)'", {"category": "command", "action": "command"}),
    Kind("UI_COMMIT", "device_event", r"UI_COMMIT\w*: User '(?P<user>[^']*)' (?P<message>.*)", {"category": "config", "action": "commit"}),
    Kind("UI_CFG_AUDIT", "device_event", r"UI_CFG_AUDIT_\w+: User '(?P<user>[^']*)' (?P<action>set|delete|deactivate|activate|rename|insert)\w*:? (?P<object>.*)", {"category": "config"}),
    Kind("NetScreen login", "logon", r"NetScreen device_id=(?P<device>\S+) .*?(?:ADM: )?Admin user \"?(?P<user>[^\"\s]*)\"? (?P<action>logged in|login attempt|has been rejected|logged out).*? from (?P<source>[0-9.]+)", {"privilege": "admin"}, {"action": {"logged in": "login", "logged out": "logout", "*": "login_failed"}}),
    Kind("NetScreen traffic", "firewall_event", r"NetScreen device_id=(?P<device>\S+) .*?policy_id=(?P<policy>\d+) service=(?P<application>.*?) proto=(?P<proto>\d+) src zone=(?P<source_zone>\S+) dst zone=(?P<destination_zone>\S+) action=(?P<action>\w+)(?: sent=(?P<bytes_out>\d+))?(?: rcvd=(?P<bytes_in>\d+))? src=(?P<source>[0-9A-Fa-f.:]+) dst=(?P<destination>[0-9A-Fa-f.:]+)(?: src_port=(?P<source_port>\d+) dst_port=(?P<destination_port>\d+))?", {}, {"action": {"permit": "accept", "deny": "deny", "*": "alert"}}),
    Kind("NetScreen", "device_event", r"NetScreen device_id=(?P<device>\S+) +\[[^\]]*\]system-(?P<severity>\w+)-(?P<object>\d+)(?:\([^)]*\))?: (?P<message>.*)", {"category": "system"}),
    Kind("junos", "device_event", r"\b(?P<object>[A-Z][A-Z0-9]+_[A-Z0-9_]+): (?P<message>.*)", {"category": "system"}),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Juniper messages, in words or with structured data; returns those in another form."""
    structured = chosen(
        pc.match_substring_regex(messages.text, r"(?:^[A-Z][A-Z0-9_]+ \[junos@|RT_\w+[ :]).*\bsource-address=\"")
    )
    if structured.any():
        mine = messages.take(structured)
        pairs = Pairs.of(mine, _KEYS)
        kind = part_of(mine.text, r"(?P<k>(?:RT|IDP|WEBFILTER|APPTRACK|AV|CONTENT_FILTERING|ANTISPAM|AAMW|SECINTEL)_\w+)")
        done = first_of(
            (
                ("(?i)^drop", "drop"),
                ("(?i)^clos|^reset", "reset"),
                ("(?i)^block|^deny", "deny"),
                ("(?i)^permit|^none|^no", "alert"),
            ),
            pairs.get("action"),
        )
        blocked = pc.fill_null(pc.match_substring_regex(kind, "BLOCKED"), False)
        output.write(
            "firewall_event",
            "juniper",
            mine,
            {
                "message_id": kind,
                "action": pc.coalesce(done, first_of(_ACTIONS, kind, "alert")),
                "source": pairs.get("source-address"),
                "source_port": pairs.get("source-port"),
                "source_zone": pairs.get("source-zone-name"),
                "destination": pairs.get("destination-address"),
                "destination_port": pairs.get("destination-port"),
                "destination_zone": pairs.get("destination-zone-name"),
                "nat_source": pairs.get("nat-source-address"),
                "nat_destination": pairs.get("nat-destination-address"),
                "nat_port": pairs.get("nat-destination-port"),
                "proto": pairs.get("protocol-id"),
                "application": pairs.get("application", "service-name"),
                "user": pairs.get("username"),
                "policy": pairs.get("policy-name"),
                "bytes_out": pairs.get("bytes-from-client"),
                "bytes_in": pairs.get("bytes-from-server"),
                "duration": pairs.get("elapsed-time"),
                "threat": pc.coalesce(pairs.get("attack-name"), pc.if_else(blocked, pairs.get("category"), pairs.no)),
                "url": pairs.get("url"),
                "session": pairs.get("session-id-32", "session-id"),
            },
        )
        messages = messages.take(~structured)
    return apply(_KINDS, "juniper", messages, output)
