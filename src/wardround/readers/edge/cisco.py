"""Cisco: ASA and Firepower (``%ASA-6-113039:``, ``%FTD-…``) and IOS, IOS XE, NX-OS (``%SYS-5-CONFIG_I:``).

Source: Cisco, *Secure Firewall ASA Series Syslog Messages*; *Cisco IOS System Message Guide*; *Firepower Threat Defense
Syslog Messages* (430001 to 430005).
"""

# Patterns and sample lines are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import NO_TIME, UTC
from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary

_HEAD = r"%(?:ASA|FTD|PIX|FWSM|NGIPS)-(?:[\w.]+-)*[0-7]-"
_END = r"(?:\s|,|$|\(|\))"
_WHO = r"Group <?(?P<realm>[^>]*?)>?,? User(?: <?(?P<user>[^>]*?)>?)?,? IP <?(?P<source>[0-9A-Fa-f.:]+)>?"
#: An address, or the name that the configuration gives to it.
_SRC = r"(?P<source_zone>[^:\s]+):(?P<source>[^\s/()]+)/(?P<source_port>\d+)(?:\s*\([^)]*\))*"
_DST = r"(?P<destination_zone>[^:\s]+):(?P<destination>[^\s/()]+)/(?P<destination_port>\d+)(?:\s*\([^)]*\))*"

_IKE2 = r"Local:\S+ Remote:\[?(?P<source>[0-9A-Fa-f.]+|[0-9A-Fa-f:]+)\]?(?::\d+)? Username:(?P<user>\S+) "


def _asa(number: str, table: str | None, pattern: str, **values: str) -> tuple[str, Kind]:
    return number, Kind(number, table, pattern, values)


_SESSION = "vpn_session"
_FLOW = "firewall_event"

