"""Citrix (NetScaler) ADC and Gateway.

Source: Citrix, *NetScaler Syslog Message Reference*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import ASSUMED, STATED
from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen

PATTERN = r"\b\d+-PPE-\d+ :|\bSSLVPN [A-Z_a-z]+ \d+|\bAAA(?:TM)? (?:LOGIN|Message|EXTRACTED)|shell_command=\"|^default [A-Z][A-Za-z_]+ \d+ \d+ :"
VENDOR = "citrix"

_IP = r"[0-9A-Fa-f.:]+"
#: The number of the message and of the packet engine's part of it; some logs leave the name of the feature out before.
_AT = r" \d+ \d+ : +"
_GATEWAY = r"\b(?:SSLVPN |AAATM |default )"
_WHO = r"(?:Context (?:\S+?)@(?P<context>[0-9A-Fa-f.:]+) - )?(?:SessionId: ?(?P<session>\d+) ?- )?.*?User (?P<user>\S+) - Client_ip ?\"?(?P<source>[0-9A-Fa-f.:]*)\"?"
#: Where the address of the client is left empty, what the session is known by holds it.
_CONTEXT = (
    r"Context \S+?@(?P<source>[0-9A-Fa-f.:]+) - (?:SessionId: ?(?P<session>\d+) ?- )?.*?User (?P<user>\S+) - Client_ip +- "
)
_TOTALS = r"(?:.*?Duration (?P<duration>[\d:]+))?(?:.*?Total_bytes_send (?P<bytes_out>\d+))?(?:.*?Total_bytes_recv (?P<bytes_in>\d+))?"
_PROGRAM = r"(?:.*?Browser_type \\?\"?(?P<client>[^\"]*?)\\?\"? - )?(?:.*?SSLVPN_client_type (?P<tunnel>\S+))?(?:.*?Group\(s\) \\?\"?(?P<realm>[^\"]*?)\\?\"?(?: - |$))?"
_ENDED = _TOTALS + r"(?:.*?LogoutMethod \\?\"?(?P<reason>[^\"\\]*)\\?\"?(?: - |$))?"
_COMMAND = (
    r"\b(?:(?P<service>UI|API|CLI|GUI) )?CMD_EXECUTED"
    + _AT
    + r"User (?P<user>\S+) -(?: ADM_User \S+ -)? Remote_ip (?P<source>\S+) - Command \"+"
)
_SERVICE = {"service": {"gui": "https", "api": "api", "cli": "cli"}}
_DEVICE = r"^\"?(?:(?P<device>[^\s\"]+) +)?(?:\S+ )?\d+-PPE-\d+ : "
_ENDPOINTS = r"Source +(?P<source>[0-9A-Fa-f.:x]+?)(?::(?P<source_port>\d+))? .*?- Destination (?P<destination>[0-9A-Fa-f.:x]+?)(?::(?P<destination_port>\d+))? "

_KINDS = (
    Kind("SSLVPN LOGIN", "vpn_session", _GATEWAY + "LOGIN" + _AT + _CONTEXT + _PROGRAM, {"action": "login"}),
    Kind("SSLVPN LOGIN", "vpn_session", _GATEWAY + "LOGIN" + _AT + _WHO + _PROGRAM, {"action": "login"}),
    Kind("SSLVPN LOGOUT", "vpn_session", _GATEWAY + "LOGOUT" + _AT + _CONTEXT + _ENDED, {"action": "logout"}),
    Kind("SSLVPN LOGOUT", "vpn_session", _GATEWAY + "LOGOUT" + _AT + _WHO + _ENDED, {"action": "logout"}),
    Kind("SSLVPN TCPCONN_TIMEDOUT", "vpn_session", _GATEWAY + "TCPCONN_TIMEDOUT" + _AT + _CONTEXT, {"action": "message"}),
    Kind("SSLVPN TCPCONN_TIMEDOUT", "vpn_session", _GATEWAY + "TCPCONN_TIMEDOUT" + _AT + _WHO, {"action": "message"}),
    Kind("AAA LOGIN_FAILED", "vpn_session", r"\b(?:AAA(?:TM)?|default) LOGIN_FAILED" + _AT + r"User (?P<user>.*?) - Client_ip ?(?P<source>[0-9A-Fa-f.:]*) - (?:.* - )?Failure_reason \"+(?P<reason>[^\"]*)\"", {"action": "login_failed"}),
    Kind("SSLVPN ICASTART", "vpn_session", _GATEWAY + r"(?:ICASTART|ICAEND_CONNSTAT) .*?Source +(?P<source>" + _IP + r"?):\d+ (?:.*?username:domainname (?P<user>[^:\s]+))?" + _TOTALS, {"action": "application"}),
    Kind("SSLVPN denied", "vpn_session", r"SSLVPN Message \d+ \d+ : +\"+SSLVPN Mux Authorize result is Deny, User <(?P<user>[^>]*)>, Srcip: (?P<source>[0-9A-Fa-f.:]+), Dstip: \S+, denied_by_policy: (?P<reason>[^\"\s]+)", {"action": "denied"}),
    Kind("SSLVPN denied", "vpn_session", r"SSLVPN HTTP_RESOURCEACCESS_DENIED" + _AT + r"(?:Context \S+?@(?P<source>" + _IP + r") - )?(?:SessionId: ?(?P<session>\d+) ?- )?.*?User (?P<user>\S+) - .*?Denied_by_policy \"(?P<reason>[^\"]*)\"", {"action": "denied"}),
    # The appliance writes its own logons down as commands.
    Kind("CMD_EXECUTED", "logon", _COMMAND + r"login\b.*Status \"+Success", {"action": "login", "privilege": "admin"}, _SERVICE),
    Kind("CMD_EXECUTED", "logon", _COMMAND + r"login\b.*Status \"+(?:ERROR: ?)?(?P<reason>[^\"]*)", {"action": "login_failed", "privilege": "admin"}, _SERVICE),
    Kind("CMD_EXECUTED", "logon", _COMMAND + r"logout\b.*Status \"+Success", {"action": "logout", "privilege": "admin"}, _SERVICE),
    Kind("CMD_EXECUTED", "device_event", _COMMAND + r"(?P<object>.*?)\"+ - Status \"+(?P<message>[^\"]*)", {"category": "config", "action": "command"}),
    Kind("shell_command", "device_event", r"(?P<user>\S+) on (?P<ui>\S+) shell_command=\"(?P<object>.*?)\"?$", {"category": "command", "action": "shell"}),
    Kind("TCP CONN_TERMINATE", "firewall_event", r"TCP (?:NAT_)?(?:OTHER)?CONN_(?:TERMINATE|DELINK)" + _AT + _ENDPOINTS + _TOTALS, {"action": "close", "proto": "tcp"}),
    Kind("ACL", "firewall_event", r"ACL ACL6?_PKT_LOG" + _AT + r"Source (?P<source>[0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?::(?P<source_port>\d{1,5}))? --> Destination (?P<destination>[0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(?::(?P<destination_port>\d{1,5}))? - Protocol (?P<proto>\w+) .*?(?:- Hit Rule (?P<policy>.*?) )?- Action (?P<action>\w+)", {}, {"action": {"allow": "accept", "bridge": "accept", "*": "deny"}}),
    Kind("APPFW", "firewall_event", r"APPFW APPFW_(?P<threat>\w[\w -]*?)" + _AT + r"(?P<source>[0-9A-Fa-f.:]+) .*?(?P<url>https?://\S+)?(?: <(?P<action>[^>]*)>)?$", {}, {"action": {"blocked": "deny", "*": "alert"}}),
)  # fmt: skip

_CONNECTION = _GATEWAY + r"(?P<kind>TCPCONNSTAT|UDPFLOWSTAT|NONHTTP_RESOURCEACCESS_DENIED)" + _AT + _WHO + r".*?Source (?P<from>[0-9A-Fa-f.:]+?)(?::(?P<source_port>\d+))? - Destination (?P<destination>[0-9A-Fa-f.:]+?)(?::(?P<destination_port>\d+))?(?: - |$)" + _TOTALS  # fmt: skip
_REQUEST = (
    _GATEWAY
    + r"HTTPREQUEST \d+ (?:\d+ )?: +(?:Context \S+?@(?P<client>[0-9A-Fa-f.:]+) - )?(?:SessionId: ?(?P<session>\d+) ?- )?(?:(?:\[\w+\])+ )?(?P<host>\S+) User (?P<username>\S+) : .*?(?P<method>GET|POST|PUT|HEAD|DELETE|OPTIONS|CONNECT) (?P<uri>\S+)"
)
#: A time that a relay left before the message, with the month first, or last where it cannot be a day.
_STAMP = r"\b(?P<a>\d\d)/(?P<b>\d\d)/(?P<y>\d{4}):(?P<t>\d\d:\d\d:\d\d) (?P<z>GMT )?(?:\S+ )?\d+-PPE-\d+ : "

#: How a connection ended, by kind of message; the others were closed.
_ENDS = {"nonhttp_resourceaccess_denied": "deny"}

#: Of no bearing here: the internals of single sign-on, TLS handshakes, traps, monitors.
_IGNORED = (
    Kind("citrix SSLVPN and AAA internals", None, r"(?:SSLVPN|AAA|AAATM) (?:Message|EXTRACTED_GROUPS|[A-Z_]+) \d+|nFactor"),
    Kind("citrix events of the appliance", None, r"(?:SSLLOG|SNMP|EVENT|TCP|SSL|ICA|LB|GSLB|CR|ROUTING|NS|ACL|DNS|BOT|APPFW|CONFIG|GUI|UI|CLI|API|VPN|URLFILT|CLUSTER|SUBSCRIBER|PITBOSS) [A-Za-z_]+ \d+"),
    Kind("citrix events of the appliance", None, r"(?:^|-PPE-\d+ : )(?:default )?(?:[A-Z][A-Z0-9]* )?[A-Za-z][\w -]*" + _AT),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of NetScaler messages; returns those of unknown kinds."""
    _times(messages)
    parts = pc.extract_regex(messages.text, _CONNECTION)
    flow = parts.is_valid().to_numpy(zero_copy_only=False)
    if flow.any():
        _connections(messages.take(flow), parts.filter(pa.array(flow)), output)
        messages = messages.take(~flow)
    parts = pc.extract_regex(messages.text, _REQUEST)
    web = parts.is_valid().to_numpy(zero_copy_only=False)
    if web.any():
        kept = parts.filter(pa.array(web))
        g = {kept.type.field(i).name: pc.struct_field(kept, [i]) for i in range(kept.type.num_fields)}
        mine = messages.take(web)
        values = {
            "id.orig_h": g["client"],
            "host": g["host"],
            "username": g["username"],
            "method": g["method"],
            "uri": g["uri"],
        }
        output.write("http", "", mine, values)
        seen = {"action": "request", "source": g["client"], "user": g["username"], "session": g["session"]}
        output.write("vpn_session", VENDOR, mine, {"message_id": "SSLVPN HTTPREQUEST", **seen, "device": _device(mine)})
        messages = messages.take(~web)
    return apply((*_KINDS, *_IGNORED), VENDOR, messages, output)


