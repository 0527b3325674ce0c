"""Stormshield Network Security (``… logtype="filter"``).

Source: Stormshield, *SNS: Description of Audit Logs*.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_messages import OUTCOMES, Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of

PATTERN = r"\bfw=\"?\S+\"? .*logtype=\"?[a-z]+"
VENDOR = "stormshield"

_KEYS = Vocabulary(
    [
        "time",
        "tz",
        "fw",
        "startime",
        "pri",
        "user",
        "domain",
        "src",
        "srcport",
        "srcif",
        "srcifname",
        "dst",
        "dstport",
        "dstif",
        "dstifname",
        "ipproto",
        "proto",
        "rulename",
        "ruleid",
        "policy",
        "sent",
        "rcvd",
        "duration",
        "action",
        "msg",
        "alarmid",
        "class",
        "logtype",
        "method",
        "error",
        "dstname",
        "op",
        "arg",
        "result",
        "modsrc",
        "origdst",
        "origdstport",
        "srccountry",
        "remotenet",
        "localnet",
        "remoteid",
        "side",
        "ike",
        "phase",
        "totp",
        "agentid",
        "ip",
        "address",
        "ruletype",
        "sandboxing",
        "virus",
        "srcname",
    ]
)

_FLOWS = pa.array(["filter", "connection", "plugin", "alarm", "web", "smtp", "ftp", "pop3", "ssl", "count", "l_filter"])

_FAILED = r"(?i)fail|refus|denied|reject|invalid"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Stormshield messages; returns none."""
    pairs = Pairs.of(messages, _KEYS)
    day_and_clock(messages, pairs.get("time", "startime"), pairs.get("tz"))
    kind, text = pc.fill_null(pairs.get("logtype"), ""), pc.fill_null(pairs.get("msg"), "")
    method = pc.fill_null(pairs.get("method"), "")
    tunnels = pc.or_(
        pc.is_in(kind, pa.array(["vpn", "xvpn"])), pc.match_substring_regex(method, "(?i)openvpn|ssl ?vpn|sslvpn|ipsec")
    )
    vpn = chosen(tunnels)
    _sessions(pairs.take(vpn), output)
    # Somebody enrols a second factor: what the portal is asked for, no logon.
    enrolment = pc.match_substring_regex(text, r"(?i)\benrol")
    console = pc.match_substring_regex(
        text, r"(?i)authentication (?:succe|fail|refus)|\blogged (?:in|out|on|off)\b|^log(?:in|out)\b"
    )
    logon = chosen(pc.or_(pc.equal(kind, "auth"), pc.and_(pc.equal(kind, "server"), console))) & ~vpn & ~chosen(enrolment)
    _logons(pairs.take(logon), output)
    # Alarms of the class system are about the firewall itself: no connection stands in them.
    itself = pc.and_(pc.equal(kind, "alarm"), pc.and_(pc.is_null(pairs.get("src")), pc.is_null(pairs.get("dst"))))
    flows = chosen(pc.and_(pc.is_in(kind, _FLOWS), pc.invert(itself))) & ~vpn & ~logon
    _flows(pairs.take(flows), output)
    rest = pairs.take(~vpn & ~logon & ~flows)
    output.write(
        "device_event",
        VENDOR,
        rest.messages,
        _common(rest)
        | {
            "category": first_of((("^server$", "config"), ("^count|^monitor", "statistics")), pc.fill_null(rest.get("logtype"), ""), "system"),
            "severity": rest.get("pri"),
            "user": rest.get("user"),
            "source": rest.get("src", "address"),
            "action": rest.get("action"),
            "message": rest.get("msg"),
        },
    )  # fmt: skip
    return messages.take(chosen(pa.array([False] * len(messages))))


def _common(pairs: Pairs) -> dict[str, pa.Array | str | None]:
    return {"device": pairs.get("fw"), "message_id": pairs.get("logtype")}