#: The messages of ASA and Firepower by number; several rows of one number are tried in order.
_ASA = (
    # Logons to the VPN.
    _asa("113004", _SESSION, r"AAA user \w+ Successful\s*: server =\s*(?P<authentication>[^:,\s]+)\s*[:,] [Uu]ser = (?P<user>.*?)\s*$", action="authenticated", factor="first"),
    _asa("113005", _SESSION, r"AAA user \w+ Rejected\s*: reason = (?P<reason>[^:]+?)\s*: server = (?P<authentication>[^:,\s]+)\s*[:,] [Uu]ser = (?P<user>.*?)(?:\s*: user IP = (?P<source>\S+))?\s*$", action="login_failed"),
    _asa("113006", _SESSION, r"User (?P<user>.*?) locked out on exceeding (?P<reason>.*)", action="denied"),
    _asa("113012", _SESSION, r"AAA user authentication Successful\s*: local database\s*: user = (?P<user>.*?)\s*$", action="authenticated", authentication="local", factor="first"),
    _asa("113015", _SESSION, r"AAA user authentication Rejected\s*: reason = (?P<reason>[^:]+?)\s*: local database\s*: user = (?P<user>.*?)(?:\s*: user IP = (?P<source>\S+))?\s*$", action="login_failed", authentication="local"),
    _asa("113019", _SESSION, r"Group = (?P<realm>[^,]*), Username = (?P<user>[^,]*), IP = (?P<source>[^,]*), Session disconnected\. Session Type: (?P<tunnel>[^,]*?), Duration: (?P<duration>[^,]*), Bytes xmt: (?P<bytes_out>\d+), Bytes rcv: (?P<bytes_in>\d+), Reason: (?P<reason>.*)", action="tunnel_down"),
    _asa("113039", _SESSION, _WHO + r" AnyConnect parent session started", action="login", tunnel="ssl"),
    _asa("716001", _SESSION, _WHO + r" WebVPN session started", action="login", tunnel="clientless"),
    _asa("716002", _SESSION, _WHO + r" WebVPN session terminated: (?P<reason>.*)", action="logout", tunnel="clientless"),
    _asa("716038", _SESSION, _WHO + r" Authentication: successful", action="authenticated"),
    _asa("716039", _SESSION, _WHO + r" Authentication: rejected", action="login_failed"),
    _asa("716038", _SESSION, r"Authentication: successful, group = (?P<realm>.*?),? user = (?P<user>.*?) ?, Session Type", action="authenticated"),
    _asa("716039", _SESSION, r"Authentication: rejected, group = (?P<realm>.*?),? user = (?P<user>.*?) ?, Session Type", action="login_failed"),
    _asa("721016", _SESSION, r"\([^)]*\) WebVPN session for client user (?P<user>.*?), IP(?:v[46])? (?P<source>[0-9A-Fa-f.:]+) has been created", action="message", tunnel="clientless"),
    _asa("721018", _SESSION, r"\([^)]*\) WebVPN session for client user (?P<user>.*?), IP(?:v[46])? (?P<source>[0-9A-Fa-f.:]+) has been deleted", action="message", tunnel="clientless"),
    _asa("716058", _SESSION, _WHO + r" AnyConnect session lost connection", action="lost"),
    _asa("716059", _SESSION, _WHO + r" AnyConnect session resumed(?: connection)?(?: from IP <?(?P<from>[0-9A-Fa-f.:]+)>?)?", action="resumed"),
    _asa("722022", _SESSION, _WHO + r" (?:TCP|UDP) SVC connection established", action="connection", tunnel="ssl"),
    _asa("722023", _SESSION, _WHO + r" (?:TCP|UDP) SVC connection terminated", action="disconnection", tunnel="ssl"),
    _asa("722033", _SESSION, _WHO + r" First (?:TCP|UDP) SVC connection established", action="connection", tunnel="ssl"),
    _asa("722034", _SESSION, _WHO + r" New (?:TCP|UDP) SVC connection", action="connection", tunnel="ssl"),
    _asa("722028", _SESSION, _WHO + r" Stale SVC connection closed", action="disconnection", tunnel="ssl"),
    _asa("722032", _SESSION, _WHO + r" New (?:(?:TCP|UDP) )?SVC connection replacing old", action="connection", tunnel="ssl"),
    _asa("722037", _SESSION, _WHO + r" SVC closing connection: (?P<reason>.*)", action="disconnection", tunnel="ssl"),
    _asa("722051", _SESSION, _WHO + r" (?:IPv4 )?Address <(?P<assigned_address>[^>]*)>", action="tunnel_up", tunnel="ssl"),
    _asa("722055", _SESSION, _WHO + r" Client Type: (?P<client>.*)", action="client", tunnel="ssl"),
    _asa("722011", _SESSION, _WHO + r" SVC Message: (?P<reason>.*)", action="message", tunnel="ssl"),
    _asa("722012", _SESSION, _WHO + r" SVC Message: (?P<reason>.*)", action="message", tunnel="ssl"),
    _asa("722010", _SESSION, _WHO + r" SVC Message: (?P<reason>.*)", action="message", tunnel="ssl"),
    _asa("722041", _SESSION, r"TunnelGroup <?(?P<realm>[^>]*?)>? GroupPolicy <?[^>]*?>? User <?(?P<user>[^>]*?)>? IP <?(?P<source>[0-9A-Fa-f.:]+)>? No IPv6 address", action="message", tunnel="ssl"),
    _asa("734001", _SESSION, r"DAP: User (?P<user>.*?), Addr (?P<source>[0-9A-Fa-f.:]+), Connection (?P<tunnel>[^:]*): (?P<reason>.*)", action="policy"),
    _asa("751025", _SESSION, r"Local:\S+ Remote:(?P<source>[0-9A-Fa-f.]+)(?::\d+)? Username:(?P<user>\S+) .*?Group:(?P<realm>\S+)\s+IPv4 Address=(?P<assigned_address>\S+)", action="tunnel_up", tunnel="ipsec"),
    _asa("713228", _SESSION, r"Group = (?P<realm>[^,]*), Username = (?P<user>[^,]*), IP = (?P<source>[^,]*), Assigned private IP address (?P<assigned_address>\S+)", action="tunnel_up", tunnel="ipsec"),
    _asa("713119", _SESSION, r"Group = (?P<realm>[^,]*),(?: Username = (?P<user>[^,]*),)? IP = (?P<source>[^,]*), PHASE 1 COMPLETED", action="negotiation", tunnel="ipsec"),
    _asa("750006", _SESSION, r"Local:\S+ Remote:(?P<source>[0-9A-Fa-f.]+)(?::\d+)? Username:(?P<user>\S+) IKEv2 SA UP", action="negotiation", tunnel="ipsec"),
    _asa("750007", _SESSION, r"Local:\S+ Remote:(?P<source>[0-9A-Fa-f.]+)(?::\d+)? Username:(?P<user>\S+) IKEv2 SA DOWN. Reason: (?P<reason>.*)", action="tunnel_down", tunnel="ipsec"),
    _asa("750002", _SESSION, _IKE2 + r"(?:IKEv2 )?Received a IKE_INIT_SA request", action="negotiation", tunnel="ipsec"),
    _asa("750003", _SESSION, _IKE2 + r"(?:IKEv2 )?Negotiation aborted due to ERROR: (?P<reason>.*)", action="negotiation", outcome="failure", tunnel="ipsec"),
    _asa("603108", _SESSION, r"Built PPTP Tunnel at .*remote-peer = (?P<source>[0-9A-Fa-f.]+),.* client-dynamic-ip = (?P<assigned_address>[0-9.]+), username = (?P<user>[^,]*)", action="tunnel_up", tunnel="pptp"),
    _asa("109201", _SESSION, r"UAUTH: Session=(?P<session>\S+), User=(?P<user>[^,]*), Assigned IP=(?P<assigned_address>[^,]*), Succeeded", action="assigned"),
    # Connections.
    _asa("304001", _FLOW, r"(?:\S+@)?(?P<source>[0-9A-Fa-f.]+)\S* Accessed (?:JAVA )?URL (?:[^\s@]+@)?(?P<destination>[0-9A-Fa-f.]+):(?P<url>\S+)", action="accept"),
    _asa("304002", _FLOW, r"Access denied URL (?P<url>\S+) SRC (?P<source>[0-9A-Fa-f.]+)\S* DEST (?P<destination>[0-9A-Fa-f.]+)", action="deny"),
    _asa("106020", _FLOW, r"Deny (?P<proto>IP) teardrop fragment .* from (?P<source>[0-9A-Fa-f.]+) to (?P<destination>[0-9A-Fa-f.]+)", action="deny", threat="teardrop fragment"),
    _asa("106022", _FLOW, r"Deny (?P<proto>\S+) connection spoof from (?P<source>[0-9A-Fa-f.]+) to (?P<destination>[0-9A-Fa-f.]+) on interface (?P<source_zone>[^\s.]+)", action="deny", threat="connection spoof"),
    _asa("313001", _FLOW, r"Denied (?P<proto>ICMP) type=\d+, code=\d+ from (?P<source>[0-9A-Fa-f.:]+) on interface (?P<source_zone>\S+)", action="deny"),
    _asa("313004", _FLOW, r"Denied (?P<proto>ICMP) type=\d+, from (?:laddr )?(?P<source>[0-9A-Fa-f.:]+) on interface (?P<source_zone>\S+) to (?P<destination>[0-9A-Fa-f.]+)", action="deny"),
    _asa("313008", _FLOW, r"Denied IPv6-ICMP type=\d+, code=\d+ from (?P<source>[0-9A-Fa-f.:]+) on interface (?P<source_zone>\S+)", action="deny", proto="icmp6"),
    _asa("302013", _FLOW, r"Built inbound (?P<proto>TCP|UDP|SCTP)(?: state-bypass)? connection (?P<session>\d+) (?:for|from) " + _SRC + r" to " + _DST + r"(?:\((?P<user>[^)]*)\))?", action="accept"),
    _asa("302013", _FLOW, r"Built outbound (?P<proto>TCP|UDP|SCTP)(?: state-bypass)? connection (?P<session>\d+) (?:for|from) " + _DST + r" to " + _SRC, action="accept"),
    _asa("302014", _FLOW, r"Teardown (?P<proto>TCP|UDP|SCTP)(?: state-bypass)? connection (?P<session>\d+) (?:for|from) " + _SRC + r"(?:\(\S+\))? to " + _DST + r"(?:\(\S+\))? duration (?P<duration>[\d:]+) bytes (?P<bytes_out>\d+)", action="close"),
    _asa("302020", _FLOW, r"Built outbound (?P<proto>ICMP)(?:v6)? connection for faddr (?P<destination>[0-9A-Fa-f.:]+)/\d+(?:\([^)]*\))? gaddr [0-9A-Fa-f.:]+/\d+(?:\([^)]*\))? laddr (?P<source>[0-9A-Fa-f.:]+)/\d+", action="accept"),
    _asa("302020", _FLOW, r"Built inbound (?P<proto>ICMP)(?:v6)? connection for faddr (?P<source>[0-9A-Fa-f.:]+)/\d+(?:\([^)]*\))? gaddr [0-9A-Fa-f.:]+/\d+(?:\([^)]*\))? laddr (?P<destination>[0-9A-Fa-f.:]+)/\d+", action="accept"),
    _asa("302021", _FLOW, r"Teardown (?P<proto>ICMP)(?:v6)? connection for faddr (?P<source>[0-9A-Fa-f.:]+)/\d+(?:\([^)]*\))? gaddr [0-9A-Fa-f.:]+/\d+(?:\([^)]*\))? laddr (?P<destination>[0-9A-Fa-f.:]+)/\d+", action="close"),
    _asa("303002", _FLOW, r"FTP connection from " + _SRC + r" to " + _DST + r", user (?P<user>.*?) (?:Stored|Retrieved) file (?P<url>.*)", action="accept", application="ftp"),
    _asa("313009", _FLOW, r"Denied invalid (?P<proto>ICMP) code \d+, for " + _SRC + r" to " + _DST, action="deny"),
    _asa("418001", _FLOW, r"Through-the-device packet to/from management-only network is denied: (?P<proto>\S+) src (?P<source_zone>[^:\s]+):(?P<source>[^\s/()]+)(?:/(?P<source_port>\d+))? dst (?P<destination_zone>[^:\s]+):(?P<destination>[^\s/()]+)(?:/(?P<destination_port>\d+))?", action="deny"),
    _asa("108004", _FLOW, r"(?P<threat>[^:]*: (?:Dropped|Reset) connection for [^:;]*?) from " + _SRC + r" to " + _DST, action="drop"),
    _asa("507003", _FLOW, r"(?P<proto>tcp|udp) flow from " + _SRC + r" to " + _DST + r" terminated by inspection engine, reason - (?P<threat>[^.]*)", action="drop"),
    _asa("106001", _FLOW, r"Inbound (?P<proto>TCP) connection denied from (?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+) to (?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\d+).* on interface (?P<source_zone>\S+)", action="deny"),
    _asa("106002", _FLOW, r"(?P<proto>\S+) connection denied by outbound list \S+ src (?P<source>[0-9A-Fa-f.:]+)(?:/(?P<source_port>\d+))? dest (?P<destination>[0-9A-Fa-f.:]+)(?:/(?P<destination_port>\d+))?", action="deny"),
    _asa("106006", _FLOW, r"Deny inbound (?P<proto>UDP) from (?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+) to (?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\d+).* on interface (?P<source_zone>\S+)", action="deny"),
    _asa("106007", _FLOW, r"Deny inbound (?P<proto>UDP) from (?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+) to (?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\d+)", action="deny"),
    _asa("106010", _FLOW, r"Deny inbound (?:protocol )?(?P<proto>\S+) src (?P<source_zone>[^:\s]+):(?P<source>[0-9A-Fa-f.:]+?)(?:/(?P<source_port>\d+))? dst (?P<destination_zone>[^:\s]+):(?P<destination>[0-9A-Fa-f.:]+?)(?:/(?P<destination_port>\d+))?(?:\s|$)", action="deny"),
    _asa("106012", _FLOW, r"Deny (?P<proto>IP) from (?P<source>[0-9A-Fa-f.:]+) to (?P<destination>[0-9A-Fa-f.:]+)", action="deny"),
    _asa("106014", _FLOW, r"Deny inbound (?P<proto>icmp) src (?P<source_zone>[^:\s]+):(?P<source>[0-9A-Fa-f.:]+)(?:\(\S+\))? dst (?P<destination_zone>[^:\s]+):(?P<destination>[0-9A-Fa-f.:]+)", action="deny"),
    _asa("106015", _FLOW, r"Deny (?P<proto>TCP) \(no connection\) from (?P<source>[^\s/]+)/(?P<source_port>\d+) to (?P<destination>[^\s/]+)/(?P<destination_port>\d+).* on interface (?P<source_zone>\S+)", action="deny"),
    _asa("106016", _FLOW, r"Deny IP spoof from \((?P<source>[0-9A-Fa-f.:]+)\) to (?P<destination>[0-9A-Fa-f.:]+) on interface (?P<source_zone>\S+)", action="deny", threat="IP spoof"),
    _asa("106017", _FLOW, r"Deny IP due to Land Attack from (?P<source>[0-9A-Fa-f.:]+) to (?P<destination>[0-9A-Fa-f.:]+)", action="deny", threat="Land attack"),
    _asa("106021", _FLOW, r"Deny (?P<proto>\S+) reverse path check from (?P<source>[0-9A-Fa-f.:]+) to (?P<destination>[0-9A-Fa-f.:]+) on interface (?P<source_zone>\S+)", action="deny", threat="reverse path check"),
    _asa("106023", _FLOW, r"Deny (?:protocol )?(?P<proto>\S+) src (?P<source_zone>[^:\s]+):(?P<source>[^\s/()]+?)(?:/(?P<source_port>\d+))?(?:\s*\([^)]*\))? dst (?P<destination_zone>[^:\s]+):(?P<destination>[^\s/()]+?)(?:/(?P<destination_port>\d+))?(?:\s*\([^)]*\))*(?: by access-group \"?(?P<policy>[^\"\s]+)|\s|$)", action="deny"),
    _asa("106100", _FLOW, r"access-list (?P<policy>\S+) (?P<action>permitted|denied|est-allowed) (?P<proto>\S+) (?P<source_zone>[^/\s]+)/(?P<source>[^\s()]+)\((?P<source_port>\d+)\)(?:\s*\([^)]*\))? -> (?P<destination_zone>[^/\s]+)/(?P<destination>[^\s()]+)\((?P<destination_port>\d+)\)"),
    _asa("106102", _FLOW, r"access-list (?P<policy>\S+) (?P<action>permitted|denied) (?P<proto>\S+) for user '?(?P<user>[^']*?)'? (?P<source_zone>[^/\s]+)/(?P<source>[0-9A-Fa-f.:]+)[ (]+(?P<source_port>\d+)\)? -?>?\s*(?P<destination_zone>[^/\s]+)/(?P<destination>[0-9A-Fa-f.:]+)[ (]+(?P<destination_port>\d+)"),
    _asa("710002", _FLOW, r"(?P<proto>TCP|UDP) access permitted from (?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+) to (?P<destination_zone>[^:\s]+):(?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\w+)", action="accept"),
    _asa("710003", _FLOW, r"(?P<proto>TCP|UDP) access denied by ACL from (?P<source>[0-9A-Fa-f.:]+)/(?P<source_port>\d+) to (?P<destination_zone>[^:\s]+):(?P<destination>[0-9A-Fa-f.:]+)/(?P<destination_port>\w+)", action="deny"),
    _asa("710005", _FLOW, r"(?P<proto>\S+) request discarded from (?P<source>[0-9A-Fa-f.:]+)(?:/(?P<source_port>\d+))? to (?P<destination_zone>[^:\s]+):(?P<destination>[0-9A-Fa-f.:]+)(?:/(?P<destination_port>\w+))?", action="drop"),
    _asa("733100", "device_event", r"(?P<message>.*)", category="threat"),
    _asa("733101", "device_event", r"(?P<message>.*)", category="threat"),
    # Administrators.
    _asa("605004", "logon", r"Login denied from (?:serial|(?P<source>[0-9A-Fa-f.:]+))(?:/(?P<source_port>\d+))? to (?:[^\s/]+/)?(?P<service>\w+) for user \"?(?P<user>[^\"]*)\"?", action="login_failed", privilege="admin"),
    _asa("605005", "logon", r"Login permitted from (?:serial|(?P<source>[0-9A-Fa-f.:]+))(?:/(?P<source_port>\d+))? to (?:[^\s/]+/)?(?P<service>\w+) for user \"?(?P<user>[^\"]*)\"?", action="login", privilege="admin"),
    _asa("113021", "logon", r"Attempted console login failed\.? [Uu]ser '?(?P<user>[^\s']+)'? (?P<reason>did NOT have appropriate Admin Rights)", action="login_failed", privilege="admin"),
    _asa("199001", "device_event", r"(?P<message>Reload command executed from (?P<ui>\S+) \(remote (?P<source>[0-9A-Fa-f.:]+)\))", category="system", action="reload"),
    _asa("611101", "logon", r"User authentication succeeded:(?: IP(?: address)?\s*[=:] ?(?P<source>[^,\s]+),?)? ?Uname: (?P<user>.*)", action="login"),
    _asa("611102", "logon", r"User authentication failed:(?: IP(?: address)?\s*[=:] ?(?P<source>[^,\s]+),?)? ?Uname: (?P<user>.*)", action="login_failed"),
    _asa("611103", "logon", r"User logged out: Uname: (?P<user>.*)", action="logout"),
    _asa("308001", "logon", r"(?:PIX )?console enable password incorrect for .* \(from (?P<source>[^)]*)\)", action="login_failed", service="console", privilege="admin"),
    _asa("315011", "logon", r"SSH session from (?:(?P<source>[0-9A-Fa-f.:]+) )?on interface \S+ for user \"?(?P<user>[^\"]*?)\"? (?:disconnected|terminated)(?:.*?, reason: \"?(?P<reason>[^\"(]*))?", action="logout", service="ssh", privilege="admin"),
    _asa("111008", "device_event", r"User '(?P<user>[^']*)' executed the '(?P<object>.*)' command", category="config", action="command"),
    _asa("111009", "device_event", r"User '(?P<user>[^']*)' executed cmd: (?P<object>.*)", category="command", action="show"),
    _asa("111010", "device_event", r"User '(?P<user>[^']*)', running '(?P<ui>[^']*)' from IP (?P<source>\S+), executed '(?P<object>.*)'", category="config", action="command"),
    _asa("111001", "device_event", r"Begin configuration: (?P<source>\S+) (?:writing|reading) (?P<object>.*)", category="config", action="write"),
    _asa("111002", "device_event", r"Begin configuration: (?P<source>\S+) reading (?P<object>.*)", category="config", action="configure"),
    _asa("111007", "device_event", r"Begin configuration: (?P<source>\S+) reading (?P<object>.*)", category="config", action="configure"),
    _asa("111003", "device_event", r"(?P<source>\S+) (?P<object>Erase configuration)", category="config", action="erase"),
    _asa("111005", "device_event", r"(?P<source>\S+) end configuration: (?P<message>.*)", category="config", action="write"),
    _asa("111004", "device_event", r"(?P<source>\S+) end configuration: (?P<message>.*)", category="config", action="write"),
    _asa("502101", "device_event", r"New user added to local dbase: Uname: (?P<object>\S+) (?P<message>.*)", category="config", action="add_user"),
    _asa("502102", "device_event", r"User deleted from local dbase: Uname: (?P<object>\S+) (?P<message>.*)", category="config", action="delete_user"),
    _asa("502103", "device_event", r"User priv level changed: (?P<message>Uname: (?P<user>.*?) From: .*)", category="config", action="privilege"),
    _asa("725001", "device_event", r"Starting SSL handshake with (?:client|server) \S*?:?(?P<source>[0-9A-Fa-f.]+)/\d+(?P<message>.*)", category="tls", action="handshake"),
    _asa("725002", "device_event", r"Device completed SSL handshake with (?:client|server) \S*?:?(?P<source>[0-9A-Fa-f.]+)/\d+(?P<message>.*)", category="tls", action="handshake_done"),
)  # fmt: skip

