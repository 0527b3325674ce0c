"""Zyxel's firewalls (USG, ZyWALL, ATP, USG FLEX): ``src="…" dst="…" msg="…" note="…" user="…" cat="…"``.

Source: Zyxel, *ZLD Log Descriptions* (user's guides, appendix) and *USG FLEX H series: log fields*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of, part_of

PATTERN = r"\bsrc=\"[^\"]*\" dst=\"[^\"]*\" msg=\"[^\"]*\" note=\""
VENDOR = "zyxel"

_KEYS = Vocabulary(["src", "dst", "msg", "note", "user", "suser", "cat", "action", "sent", "rcvd", "dir", "protoID", "proto", "duration", "sourceTranslatedAddress"])  # fmt: skip

_ADDRESS = r"^\[?(?P<a>[0-9.]+|[0-9A-Fa-f:.]+?)\]?(?::\d{1,5})?$"
_PORT = r"^(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]):(?P<p>\d{1,5})$"

#: Logons and their ends, in the categories User, SSL VPN and L2TP: who stands in the message or in the note behind "Account:".
_ENTER = r"(?i)\bhas logged in\b|\blogin (?:ok|success)"
_LEAVE = r"(?i)\bhas (?:been )?logged out\b|\bhas been timed out\b"
_REFUSE = r"(?i)\bfailed login attempt\b|\blogin (?:denied|failed)|\bauthentication failed\b|\b(?:is|has been) locked out\b"
_LOGON = "|".join((_ENTER, _LEAVE, _REFUSE))
_WHO = r"(?i)(?:^|[ ,])(?:user|administrator|limited-admin|guest|ext-user|account):? (?P<u>[^\s(,]+)"

#: What connections are told with, by note; RULE: a policy that only logs.
_DONE = (
    (r"(?i)^drop|\bDROP\b", "drop"),
    (r"(?i)^(?:reject|block|deny)|\bREJECT\b|ACCESS BLOCK|\bblocked\b", "deny"),
    (r"(?i)^(?:allow|forward|permit)|ACCESS FORWARD|\bFORWARD\b", "accept"),
)
_ALARM = r"(?i)^(?:IDP|ADP|IPS|Anti-?Virus|Anti-?Malware|Anti-?Botnet|IP Reputation|DNS (?:Filter|Threat)|URL Threat|Sandbox)"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Zyxel's messages; returns none."""
    pairs = Pairs.of(messages, _KEYS)
    text, category = pc.fill_null(pairs.get("msg"), ""), pc.fill_null(pairs.get("cat"), "")
    person = chosen(pc.match_substring_regex(text, _LOGON))
    remote = chosen(
        pc.or_(
            pc.match_substring_regex(category, r"(?i)ssl ?vpn|l2tp"),
            pc.match_substring_regex(text, r"(?i)\bfrom (?:ssl ?vpn|l2tp|ike|ipsec)\b|logged in (?:ssl ?vpn|l2tp)\b"),
        )
    )
    _people(pairs.take(person & remote), "vpn_session", output)
    _people(pairs.take(person & ~remote), "logon", output)
    tunnel = chosen(pc.match_substring_regex(category, "(?i)^(?:ipsec|ike)")) & ~person
    output.ignore("zyxel (negotiations of IPsec)", messages.take(tunnel))
    ends = pc.and_(_valid(part_of(pairs.get("src"), _ADDRESS)), _valid(part_of(pairs.get("dst"), _ADDRESS)))
    alarm = pc.match_substring_regex(category, _ALARM)
    passed = pc.match_substring_regex(category, r"(?i)traffic|firewall|policy|session")
    said = pc.is_valid(first_of(_DONE, _said(pairs)))
    flow = chosen(pc.and_(ends, pc.or_(pc.or_(alarm, passed), said))) & ~person & ~tunnel
    _flows(pairs.take(flow), alarm.filter(pa.array(flow)), output)
    rest = pairs.take(~(person | tunnel | flow))
    output.write(
        "device_event",
        VENDOR,
        rest.messages,
        {
            "message_id": rest.get("cat"),
            "category": first_of(((r"(?i)zysh|config|admin|file manage", "config"),), pc.fill_null(rest.get("cat"), ""), "system"),
            "user": rest.get("user"),
            "source": cells.addresses(pc.fill_null(part_of(rest.get("src"), _ADDRESS), "")),
            "message": rest.get("msg"),
        },
    )  # fmt: skip
    return messages.take(chosen(pa.array([False] * len(messages))))


def _valid(address: pa.Array) -> pa.Array:
    """Which are the addresses of machines: a log without connection writes 0.0.0.0 or nothing."""
    return pc.is_valid(cells.addresses(pc.fill_null(address, "")))


def _said(pairs: Pairs) -> pa.Array:
    return pc.binary_join_element_wise(*(pc.fill_null(pairs.get(key), "") for key in ("action", "note", "msg")), "\n")


def _people(pairs: Pairs, table: str, output: Output) -> None:
    text = pc.fill_null(pairs.get("msg"), "")
    action = first_of(((_REFUSE, "login_failed"), (_LEAVE, "logout")), text, "login")
    failed = pc.equal(action, "login_failed")
    output.write(
        table,
        VENDOR,
        pairs.messages,
        {
            "message_id": pairs.get("cat"),
            "action": action,
            "user": pc.coalesce(
                part_of(pairs.get("note"), r"^Account: (?P<u>.+)$"), pairs.get("user"), part_of(text, _WHO)
            ),
            "source": part_of(pairs.get("src"), _ADDRESS),
            "service": pc.utf8_lower(part_of(text, r"(?i)\bfrom (?P<s>http/https|https?|ssh|console|telnet|ftp)\b")),
            "privilege": first_of(((r"(?i)\badministrator\b|\battempt to device\b|\b(?:in|out) device\b", "admin"),), text),
            "reason": pc.if_else(failed, pc.coalesce(part_of(text, r"\((?P<r>[^()]*)\)\s*$"), text), pairs.no),
            "tunnel": first_of(((r"(?i)ssl ?vpn", "ssl"), ("(?i)l2tp", "l2tp"), ("(?i)ike|ipsec", "ipsec")), text),
            "duration": pairs.get("duration"),
        },
    )  # fmt: skip


def _flows(pairs: Pairs, alarm: pa.Array, output: Output) -> None:
    done = first_of(_DONE, _said(pairs))
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        {
            "message_id": pairs.get("cat"),
            "action": pc.coalesce(done, pc.if_else(alarm, "alert", pc.if_else(pc.is_valid(pairs.get("sent")), "close", "accept"))),
            "source": part_of(pairs.get("src"), _ADDRESS),
            "source_port": part_of(pairs.get("src"), _PORT),
            "source_zone": part_of(pairs.get("dir"), r"^(?P<z>[^:]*):"),
            "destination": part_of(pairs.get("dst"), _ADDRESS),
            "destination_port": part_of(pairs.get("dst"), _PORT),
            "destination_zone": part_of(pairs.get("dir"), r":(?P<z>[^:]*)$"),
            "nat_source": pairs.get("sourceTranslatedAddress"),
            "proto": pc.coalesce(pairs.get("protoID"), pc.utf8_lower(part_of(pairs.get("msg"), r"\b(?P<p>TCP|UDP|ICMP)\b"))),
            "application": pairs.get("proto"),
            "user": pairs.get("user", "suser"),
            "bytes_out": pairs.get("sent"),
            "bytes_in": pairs.get("rcvd"),
            "duration": pairs.get("duration"),
            "threat": pc.if_else(alarm, pairs.get("msg"), pairs.no),
        },
    )  # fmt: skip