def _sessions(pairs: Pairs, output: Output) -> None:
    text = pc.fill_null(pairs.get("msg"), "")
    cases = (
        (_FAILED, "login_failed"),
        (r"(?i)delete|remov|clos|disconnect|terminat|expired|logged out|down", "tunnel_down"),
        (r"(?i)authenticated|authentication|logged in|success", "login"),
        (r"(?i)tunnel (?:created|up)|established|connected|created|opened", "tunnel_up"),
    )
    kind = pc.fill_null(pairs.get("logtype"), "")
    people = pc.or_(pc.is_valid(pairs.get("user")), pc.equal(kind, "xvpn"))
    action = first_of(cases, text, "message")
    # The first phase only opens the way for tunnels.
    first = pc.and_(pc.equal(kind, "vpn"), pc.fill_null(pc.equal(pairs.get("phase"), "1"), False))
    action = pc.if_else(pc.and_(first, pc.equal(action, "tunnel_up")), "negotiation", action)
    action = pc.if_else(pc.or_(people, pc.is_in(action, pa.array(["tunnel_up", "tunnel_down"]))), action, "negotiation")
    # Of IPsec, error is a level (2: error) and src the firewall's own end; of SSL, error is what came back (0: it went well).
    ipsec = pc.equal(kind, "vpn")
    error = pc.fill_null(pairs.get("error"), "0")
    failed = pc.or_(
        pc.match_substring_regex(text, _FAILED), pc.if_else(ipsec, pc.equal(error, "2"), pc.invert(pc.equal(error, "0")))
    )
    outcome = pc.if_else(failed, "failure", cells.mapped(action, OUTCOMES))
    # A network beyond another gateway is no address that somebody was given.
    leased = pc.or_(
        pc.invert(ipsec), pc.fill_null(pc.match_substring_regex(pairs.get("remotenet"), r"^[^/]+(?:/32|/128)?$"), False)
    )
    output.write(
        "vpn_session",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "outcome": outcome,
            "user": pairs.get("user"),
            "realm": pairs.get("domain"),
            "source": pc.if_else(ipsec, pairs.get("dst"), pairs.get("src")),
            "source_country": pairs.get("srccountry"),
            "assigned_address": pc.if_else(leased, pairs.get("remotenet"), pairs.no),
            "reason": pc.if_else(_went_well(action, outcome), pairs.no, text),
            "tunnel": pc.if_else(ipsec, "ipsec", "ssl"),
            "duration": pairs.get("duration"),
            "bytes_out": pairs.get("sent"),
            "bytes_in": pairs.get("rcvd"),
            "authentication": pairs.get("method"),
        },
    )


def _went_well(action: pa.Array, outcome: pa.Array) -> pa.Array:
    """What the message says of a logon or a tunnel that came about is the action, no reason."""
    begun = pc.is_in(action, pa.array(["login", "tunnel_up"]))
    return pc.and_(begun, pc.fill_null(pc.not_equal(outcome, "failure"), True))


def _logons(pairs: Pairs, output: Output) -> None:
    text = pc.fill_null(pairs.get("msg"), "")
    cases = (
        (r"(?i)log(?:ged)? ?(?:out|off)|disconnect", "logout"),
        (r"(?i)fail|refus|denied|reject|invalid|wrong", "login_failed"),
    )
    action = first_of(cases, text, "login")
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "user": pairs.get("user"),
            "source": pairs.get("src", "address"),
            "service": first_of(
                (("(?i)ssh", "ssh"), ("(?i)web|https|gui", "https"), ("(?i)console", "console")), text, "portal"
            ),
            "privilege": first_of(((r"(?i)on the firewall|administrat|console|^ssh\b", "admin"),), text, "user"),
            "authentication": pairs.get("method"),
            "reason": pc.if_else(pc.equal(action, "login"), pairs.no, text),
        },
    )


def _flows(pairs: Pairs, output: Output) -> None:
    kind = pc.fill_null(pairs.get("logtype"), "")
    said = pc.fill_null(pairs.get("action"), "")
    cases = (
        ("(?i)^block|^deny", "deny"),
        ("(?i)^drop", "drop"),
        ("(?i)^reset|^rst", "reset"),
        ("(?i)^pass|^accept|^none$", "accept"),
    )
    action = first_of(cases, said)
    ended = pc.and_(pc.equal(kind, "connection"), pc.is_null(action))
    # A filter line without an action tells of a rule that only logs; the connection passed.
    action = pc.coalesce(pc.if_else(ended, "close", action), pc.if_else(pc.equal(kind, "alarm"), "alert", "accept"))
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "source": pairs.get("src"),
            "source_port": pairs.get("srcport"),
            "source_zone": pairs.get("srcifname", "srcif"),
            "destination": pairs.get("dst"),
            "destination_port": pairs.get("dstport"),
            "destination_zone": pairs.get("dstifname", "dstif"),
            "nat_source": pairs.get("modsrc"),
            "nat_destination": pairs.get("origdst"),
            "nat_port": pairs.get("origdstport"),
            "proto": pairs.get("ipproto"),
            "application": pairs.get("proto"),
            "user": pairs.get("user"),
            "policy": pairs.get("rulename", "ruleid"),
            "bytes_out": pairs.get("sent"),
            "bytes_in": pairs.get("rcvd"),
            "duration": pairs.get("duration"),
            "threat": pc.if_else(pc.equal(kind, "alarm"), pairs.get("msg"), pa.scalar(None, pa.string())),
            "url": pc.coalesce(
                pc.binary_join_element_wise(pairs.get("dstname"), pairs.get("arg"), ""),
                pairs.get("arg"),
                pc.if_else(pc.equal(kind, "ssl"), pairs.get("dstname"), pairs.no),
            ),
        },
    )