#: Numbers that share the form of another.
_SAME = {
    "302015": "302013",
    "302016": "302014",
    "302303": "302013",
    "302304": "302014",
    "106103": "106102",
    "713905": "713119",
}

#: Refusals of kinds that are not listed: whatever is worded like this.
_REFUSED = Kind(
    "",
    "firewall_event",
    _HEAD
    + r"(?P<message_id>\d+):? *(?P<threat>[^:]*?(?:[Dd]ropp?e?d?|[Dd]en(?:y|ied)|[Dd]iscard\w*|[Rr]eject\w*|skipped|blocked|"
    r"Disallow\w*|exceeded|exhausted|Duplicate TCP SYN)\b(?:[^:]*?\b(?P<proto>TCP|UDP|ICMP|GRE)\b)?.*?) from "
    + _SRC
    + r" to "
    + _DST,
    {"action": "drop"},
)

_UNDONE = r"(?P<reason>(?i:.*(?:could not|unable|not allowed|not enabled|terminat|den(?:y|ied)|fail|unacceptable|reject|invalid|mismatch|not found).*))"
_IKE1 = (
    _HEAD
    + r"(?P<message_id>713\d{3}):? *(?:Group = (?P<realm>[^,]*), )?(?:Username = (?P<user>[^,]*), )?IP = (?P<source>[0-9A-Fa-f.:]+),? "
)
_SAID = _HEAD + r"(?P<message_id>\d{6}):? *" + _WHO + r" "

