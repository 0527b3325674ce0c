"""SonicWall: firewalls (SonicOS, ``id=firewall … m=537``) and Secure Mobile Access (``id=sslvpn``).

Source: SonicWall, *SonicOS Log Events Reference Guide*; *SMA Administration Guide*, syslog.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of, part_of

PATTERN = r"^(?:[0-9A-Fa-f.:]+ +)?id=\"?[^\s=]{1,64} +sn=\S* +(?:vp_)?time=|^id=sslvpn "
VENDOR = "sonicwall"

_KEYS = Vocabulary(
    [
        "id",
        "sn",
        "time",
        "vp_time",
        "fw",
        "pri",
        "m",
        "msg",
        "src",
        "dst",
        "srcV6",
        "dstV6",
        "proto",
        "sent",
        "rcvd",
        "usr",
        "user",
        "susr",
        "fw_action",
        "note",
        "rule",
        "sess",
        "op",
        "dstname",
        "arg",
        "portal",
        "domain",
        "agent",
        "natSrc",
        "natDst",
        "app",
        "appName",
        "spt",
        "dpt",
        "dur",
    ]
)

_PARTS = {
    "address": r"^(?P<a>[0-9a-fA-F.]+)(?::|$)",
    "port": r"^(?:\d{1,3}(?:\.\d{1,3}){3})?:(?P<p>\d{1,5})(?::|$)",  # of IPv6 the address has a key of its own
    "zone": r"^[^:]+:\d*:(?P<z>[^:]+)",
}

_VPN = (
    (r"(?i)(?:ssl.?vpn|xauth|vpn client|remote user|netextender|virtual office|mobile connect|user login|otp|one.time).*(?:log(?:ged)? ?(?:out|off)|timed? ?out|session (?:end|term))", "logout"),
    (r"(?i)(?:one.time|otp|2fa|totp).*(?:fail|incorrect|denied|invalid|wrong)", "second_factor_failed"),
    (r"(?i)(?:ssl.?vpn|xauth|vpn client|remote user|netextender|user login|log ?in).*(?:denied|fail|incorrect|reject|bad|invalid|not allowed|mismatch|lock)", "login_failed"),
    (r"(?i)(?:ssl.?vpn|xauth|vpn client|remote user|netextender|user login|log ?in).*(?:allowed|succe|logged in)", "login"),
    (r"(?i)netextender (?:client )?(?:connected|session (?:start|establish))|ip address .* assigned|ssl.?vpn (?:tunnel|session) (?:up|start)", "tunnel_up"),
)  # fmt: skip
_TELLS_VPN = r"(?i)^user login (?:allowed|denied|failed)|ssl.?vpn|xauth|vpn client|remote user|netextender|virtual office|mobile connect|one.time password|otp"
_TELLS_LOGON = r"(?i)(?:admin\w*|user|gui|cli|web management)\b.*\b(?:log(?:ged)? ?-?(?:in|out|off|on)|login)\b"
_LOGON = (
    (r"(?i)log(?:ged)? ?-?(?:out|off)", "logout"),
    (r"(?i)denied|fail|incorrect|bad|invalid|not allowed|lock|reject", "login_failed"),
    (r"(?i)log", "login"),
)
_FLOW = (
    (r"(?i)connection opened|web site (?:hit|accessed)|connection established", "accept"),
    (r"(?i)connection closed", "close"),
    (r"(?i)access denied|prevention|blocked|denied|dropp?ed|drop\b|reject|discard|not allowed|access rule deny", "drop"),
    (r"(?i)\ballowed\b", "accept"),
)


#: Changes of rules, policies, users and settings: access rules, VPN policies, users, passwords, configuration.
_CHANGES = pa.array(
    [
        "440",
        "441",
        "442",
        "1049",
        "1050",
        "1051",
        "1052",
        "1333",
        "1334",
        "1335",
        "1337",
        "1338",
        "1343",
        "1382",
        "1383",
        "1432",
    ]
)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of SonicWall messages; returns none."""
    pairs = Pairs.of(messages, _KEYS)
    day_and_clock(messages, pairs.get("vp_time", "time"))
    text = pc.fill_null(pairs.get("msg"), "")
    flow_numbers = pc.is_in(pc.fill_null(pairs.get("m"), ""), pa.array(["97", "98", "537", "1235"]))
    portal = pc.equal(pc.fill_null(pairs.get("id"), ""), "sslvpn")
    gateway = pc.and_(pc.or_(portal, pc.match_substring_regex(text, _TELLS_VPN)), pc.invert(flow_numbers))
    people = pc.match_substring_regex(text, _TELLS_LOGON)
    action = pc.coalesce(first_of(_VPN, text), pc.if_else(pc.and_(portal, people), first_of(_LOGON, text), pairs.no))
    vpn = chosen(pc.and_(gateway, pc.is_valid(action)))
    _sessions(pairs.take(vpn), action.filter(pa.array(vpn)), output)
    changes = chosen(pc.is_in(pc.fill_null(pairs.get("m"), ""), _CHANGES)) & ~vpn
    admin = chosen(pc.and_(people, pc.invert(flow_numbers))) & ~vpn & ~changes
    _logons(pairs.take(admin), output)
    source = pc.is_valid(pairs.get("src", "srcV6"))
    flows = chosen(pc.and_(source, pc.is_valid(pairs.get("dst", "dstV6")))) & ~vpn & ~admin & ~changes
    _flows(pairs.take(flows), output)
    rest = pairs.take(~vpn & ~admin & ~flows)
    output.write(
        "device_event",
        VENDOR,
        rest.messages,
        _common(rest)
        | {"category": pc.if_else(pc.is_in(pc.fill_null(rest.get("m"), ""), _CHANGES), "config", "system"), "severity": rest.get("pri"), "user": _user(rest), "source": _part(rest, "src", "address"), "message": rest.get("msg")},
    )  # fmt: skip
    return messages.take(~chosen(pc.is_valid(text)))


