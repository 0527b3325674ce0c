"""Sophos Firewall (SFOS, XG) and Sophos UTM.

Source: Sophos, *Sophos Firewall: Syslog Guide*; *UTM Log File Guide*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of, offset_of

PATTERN = r"log_type=\"|^(?:\S+ ){0,4}id=\"\d{4}\" (?:severity|srcip)="
VENDOR = "sophos"

_KEYS = Vocabulary(
    [
        "date",
        "time",
        "timezone",
        "timestamp",
        "device_name",
        "device_serial_id",
        "device_id",
        "device_model",
        "log_id",
        "id",
        "log_type",
        "log_component",
        "log_subtype",
        "status",
        "priority",
        "severity",
        "user_name",
        "user",
        "username",
        "usergroupname",
        "user_gp",
        "src_ip",
        "srcip",
        "dst_ip",
        "dstip",
        "src_port",
        "srcport",
        "dst_port",
        "dstport",
        "protocol",
        "proto",
        "in_interface",
        "initf",
        "src_zone",
        "srczone",
        "srczonetype",
        "src_zone_type",
        "out_interface",
        "outitf",
        "dst_zone",
        "dstzone",
        "dstzonetype",
        "dst_zone_type",
        "fw_rule_id",
        "fw_rule_name",
        "fwrule",
        "application",
        "app_name",
        "sent_bytes",
        "recv_bytes",
        "bytes_sent",
        "bytes_received",
        "duration",
        "url",
        "domain",
        "sni",
        "tran_src_ip",
        "src_trans_ip",
        "tran_dst_ip",
        "dst_trans_ip",
        "tran_dst_port",
        "dst_trans_port",
        "con_id",
        "connid",
        "message",
        "reason",
        "client_used",
        "auth_client",
        "auth_mechanism",
        "name",
        "action",
        "sub",
        "ipaddress",
        "remote_ip",
        "remotenetwork",
        "src_country",
        "src_country_code",
        "sendbyte",
        "receivedbyte",
        "connectionname",
        "connectiontype",
        "signature_msg",
        "virus",
        "connevent",
        "sourceip",
        "destinationip",
        "spamaction",
        "threatname",
        "category",
        "starttime",
        "virtual_ip",
        "assigned_ip",
        "mode",
        "srcuser",
        "caller",
        "event",
    ]
)

_ACTIONS = (
    (r"(?i)den|reject|block|invalid|violat", "deny"),
    (r"(?i)drop", "drop"),
    (r"(?i)allow|accept|pass|clean|request", "accept"),
)


_CHANGED = r"(?i) (?:was|were|has been|have been) \w+ by '"
#: Of what went well the message tells nothing that the action does not.
_WENT_WELL = pa.array(["login", "tunnel_up"])


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Sophos messages; returns none."""
    pairs = Pairs.of(messages, _KEYS)
    joined = pc.binary_join_element_wise(pairs.get("date"), pairs.get("time"), " ")
    stamp = pc.coalesce(joined, pairs.get("timestamp"))
    # The zone stands in a field of its own (+08, +0100, CET) or behind the clock.
    day_and_clock(messages, stamp, pc.coalesce(offset_of(stamp), pairs.get("timezone")))
    kind = pc.fill_null(pairs.get("log_type", "sub"), "")
    component = pc.fill_null(pairs.get("log_component"), "")
    text = pc.fill_null(pairs.get("message", "name"), "")
    everything = pc.binary_join_element_wise(kind, component, text, " ")
    event = own = pc.match_substring_regex(kind, r"(?i)^event|^auth|^confd|^openvpn|^ipsec")
    # What an administrator changed is named in the message, be it a VPN or a server for logons.
    event = pc.and_(event, pc.invert(pc.match_substring_regex(text, _CHANGED)))
    vpn = chosen(pc.and_(event, pc.match_substring_regex(everything, r"(?i)ssl ?vpn|ipsec|l2tp|pptp|vpn |remote access")))
    _sessions(pairs.take(vpn), output)
    logon = (
        chosen(pc.and_(event, pc.match_substring_regex(everything, r"(?i)authentication|log(?:ged)? ?(?:in|out|off|on)")))
        & ~vpn
    )
    _logons(pairs.take(logon), output)
    flows = chosen(pc.and_(pc.is_valid(pairs.get("src_ip", "srcip", "sourceip")), pc.invert(own))) & ~vpn & ~logon
    _flows(pairs.take(flows), output)
    rest = pairs.take(~vpn & ~logon & ~flows)
    output.write(
        "device_event",
        VENDOR,
        rest.messages,
        _common(rest)
        | {
            "category": first_of(
                ((r"(?i)admin|gui|cli|config", "config"),), pc.fill_null(rest.get("log_component"), ""), "system"
            ),
            "severity": rest.get("priority", "severity"),
            "user": rest.get("user_name", "user", "username", "srcuser"),
            "source": rest.get("src_ip", "srcip", "ipaddress"),
            "action": rest.get("log_subtype", "action"),
            "message": rest.get("message", "name"),
        },
    )
    return messages.take(chosen(pa.array([False] * len(messages))))


def _common(pairs: Pairs) -> dict[str, pa.Array | str | None]:
    return {"device": pairs.get("device_name", "device_serial_id", "device_id"), "message_id": pairs.get("log_id", "id")}


def _said(pairs: Pairs) -> pa.Array:
    parts = (pairs.get("status", "action"), pairs.get("log_subtype"), pairs.get("message", "name", "event"))
    return pc.binary_join_element_wise(*(pc.fill_null(part, "") for part in parts), " ")