#: What else is said of a user's session, or of a negotiation of IKE: whatever begins like this.
_SESSIONS = (
    Kind("", _SESSION, _SAID + _UNDONE, {"action": "denied"}),
    Kind("", _SESSION, _SAID + r"(?P<reason>.*)", {"action": "message"}),
    Kind("", _SESSION, _IKE1 + _UNDONE, {"action": "negotiation", "outcome": "failure", "tunnel": "ipsec"}),
    Kind("", _SESSION, _IKE1 + r"(?P<reason>.*)", {"action": "negotiation", "tunnel": "ipsec"}),
)

#: Said of every connection or packet and already known from another message, or of no bearing on security.
_IGNORED = {
    "302010": "connections in use",
    "302012": "ISAKMP connection",
    "305009": "translations",
    "305010": "translations",
    "305011": "translations",
    "305012": "translations",
    "609001": "local hosts",
    "609002": "local hosts",
    "725003": "TLS resumed",
    "725007": "TLS session ended",
    "725016": "TLS trustpoint",
    "737026": "address pools",
    "737016": "address pools",
    "113008": "AAA accounting",
    "113009": "AAA group policy",
    "113011": "AAA group policy",
    "113003": "AAA group policy",
    "199019": "processes",
    "313005": "ICMP errors",
    "305013": "translations",
}

