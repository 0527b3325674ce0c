"""Juniper: SRX sessions (``RT_FLOW``), logons and commands of Junos; NetScreen.

Source: Juniper, *Junos OS System Log Explorer*; *ScreenOS Message Log Reference*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of, part_of

PATTERN = r"^(?:IKE|IPSec) negotiation (?:failed|success)|^FW: \S+ +[ADR] |^[A-Z][A-Z0-9]+_[A-Z0-9_]+ \[junos@|\bRT_(?:FLOW|IDP|UTM|SYSTEM|SCREEN)\w*|\bUI_[A-Z_]+:|NetScreen device_id=|\bLOGIN_(?:FAILED|INFORMATION)|^(?:[A-Z][A-Z0-9]+_[A-Z0-9_]+): |\b[A-Z0-9]{3,}_[A-Z0-9_]{3,}: "

_KEYS = Vocabulary(["remote-address", "local-address", "message", "command", "pathname", "data", "value", "local-peer", "hostname", "ssh-connection", "client-mode", "user-type", "comment", "vpn-name", "source-address", "source-port", "destination-address", "destination-port", "service-name", "protocol-id", "policy-name", "source-zone-name", "destination-zone-name", "username", "reason", "session-id-32", "session-id", "bytes-from-client", "bytes-from-server", "elapsed-time", "application", "nat-source-address", "nat-destination-address", "nat-destination-port", "attack-name", "url", "urlcategory-name", "threat-severity", "action", "category"])  # fmt: skip
_ACTIONS = (("CREATE|PERMITTED|UPDATE", "accept"), ("CLOSE", "close"), ("DENY|BLOCKED", "deny"), ("DROP", "drop"))
_PLAIN = r"(?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+)->(?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\d+)"

#: Commands that change the configuration; ``set cli`` is about the session only.
_CHANGES = r"(?:set (?:[abd-z]|c[a-km-z]|cl[a-hj-z])|(?:delete|activate|deactivate|rename|replace|insert|copy|load|load-configuration|rollback) )"
_TYPED = r"UI_CMDLINE_READ_LINE: User '(?P<user>[^']*)',? command '"
_SENT = r"UI_(?:JUNOSCRIPT|NETCONF)_CMD: User '(?P<user>[^']*)' used \S+ client to run command '"

_KINDS = (
    Kind("RT_FLOW_SESSION_CREATE", "firewall_event", r"RT_FLOW_SESSION_CREATE\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<nat_source>[0-9A-Fa-f.:]+)/\d+->(?P<nat_destination>[0-9A-Fa-f.:]+)/(?P<nat_port>\d+).*? (?P<proto>\d{1,3}) (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+) (?P<session>\d+)", {"action": "accept"}),
    Kind("RT_FLOW_SESSION_CLOSE", "firewall_event", r"RT_FLOW_SESSION_CLOSE\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<nat_source>[0-9A-Fa-f.:]+)/\d+->(?P<nat_destination>[0-9A-Fa-f.:]+)/(?P<nat_port>\d+).*? (?P<proto>\d{1,3}) (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+) (?P<session>\d+) \d+\((?P<bytes_out>\d+)\) \d+\((?P<bytes_in>\d+)\) (?P<duration>\d+)", {"action": "close"}),
    Kind("RT_FLOW_SESSION_DENY", "firewall_event", r"RT_FLOW_SESSION_DENY\w*: .*?" + _PLAIN + r"(?: 0x\w+)? (?P<application>\S+) (?P<proto>\d{1,3})\S* (?P<policy>\S+) (?P<source_zone>\S+) (?P<destination_zone>\S+)", {"action": "deny"}),
    Kind("IDP_ATTACK_LOG_EVENT", "firewall_event", r"IDP_ATTACK_LOG_EVENT\w*: IDP: .*?, (?P<threat>.*?) <" + _PLAIN + r"> for (?P<proto>\S+) protocol", {"action": "alert"}),
    Kind("WEBFILTER", "firewall_event", r"WEBFILTER_URL_(?P<action>PERMITTED|BLOCKED): .*?(?P<source>[0-9A-Fa-f.:]+)\((?P<source_port>\d+)\)->(?P<destination>[0-9A-Fa-f.:]+)\((?P<destination_port>\d+)\)(?:.*?URL=(?P<url>\S+))?", {}, {"action": {"permitted": "accept", "blocked": "deny"}}),
    Kind("IKE", "vpn_session", r"^(?:IKE|IPSec) negotiation (?P<outcome>failed|success\w*)(?: \w+)?(?: with error: (?P<reason>[^.]*))?\. .*?(?:VPN: (?P<realm>\S+) .*?)?Remote: (?P<source>[0-9A-Fa-f.:]+)/\d+", {"action": "negotiation", "tunnel": "ipsec"}, {"outcome": {"failed": "failure", "*": "success"}}),
    Kind("PFE_FW_SYSLOG", "firewall_event", r"(?:^|PFE_FW_SYSLOG_\w+: )FW: (?P<source_zone>\S+) +(?P<action>[A-Z]) .*?\b(?P<proto>\w+) (?P<source>[0-9A-Fa-f.:]+) (?P<destination>[0-9A-Fa-f.:]+) +(?P<source_port>\d+) +(?P<destination_port>\d+)", {}, {"action": {"a": "accept", "d": "drop", "r": "deny", "*": "alert"}}),
    Kind("UI_LOGIN_EVENT", "logon", r"UI_LOGIN_EVENT: User '(?P<user>[^']*)' login(?:.*?ssh-connection '(?P<source>\S+) (?P<source_port>\d+))?", {"action": "login", "privilege": "admin"}),
    Kind("UI_LOGOUT_EVENT", "logon", r"UI_LOGOUT_EVENT: User '(?P<user>[^']*)' logout", {"action": "logout", "privilege": "admin"}),
    Kind("UI_AUTH_EVENT", "logon", r"UI_AUTH_EVENT: Authenticated user '(?P<user>[^']*)'", {"action": "login", "privilege": "admin"}),
    Kind("LOGIN_FAILED", "logon", r"LOGIN_FAILED: Login failed for user '?(?P<user>[^'\s]*)'? from host '?(?P<source>[^'\s]*)", {"action": "login_failed"}),
    Kind("LOGIN_INFORMATION", "logon", r"LOGIN_INFORMATION: User (?P<user>\S+) logged in from host (?P<source>\S+)", {"action": "login"}),
    Kind("SSHD_LOGIN_FAILED", "logon", r"SSHD_LOGIN_FAILED: Login failed for user '?(?P<user>[^'\s]*)'? from host '?(?P<source>[^'\s]*)", {"action": "login_failed", "service": "ssh"}),
    Kind("UI_CMDLINE_READ_LINE", "device_event", _TYPED + r"(?P<object>" + _CHANGES + r".*)'", {"category": "config", "action": "command"}),
    Kind("UI_CMDLINE_READ_LINE", "device_event", _TYPED + r"(?P<object>.*)'", {"category": "command", "action": "command"}),
    Kind("UI_JUNOSCRIPT_CMD", "device_event", _SENT + r"(?P<object>" + _CHANGES + r".*)'", {"category": "config", "action": "command"}),
    Kind("UI_JUNOSCRIPT_CMD", "device_event", _SENT + r"(?P<object>.*)'", {"category": "command", "action": "command"}),
    Kind("UI_COMMIT", "device_event", r"UI_COMMIT\w*: User '(?P<user>[^']*)' (?P<message>.*)", {"category": "config", "action": "commit"}),
    Kind("UI_CFG_AUDIT", "device_event", r"UI_CFG_AUDIT_\w+: User '(?P<user>[^']*)' (?P<action>set|delete|deactivate|activate|rename|insert)\w*:? (?P<object>.*)", {"category": "config"}),
    Kind("NetScreen login", "logon", r"NetScreen device_id=(?P<device>\S+) .*?(?:ADM: )?Admin user \"?(?P<user>[^\"\s]*)\"? (?P<action>logged in|login attempt|has been rejected|logged out).*? from (?P<source>[0-9.]+)", {"privilege": "admin"}, {"action": {"logged in": "login", "logged out": "logout", "*": "login_failed"}}),
    Kind("NetScreen traffic", "firewall_event", r"NetScreen device_id=(?P<device>\S+) .*?policy_id=(?P<policy>\d+) service=(?P<application>.*?) proto=(?P<proto>\d+) src zone=(?P<source_zone>\S+) dst zone=(?P<destination_zone>\S+) action=(?P<action>\w+)(?: sent=(?P<bytes_out>\d+))?(?: rcvd=(?P<bytes_in>\d+))? src=(?P<source>[0-9A-Fa-f.:]+) dst=(?P<destination>[0-9A-Fa-f.:]+)(?: src_port=(?P<source_port>\d+) dst_port=(?P<destination_port>\d+))?", {}, {"action": {"permit": "accept", "deny": "deny", "*": "alert"}}),
    Kind("NetScreen", "device_event", r"NetScreen device_id=(?P<device>\S+) +\[[^\]]*\]system-(?P<severity>\w+)-(?P<object>\d+)(?:\([^)]*\))?: (?P<message>.*)", {"category": "system"}),
    Kind("junos", "device_event", r"\b(?P<object>[A-Z][A-Z0-9]+_[A-Z0-9_]+): (?P<message>.*)", {"category": "system"}),
)  # fmt: skip


#: Kinds with structured data that are about people, as logons.
_PEOPLE = (
    (r"^(?:SSHD_|LOGIN_)\w*FAIL|^SNMPD_AUTH_FAILURE|^DOT1XD_AUTH_SESSION_FAIL|^DOT1XD\w*(?:FAILED|REJECT)", "login_failed"),
    (r"^UI_LOGOUT_EVENT|^DOT1XD_USR_LOGGED_?OUT|^DOT1XD_AUTH_SESSION_DELETED", "logout"),
    (r"^UI_(?:LOGIN|AUTH)_EVENT|^LOGIN_(?:INFORMATION|ROOT)|^DOT1XD_USR_AUTHENTICATED|^WEB_AUTH_SUCCESS", "login"),
)
#: What an administrator did.
_DONE = (
    (r"^UI_COMMIT", "commit"),
    (r"^UI_(?:CMDLINE_READ_LINE|JUNOSCRIPT_CMD|NETCONF_CMD)", "command"),
    (r"^UI_CFG_AUDIT_SET", "set"),
    (r"^UI_CFG_AUDIT", "change"),
)
#: Connections and what inspections found in them.
_FLOWS = r"^(?:RT_|FLOW_|IDP_|WEBFILTER_|APPTRACK_|APPQOS_|AV_|CONTENT_FILTERING_|ANTISPAM_|AAMW_|SECINTEL_|PFE_FW_|WEB_FILTER)"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Juniper messages, in words or with structured data; returns those in another form."""
    messages = _relayed(messages)
    kind = part_of(messages.text, r"^(?P<k>[A-Z][A-Z0-9]*_[A-Z0-9_]+) \[junos@")
    flows = pc.and_(
        pc.match_substring_regex(messages.text, r"(?:^[A-Z][A-Z0-9_]+ \[junos@|RT_\w+[ :]).*\bsource-address=\""),
        pc.fill_null(pc.match_substring_regex(kind, _FLOWS), True),
    )
    named = chosen(pc.and_(pc.is_valid(kind), pc.invert(flows)))
    if named.any():
        _named(messages.take(named), kind.filter(pa.array(named)), output)
        messages, flows = messages.take(~named), flows.filter(pa.array(~named))
    structured = chosen(flows)
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