def _times(messages: Messages) -> None:
    """Times that stand inside messages because a relay put a header of its own before them."""
    parts = pc.extract_regex(messages.text, _STAMP)
    if parts.null_count == len(parts):
        return
    first, second, year, clock, zone = (pc.fill_null(pc.struct_field(parts, [i]), "") for i in range(5))
    swapped = pc.greater(first, "12")
    month, day = pc.if_else(swapped, second, first), pc.if_else(swapped, first, second)
    value, good, _ = cells.times(cells.iso_date(day, month, year, clock), pa.nulls(len(messages), pa.string()))
    messages.ts[good] = value[good]
    stated = pc.not_equal(zone, "").to_numpy(zero_copy_only=False)
    messages.zone[good] = np.where(stated, STATED, ASSUMED)[good]


def _device(messages: Messages) -> pa.Array:
    parts = pc.extract_regex(messages.text, _DEVICE)
    return pc.struct_field(parts, [0])


def _connections(messages: Messages, parts: pa.StructArray, output: Output) -> None:
    """Connections through the tunnel: a row as of a firewall, and who used the session from which address."""
    g = {parts.type.field(i).name: pc.struct_field(parts, [i]) for i in range(parts.type.num_fields)}
    flow = {
        name: g[name]
        for name in ("source_port", "destination", "destination_port", "duration", "bytes_in", "bytes_out", "user", "session")
    }
    device = _device(messages)
    output.write(
        "firewall_event",
        VENDOR,
        messages,
        flow
        | {"source": g["from"], "action": cells.mapped(g["kind"], _ENDS, "close"), "message_id": "SSLVPN", "device": device},
    )
    filled = chosen(pc.not_equal(g["source"], ""))
    source = pc.if_else(pa.array(filled), g["source"], pc.if_else(pc.not_equal(g["context"], ""), g["context"], g["from"]))
    # Source is the address that uses the session now: another than the one that logged on is a stolen session.
    seen = {"action": "connection", "user": g["user"], "session": g["session"], "device": device}
    output.write(
        "vpn_session",
        VENDOR,
        messages,
        seen | {"source": pc.if_else(pc.not_equal(g["from"], ""), g["from"], source), "message_id": "SSLVPN TCPCONNSTAT"},
    )