_WORDS = {
    "action": {"permitted": "accept", "est-allowed": "accept", "denied": "deny"},
    "tunnel": {
        "*": "*",
        "ssl": "ssl",
        "anyconnect-parent": "ssl",
        "svc": "ssl",
        "webvpn": "clientless",
        "clientless": "clientless",
    },
}


def _by_number() -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for number, kind in _ASA:
        found.setdefault(number, []).append(
            Kind(number, kind.table, _HEAD + number + ":? *" + kind.pattern, kind.values, _WORDS)
        )
    for number, like in _SAME.items():
        found[number] = [
            Kind(number, kind.table, kind.pattern.replace(like, number, 1), kind.values, kind.words) for kind in found[like]
        ]
    return found


_KINDS = _by_number()

#: AnyConnect's messages without the number, as some collectors hand them on.
_HEADLESS = tuple(
    Kind(number, kind.table, r"^\s*" + kind.pattern, kind.values, _WORDS)
    for number, kind in _ASA
    if kind.pattern.startswith((_WHO, "TunnelGroup"))
)

#: Connection and intrusion events of Firepower: ``Key: value, Key: value``.
_FIREPOWER = {
    "source": ("SrcIP",),
    "source_port": ("SrcPort",),
    "source_zone": ("IngressInterface", "IngressZone"),
    "destination": ("DstIP",),
    "destination_port": ("DstPort",),
    "destination_zone": ("EgressInterface", "EgressZone"),
    "proto": ("Protocol",),
    "application": ("ApplicationProtocol", "WebApplication"),
    "user": ("User",),
    "policy": ("AccessControlRuleName", "ACPolicy"),
    "bytes_out": ("InitiatorBytes",),
    "bytes_in": ("ResponderBytes",),
    "duration": ("ConnectionDuration",),
    "threat": ("ThreatName", "Message", "Classification"),
    "url": ("URL", "URI"),
    "session": ("ConnectionID",),
    "nat_source": ("NAT_InitiatorIP",),
    "nat_destination": ("NAT_ResponderIP",),
}
_FIREPOWER_KEYS = Vocabulary(
    [key for keys in _FIREPOWER.values() for key in keys]
    + ["AccessControlRuleAction", "InlineResult", "FileAction", "FirstPacketSecond"]
)
#: What stands where Firepower knows no user.
_NOBODY = r"^(?:No Authentication Required|Unknown|Guest|Failed Authentication|No Data|Not Found)$"


