"""WatchGuard Firebox in its own syslog format: ``msg_id="3000-0148" Allow 1-Trusted 0-External …``.

Source: WatchGuard, *Fireware Log Message Catalog*. What a Firebox says in LEEF is read in :mod:`.others`.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Kind, Messages, Output, apply
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, part_of

PATTERN = r"\bmsg_id=\"[0-9A-F]{4}-[0-9A-F]{4}\""
VENDOR = "watchguard"

_KEYS = Vocabulary(["signature_name", "virus", "src_user", "sent_bytes", "rcvd_bytes", "duration", "host", "dstname", "path", "arg", "app_name"])  # fmt: skip
_ID = r"\bmsg_id=\"(?P<message_id>[^\"]*)\" "
_IP = r"(?P<source>[0-9A-Fa-f.:]+)"
#: Interfaces, length, protocol, length of the header and time to live, both ends; of ICMP, kind and code stand for the ports.
_FLOW = (
    _ID
    + r"(?P<action>Allow|Deny) (?P<source_zone>\S+) (?P<destination_zone>\S+) (?:\d+ )?(?P<proto>[a-zA-Z]\w*) (?:\d+ \d+ )?"
    + _IP
    + r" (?P<destination>[0-9A-Fa-f.:]+)(?: (?P<source_port>\d+) (?P<destination_port>\d+))?(?:\s|$)"
)
_VPN = r"(?:(?:Mobile|SSL|BOVPN|IKEv2|L2TP|IPSec|Access)[\w -]*?|\w+ VPN)"
_ASKED = {"accepted": "login", "rejected": "login_failed"}

_KINDS = (
    Kind("", "vpn_session", _ID + _VPN + r" user (?P<user>\S+) from " + _IP + r" logged (?P<action>in|out)(?: assigned virtual IP is (?P<assigned_address>[0-9A-Fa-f.:]+))?", {}, {"action": {"in": "login", "out": "logout"}}),
    Kind("", "vpn_session", _ID + r"Authentication of " + _VPN + r" (?:user|client) \[(?P<user>[^\]]*)\] from " + _IP + r" was (?P<action>accepted|rejected)(?:, (?P<reason>.*))?", {}, {"action": {"accepted": "authenticated", "rejected": "login_failed"}}),
    Kind("", "logon", _ID + r"Authentication of (?:\w+ )?(?:user|client) \[(?P<user>[^\]]*)\] from " + _IP + r" was (?P<action>accepted|rejected)(?:, (?P<reason>.*))?", {}, {"action": _ASKED}),
    Kind("", "logon", _ID + r"Authentication of (?:\w+ )?(?:user|client) \[(?P<user>[^\]]*)\] failed\. *(?P<reason>.*)", {"action": "login_failed"}),
    Kind("", "logon", _ID + r"Authentication error\. (?P<reason>.*? for (?P<user>\S+?))\.?\s*$", {"action": "login_failed"}),
    Kind("", "logon", _ID + r"User (?P<user>\S+) is (?P<reason>locked out\b.*)", {"action": "login_failed"}),
    Kind("", "logon", _ID + r"(?:Management|WSM|Device|Status|Admin\w*) [Uu]ser (?P<user>\S+) from " + _IP + r" logged (?P<action>in|out)", {"privilege": "admin"}, {"action": {"in": "login", "out": "logout"}}),
    Kind("", "logon", _ID + r"(?:Management|WSM|Device|Status|Admin\w*) [Uu]ser (?:<missing user name>|(?P<user>\S+)) from " + _IP + r" log ?in attempt was rejected[ .,-]*(?P<reason>.*)", {"action": "login_failed", "privilege": "admin"}),
    Kind("", "device_event", _ID + r"(?P<message>Management user (?P<user>\S+) from " + _IP + r" (?P<action>\w+) (?P<object>.*))", {"category": "config"}, {"action": {"*": "*"}}),
    Kind("", "device_event", _ID + r"(?P<message>(?P<user>\S+) (?P<action>added|removed) (?P<object>feature key) .*)", {"category": "config"}),
    Kind("", "device_event", _ID + r"(?P<message>(?P<action>Moved|Added|Deleted|Removed|Modified|Updated|Changed|Enabled|Disabled) (?P<object>.*))", {"category": "config"}, {"action": {"*": "*"}}),
    Kind("", "device_event", _ID + r"(?P<message>Administrative accounts were (?P<action>reset)\b.*|(?:The configuration file|Device (?:default )?configuration)\b.*)", {"category": "config"}),
    Kind("", "firewall_event", _ID + r"(?P<threat>[\w /-]+ attack) detected,.*?\bip=" + _IP, {"action": "alert"}),
    Kind("", "firewall_event", _ID + r"Temporarily blocking host " + _IP + r"(?: \(reason = (?P<threat>[^)]*)\))?", {"action": "deny"}),
    Kind("", "firewall_event", _ID + r"(?P<threat>APT threat) .*?Policy Name: (?P<policy>\S+) .*?Source IP: " + _IP + r" Source Port: (?P<source_port>\d+) Destination IP: (?P<destination>[0-9A-Fa-f.:]+) Destination Port: (?P<destination_port>\d+)(?:.*?Host: (?P<url>[^\s']+))?", {"action": "alert"}),
    Kind("", "device_event", _ID + r"(?P<message>.*)", {"category": "system"}),
)  # fmt: skip


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of a Firebox; returns those in another form."""
    # The serial number and the time in UTC stand behind the collector's header, which has neither zone nor year.
    clock = part_of(messages.text, r"^\S+ \((?P<t>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\) [^:]*: msg_id=")
    day_and_clock(messages, clock, pa.repeat(pa.scalar("+0000"), len(messages)))
    parts = pc.extract_regex(messages.text, _FLOW)
    flows = parts.is_valid().to_numpy(zero_copy_only=False)
    if flows.any():
        _flows(messages.take(flows), parts.filter(pa.array(flows)), output)
        messages = messages.take(~flows)
    return apply(_KINDS, VENDOR, messages, output)


def _flows(messages: Messages, parts: pa.Array, output: Output) -> None:
    found = {parts.type.field(i).name: pc.struct_field(parts, [i]) for i in range(parts.type.num_fields)}
    pairs = Pairs.of(messages, _KEYS)
    icmp = pc.match_substring_regex(found["proto"], "(?i)^icmp")
    for name in ("source_port", "destination_port"):
        found[name] = pc.if_else(icmp, pairs.no, found[name])
    action = pc.if_else(pc.equal(found["action"], "Deny"), "deny", "accept")
    # 3000-0151 tells what a connection carried, once it is over.
    found["action"] = pc.if_else(pc.equal(found["message_id"], "3000-0151"), "close", action)
    url = pc.binary_join_element_wise(pairs.get("dstname", "host"), pc.fill_null(pairs.get("arg", "path"), ""), "")
    output.write(
        "firewall_event",
        VENDOR,
        messages,
        found
        | {
            "policy": part_of(messages.text, r"\((?P<p>[^()]*)\)\s*$"),
            "user": pairs.get("src_user"),
            "application": pairs.get("app_name"),
            "bytes_out": pairs.get("sent_bytes"),
            "bytes_in": pairs.get("rcvd_bytes"),
            "duration": pairs.get("duration"),
            "threat": pairs.get("signature_name", "virus"),
            "url": url,
        },
    )