def _relayed(messages: Messages) -> Messages:
    """Messages without a header of the device that a relay left in the text: time, host, program, process, kind."""
    header = (
        r"^(?P<t>\d{4}-\d\d-\d\dT[\d:]+(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) \S+ \S+ \S+ (?P<k>[A-Z][A-Z0-9]*_[A-Z0-9_]+ \[junos@.*)$"
    )
    parts = pc.extract_regex(messages.text, header)
    if parts.null_count == len(parts):
        return messages
    stamp = pc.struct_field(parts, [0])
    offset = part_of(stamp, r"(?P<o>[+-]\d\d:\d\d)$")
    day_and_clock(messages, stamp, offset)
    return messages.saying(pc.coalesce(pc.struct_field(parts, [1]), messages.text))


def _named(messages: Messages, kind: pa.Array, output: Output) -> None:
    """Write rows of messages with structured data that are about people, tunnels or the device itself."""
    pairs = Pairs.of(messages, _KEYS)
    common: dict[str, pa.Array | str | None] = {"message_id": kind, "user": pairs.get("username")}
    action = first_of(_PEOPLE, kind)
    people = chosen(pc.is_valid(action))
    tunnel = chosen(pc.match_substring_regex(kind, r"^KMD_|^IKED_"))
    up = first_of(((r"_ESTABLISHED|_UP", "tunnel_up"), (r"_DOWN|_DELETED", "tunnel_down")), kind, "negotiation")
    changed = first_of(
        ((r"^UI_\w*CMD\w* " + _CHANGES, "config"),), pc.binary_join_element_wise(kind, pairs.get("command"), " ")
    )
    place = part_of(pairs.get("ssh-connection"), r"^(?P<a>\S+)")
    service = (("^SSHD_", "ssh"), ("^SNMPD_", "snmp"), ("^DOT1XD_", "802.1x"))
    every: tuple[tuple[str, object, dict[str, pa.Array | str | None]], ...] = (
        (
            "logon",
            people,
            {
                "action": action,
                "source": pc.coalesce(pairs.get("source-address"), place, pairs.get("hostname")),
                "service": pc.coalesce(first_of(service, kind), pairs.get("client-mode")),
                "privilege": first_of((("^UI_", "admin"),), kind),
                "reason": pc.if_else(pc.equal(action, "login_failed"), pairs.get("message", "reason"), pairs.no),
            },
        ),
        ("vpn_session", tunnel & ~people, {"action": up, "source": pairs.get("remote-address"), "tunnel": "ipsec"}),
        (
            "device_event",
            ~tunnel & ~people,
            {
                "category": pc.coalesce(
                    changed, first_of(((r"^UI_C(?:OMMIT|FG)", "config"), (r"^UI_\w*CMD", "command")), kind, "system")
                ),
                "action": first_of(_DONE, kind),
                "object": pc.coalesce(pairs.get("command", "pathname"), kind),
                "message": pairs.get("message", "value", "data", "comment"),
            },
        ),
    )
    for table, mask, columns in every:
        mine = pa.array(mask)
        kept = {
            name: value if value is None or isinstance(value, str) else value.filter(mine)
            for name, value in (common | columns).items()
        }
        output.write(table, "juniper", messages.take(chosen(mine)), kept)