def _firepower(messages: Messages, number: str, output: Output) -> None:
    pairs = Pairs.of(messages, _FIREPOWER_KEYS, assign=":", divider=",")
    said = pc.utf8_lower(pc.fill_null(pairs.get("AccessControlRuleAction", "InlineResult", "FileAction"), ""))
    local = pc.replace_substring_regex(pc.fill_null(pairs.get("FirstPacketSecond"), ""), r"Z$", "")
    first, good, _ = cells.times(local, pa.repeat(pa.scalar("+0000"), len(pairs)))
    unset = good & (messages.zone == NO_TIME)
    messages.ts[unset], messages.zone[unset] = first[unset], UTC
    # "Would have dropped": the rule only watches.
    bad = pc.and_(pc.match_substring_regex(said, "block|drop"), pc.invert(pc.match_substring_regex(said, "^would ")))
    action = pc.if_else(bad, "deny", pc.if_else(pa.array([number in ("430002", "430003")] * len(pairs)), "accept", "alert"))
    action = pc.if_else(pc.and_(pc.equal(action, "accept"), pa.array([number == "430003"] * len(pairs))), "close", action)
    columns: dict[str, pa.Array | str | None] = {name: pairs.get(*keys) for name, keys in _FIREPOWER.items()}
    nobody = pc.fill_null(pc.match_substring_regex(columns["user"], _NOBODY), False)
    columns["user"] = pc.if_else(nobody, pairs.no, columns["user"])
    output.write("firewall_event", "cisco", messages, columns | {"action": action, "message_id": number})