def _sessions(pairs: Pairs, output: Output) -> None:
    said = _said(pairs)
    cases = (
        (r"(?i)fail|denied|wrong|reject", "login_failed"),
        (r"(?i)authenticat|logged in|login", "login"),
        (r"(?i)disconnect|terminat|logged out|logout|deleted|down", "tunnel_down"),
        (r"(?i)establish|connected|created|assigned|up\b|started", "tunnel_up"),
    )
    action = first_of(cases, said, "message")
    # A tunnel's ipaddress is the one it was given; a logon's is where it came from.
    leased = pc.is_in(action, pa.array(["tunnel_up", "tunnel_down"]))
    output.write(
        "vpn_session",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "user": pairs.get("user_name", "user", "username", "srcuser"),
            "realm": pairs.get("usergroupname", "user_gp", "connectionname"),
            "source": pc.coalesce(
                pairs.get("src_ip", "srcip", "remote_ip"),
                pc.if_else(leased, pairs.no, pairs.get("ipaddress")),
                pairs.get("caller"),
            ),
            "source_country": pairs.get("src_country", "src_country_code"),
            "assigned_address": pc.coalesce(
                pairs.get("assigned_ip", "virtual_ip"), pc.if_else(leased, pairs.get("ipaddress"), pairs.no)
            ),
            "client": pairs.get("client_used"),
            "authentication": pairs.get("auth_mechanism", "auth_client"),
            "reason": pc.coalesce(
                pairs.get("reason"), pc.if_else(pc.is_in(action, _WENT_WELL), pairs.no, pairs.get("message"))
            ),
            "tunnel": first_of(((r"(?i)ssl", "ssl"), (r"(?i)ipsec|l2tp", "ipsec"), (r"(?i)pptp", "pptp")), _kind(pairs)),
            "bytes_in": pairs.get("receivedbyte", "bytes_received", "recv_bytes"),
            "bytes_out": pairs.get("sendbyte", "bytes_sent", "sent_bytes"),
            "duration": pairs.get("duration"),
        },
    )


def _kind(pairs: Pairs) -> pa.Array:
    return pc.binary_join_element_wise(
        pc.fill_null(pairs.get("log_component"), ""), pc.fill_null(pairs.get("connectiontype", "message"), ""), " "
    )


def _logons(pairs: Pairs, output: Output) -> None:
    said = _said(pairs)
    cases = (
        (r"(?i)logged (?:out|off)|logout|logoff", "logout"),
        (r"(?i)fail|denied|wrong|reject|unsuccess", "login_failed"),
        (r"(?i)succe|logged in|login|authenticated", "login"),
    )
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": first_of(cases, said, "login"),
            "user": pairs.get("user_name", "user", "username", "srcuser"),
            "source": pairs.get("src_ip", "srcip", "ipaddress", "caller"),
            "service": pairs.get("log_component", "auth_client"),
            "authentication": pairs.get("auth_mechanism"),
            "privilege": first_of(((r"(?i)gui|cli|admin|console|webadmin", "admin"),), _kind(pairs), "user"),
            "reason": pairs.get("reason"),
        },
    )


def _flows(pairs: Pairs, output: Output) -> None:
    kind = pc.fill_null(pairs.get("log_type", "sub"), "")
    said = pc.binary_join_element_wise(
        *(pc.fill_null(pairs.get(key), "") for key in ("status", "action", "log_subtype", "spamaction")), " "
    )  # fmt: skip
    action = first_of(_ACTIONS, said, "alert")
    ended = pc.and_(pc.equal(action, "accept"), pc.fill_null(pc.equal(pairs.get("connevent"), "Stop"), False))
    action = pc.if_else(ended, "close", action)
    named = pc.if_else(
        pc.match_substring_regex(kind, r"(?i)idp|ips|virus|atp|waf|sandbox"), pairs.get("signature_msg", "virus", "threatname", "message"), pairs.no
    )  # fmt: skip
    refused = pc.and_(
        pc.match_substring_regex(kind, r"(?i)^content filter"), pc.invert(pc.is_in(action, pa.array(["accept", "close"])))
    )
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "source": pairs.get("src_ip", "srcip", "sourceip"),
            "source_port": pairs.get("src_port", "srcport"),
            "source_zone": pairs.get("srczone", "src_zone", "in_interface", "initf"),
            "source_role": pc.utf8_lower(pairs.get("srczonetype", "src_zone_type")),
            "destination": pairs.get("dst_ip", "dstip", "destinationip"),
            "destination_port": pairs.get("dst_port", "dstport"),
            "destination_zone": pairs.get("dstzone", "dst_zone", "out_interface", "outitf"),
            "destination_role": pc.utf8_lower(pairs.get("dstzonetype", "dst_zone_type")),
            "nat_source": pairs.get("tran_src_ip", "src_trans_ip"),
            "nat_destination": pairs.get("tran_dst_ip", "dst_trans_ip"),
            "nat_port": pairs.get("tran_dst_port", "dst_trans_port"),
            "proto": pairs.get("protocol", "proto"),
            "application": pairs.get("application", "app_name"),
            "user": pairs.get("user_name", "user", "username"),
            "policy": pairs.get("fw_rule_name", "fw_rule_id", "fwrule"),
            "bytes_out": pairs.get("sent_bytes", "bytes_sent"),
            "bytes_in": pairs.get("recv_bytes", "bytes_received"),
            "duration": pairs.get("duration"),
            "threat": pc.if_else(refused, pairs.get("category"), named),
            "url": pairs.get("url", "domain", "sni"),
            "session": pairs.get("con_id", "connid"),
        },
    )