def _part(pairs: Pairs, key: str, part: str) -> pa.Array:
    """A part of ``address:port:interface:name``."""
    return part_of(pairs.get(key), _PARTS[part])


def _user(pairs: Pairs) -> pa.Array:
    """Who; single sign-on that did not find out says ``Unknown (…)``."""
    said = pairs.get("usr", "user", "susr")
    return pc.if_else(pc.fill_null(pc.match_substring_regex(said, r"^(?i:unknown) \("), False), pairs.no, said)


def _common(pairs: Pairs) -> dict[str, pa.Array | str | None]:
    return {"device": pairs.get("fw", "sn"), "message_id": pairs.get("m")}


def _reason(pairs: Pairs, action: pa.Array) -> pa.Array:
    """Why it failed or ended; of what went well the message tells nothing that the action does not."""
    return pc.if_else(pc.is_in(action, pa.array(["login", "tunnel_up"])), pairs.no, pairs.get("note", "msg"))


def _sessions(pairs: Pairs, action: pa.Array, output: Output) -> None:
    output.write(
        "vpn_session",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "user": _user(pairs),
            "realm": pairs.get("domain", "portal"),
            "source": _part(pairs, "src", "address"),
            "client": pairs.get("agent"),
            "reason": _reason(pairs, action),
            "tunnel": "ssl",
            "duration": pairs.get("dur"),
        },
    )


def _logons(pairs: Pairs, output: Output) -> None:
    text = pairs.get("msg")
    action = first_of(_LOGON, text)
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "user": _user(pairs),
            "source": _part(pairs, "src", "address"),
            "source_port": _part(pairs, "src", "port"),
            "service": pairs.get("proto"),
            "privilege": first_of(((r"(?i)admin|cli", "admin"),), text, "user"),
            "reason": _reason(pairs, action),
        },
    )


def _flows(pairs: Pairs, output: Output) -> None:
    text = pairs.get("msg")
    # A visit to a web site (97) is told by its number alone.
    visit = pc.if_else(pc.fill_null(pc.equal(pairs.get("m"), "97"), False), "web site hit", "")
    said = pc.binary_join_element_wise(pc.fill_null(text, visit), pc.fill_null(pairs.get("fw_action"), ""), " ")
    plain = pc.is_in(pc.fill_null(pairs.get("m"), ""), pa.array(["97", "98", "537", "36", "38", "1235"]))
    url = pc.binary_join_element_wise(pairs.get("dstname"), pc.fill_null(pairs.get("arg"), ""), "")
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": first_of(_FLOW, said, "alert"),
            "source": pc.coalesce(_part(pairs, "src", "address"), pairs.get("srcV6")),
            "source_port": pc.coalesce(_part(pairs, "src", "port"), pairs.get("spt")),
            "source_zone": _part(pairs, "src", "zone"),
            "destination": pc.coalesce(_part(pairs, "dst", "address"), pairs.get("dstV6")),
            "destination_port": pc.coalesce(_part(pairs, "dst", "port"), pairs.get("dpt")),
            "destination_zone": _part(pairs, "dst", "zone"),
            "proto": pairs.get("proto"),
            "application": part_of(pairs.get("proto"), r"/(?P<s>.+)$"),
            "user": _user(pairs),
            "policy": pairs.get("rule"),
            "bytes_out": pairs.get("sent"),
            "bytes_in": pairs.get("rcvd"),
            "threat": pc.if_else(plain, pa.scalar(None, pa.string()), text),
            "url": url,
            "session": pairs.get("sess"),
        },
    )