def _asa_messages(messages: Messages, numbers: pa.Array, output: Output) -> None:
    for number in pc.unique(numbers).to_pylist():
        mine = messages.take(chosen(pc.equal(numbers, number)))
        if number in _IGNORED:
            output.ignore(f"cisco {number} ({_IGNORED[number]})", mine)
            continue
        if number in ("430001", "430002", "430003", "430004", "430005"):
            _firepower(mine, number, output)
            continue
        rest = apply((*_KINDS.get(number, ()), *_SESSIONS, _REFUSED), "cisco", mine, output)
        # What is left is a remark of the device about itself, or a kind that Cisco words in another way in some version.
        apply([Kind(number, "device_event", _HEAD + r"\d+:? *(?P<message>.*)", {"category": "system"})], "cisco", rest, output)


#: The access lists of IOS, IOS XE (where a process names itself first) and IOS XR.
_LISTED = r"%[A-Z0-9_-]+-6-(?:IP|IPV6)?ACCESSLOG\w* ?: *(?:\S+: +){0,3}(?:access-)?list (?P<policy>\S+?)(?:/\d+)? (?P<action>permitted|denied|permit|deny)"
_LIST_WORDS = {"action": {"permitted": "accept", "permit": "accept", "denied": "deny", "deny": "deny"}}

_IOS = (
    Kind("SSH2_USERAUTH", "logon", r"%SSH-5-SSH2_USERAUTH: User '(?P<user>[^']*)' authentication for SSH2 Session from (?P<source>\S+) .*(?P<action>Succeeded|Failed)", {"service": "ssh"}, {"action": {"succeeded": "login", "failed": "login_failed"}}),
    Kind("LOGIN_SUCCESS", "logon", r"%SEC_LOGIN-\d-(?:WEB|WEBUI_)?LOGIN_SUCCESS: Login Success \[user: (?P<user>[^\]]*)\] \[Source: (?P<source>[^\]]*)\]", {"action": "login"}),
    Kind("LOGIN_FAILED", "logon", r"%SEC_LOGIN-\d-(?:WEB|WEBUI_)?LOGIN_FAILED: Login failed \[user: (?P<user>[^\]]*)\] \[Source: (?P<source>[^\]]*)\] .*?\[Reason: (?P<reason>[^\]]*)\]", {"action": "login_failed"}),
    Kind("SSH2_CLOSE", "logon", r"%SSH-5-SSH2_CLOSE: SSH2 Session from (?P<source>\S+) \(tty = \d+\) for user '(?P<user>[^']*)'", {"service": "ssh", "action": "logout"}),
    Kind("TTY_EXPIRE_TIMER", "logon", r"%SYS-6-TTY_EXPIRE_TIMER: \((?P<reason>exec timer expired), tty \S+ \((?P<source>[^)]*)\)\), user (?P<user>\S+)", {"action": "logout"}),
    Kind("SYSTEM_MSG", "logon", r"%\w+-\d-SYSTEM_MSG: error: PAM: Authentication failure for (?:illegal user )?(?P<user>\S+) from (?P<source>\S+) - ", {"action": "login_failed", "service": "ssh"}),
    Kind("LOGOUT", "logon", r"%SYS-6-LOGOUT: User (?P<user>.*?) has exited tty session \S+?\((?P<source>[^)]*)\)", {"action": "logout"}),
    Kind("LOGIN_PASSED", "logon", r"%WEBSERVER-\d-LOGIN_PASSED: .*?Login Successful from host (?P<source>[0-9A-Fa-f.:]+) by user '(?P<user>[^']*)'", {"action": "login", "service": "https"}),
    Kind("LOGIN_FAILED", "logon", r"%WEBSERVER-\d-LOGIN_FAILED: .*?from host (?P<source>[0-9A-Fa-f.:]+)(?: by user '(?P<user>[^']*)')?", {"action": "login_failed", "service": "https"}),
    Kind("SESS_LOGOUT", "logon", r"%WEBSERVER-\d-SESS_LOGOUT: .*?from host (?P<source>[0-9A-Fa-f.:]+) by user '(?P<user>[^']*)'", {"action": "logout", "service": "https"}),
    Kind("AUTH_PASSED", "logon", r"%DMI-5-AUTH_PASSED: .*User '(?P<user>[^']*)' authenticated successfully from (?P<source>[0-9A-Fa-f.]+)(?::(?P<source_port>\d+))?.* for (?P<service>\S+)", {"action": "login"}),
    Kind("AUTHENTICATION_FAILED", "logon", r"%DMI-5-AUTHENTICATION_FAILED: .*failure from (?P<source>[0-9A-Fa-f.]+)(?::(?P<source_port>\d+))?.* for (?P<service>[^\s.]+)", {"action": "login_failed"}),
    Kind("IPACCESSLOG", "firewall_event", _LISTED + r" (?P<proto>\S+) (?:[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5} )?(?P<source>[0-9A-Fa-f.:]+)(?:\((?P<source_port>\d+)\))?(?: ?\([^)]*\)| [A-Z][\w/.]+)? ?-> (?P<destination>[0-9A-Fa-f.:]+)(?:\((?P<destination_port>\d+)\))?", {}, _LIST_WORDS),
    Kind("IPACCESSLOG", "firewall_event", _LISTED + r" (?P<source>[0-9A-Fa-f.:]+) ", {}, _LIST_WORDS),
    Kind("DROP_PKT", "firewall_event", r"%FW-6-DROP_PKT: Dropping (?P<proto>\w+) \w+ (?P<source>[0-9A-Fa-f.:]+):(?P<source_port>\d+) (?P<destination>[0-9A-Fa-f.:]+):(?P<destination_port>\d+)(?: on zone-pair (?P<policy>\S+))?", {"action": "drop"}),
    Kind("DROP_PKT", "firewall_event", r"%FW-6-DROP_PKT: Dropping (?P<proto>\w+) pkt from (?P<source_zone>\S+) \[?(?P<source>[0-9A-Fa-f.:]+?)\]?:(?P<source_port>\d+) => \[?(?P<destination>[0-9A-Fa-f.:]+?)\]?:(?P<destination_port>\d+)", {"action": "drop"}),
    Kind("SESS_AUDIT_TRAIL", "firewall_event", r"%FW-6-SESS_AUDIT_TRAIL: .*?Stop (?P<application>\S+) session: initiator \(\[?(?P<source>[0-9A-Fa-f.:]+?)\]?:(?P<source_port>\d+)\) sent (?P<bytes_out>\d+) bytes -- responder \(\[?(?P<destination>[0-9A-Fa-f.:]+?)\]?:(?P<destination_port>\d+)\) sent (?P<bytes_in>\d+) bytes", {"action": "close"}),
    Kind("SESS_AUDIT_TRAIL", "firewall_event", r"%FW-6-SESS_AUDIT_TRAIL_START: .*?Start (?P<application>\S+) session: initiator \(\[?(?P<source>[0-9A-Fa-f.:]+?)\]?:(?P<source_port>\d+)\) -- responder \(\[?(?P<destination>[0-9A-Fa-f.:]+?)\]?:(?P<destination_port>\d+)\)", {"action": "accept"}),
    Kind("INSTALL_OPERATION_INFO", "device_event", r"%WEBUI-\d-INSTALL_OPERATION_INFO: .*?User: (?P<user>[^,\s]+), (?P<object>Install Operation: .*)", {"category": "config", "action": "install"}),
    Kind("CONFIG_I", "device_event", r"%SYS-5-CONFIG_I: Configured from (?P<ui>\S+)(?: by (?P<user>\S+?)(?: on (?P<object>\S+))?(?: \((?P<source>[^)]*)\))?)?(?:\s|$)", {"category": "config", "action": "configure"}),
    Kind("CONFIG_P", "device_event", r"%SYS-5-CONFIG_P: Configured programmatically by process (?P<ui>\S+) from \S+ as (?P<user>\S+)", {"category": "config", "action": "configure"}),
    Kind("RELOAD", "device_event", r"%SYS-5-RELOAD: Reload requested(?: by (?:console|(?P<user>[^\s.]+(?:\.[^\s.]+)*))(?: on (?P<ui>[^\s.]+))?(?: \((?P<source>[^)]*)\))?)?\. *(?P<message>.*)", {"category": "system", "action": "reload"}),
    Kind("CFGLOG_LOGGEDCMD", "device_event", r"%PARSER-5-CFGLOG_LOGGEDCMD: User:(?P<user>\S+)\s+logged command:(?P<object>.*)", {"category": "config", "action": "command"}),
    Kind("ACCTLOCAL", "device_event", r"ACCTLOCAL: Username: (?P<user>\S+).*Command: (?P<object>.*)", {"category": "command", "action": "command"}),
)  # fmt: skip

_CISCO_HEAD = r"%(?P<facility>[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*?)-(?:\w+-)?(?P<severity>[0-7])-(?P<mnemonic>[A-Z0-9_]+)"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of messages that hold a ``%FACILITY-severity-MNEMONIC``; returns those that hold none."""
    found = pc.extract_regex(messages.text, _CISCO_HEAD)
    known = found.is_valid().to_numpy(zero_copy_only=False)
    rest = apply(_HEADLESS, "cisco", messages.take(~known), output)
    messages, found = messages.take(known), found.filter(pa.array(known))
    if not len(messages):
        return rest
    mnemonic = pc.struct_field(found, [2])
    firewall = chosen(
        pc.and_(
            pc.match_substring_regex(pc.struct_field(found, [0]), "^(ASA|FTD|PIX|FWSM|NGIPS)"),
            pc.match_substring_regex(mnemonic, r"^\d{6}$"),
        )
    )
    _asa_messages(messages.take(firewall), mnemonic.filter(pa.array(firewall)), output)
    other = apply(_IOS, "cisco", messages.take(~firewall), output)
    pattern = r"%(?P<object>[A-Z][A-Z0-9_-]*?)-(?:\w+-)?(?P<severity>[0-7])-(?P<message_id>[A-Z0-9_]+):? *(?P<message>.*)"
    return Messages.joined(rest, apply([Kind("", "device_event", pattern, {"category": "system"})], "cisco", other, output))
