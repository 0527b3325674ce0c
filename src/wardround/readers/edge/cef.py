"""Common Event Format of firewalls and gateways other than FortiGate: Check Point, SonicWall, Palo Alto, F5 and more.

Source: ArcSight, *Common Event Format* (header of seven fields, extension of key=value pairs).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.edge import paloalto, paloalto_cef, unifi
from wardround.readers.syslog_frame import ASSUMED, STATED
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of, seconds_since_1970

PATTERN = r"CEF: ?\d{1,2}\||^\d{1,2}\|[A-Z][^|=]{1,40}\|[^|]{1,60}\|"

_HEAD = r"(?:^|CEF: ?)\d{1,2}\|+(?P<vendor>[^|]*)\|(?P<product>[^|]*)\|(?P<version>[^|]*)\|(?P<number>(?:[^|\\]|\\.)*)\|(?P<name>(?:[^|\\]|\\.)*)\|(?P<severity>[^|]*)\|"
_VENDORS = (
    ("(?i)check ?point", "checkpoint"),
    ("(?i)sonicwall", "sonicwall"),
    ("(?i)palo alto", "paloalto"),
    ("(?i)citrix|netscaler", "citrix"),
    ("(?i)^f5", "f5"),
    ("(?i)cisco", "cisco"),
    ("(?i)sophos", "sophos"),
    ("(?i)stormshield", "stormshield"),
    ("(?i)watchguard", "watchguard"),
    ("(?i)^ubiquiti", "ubiquiti"),
)  # fmt: skip
_KEYS = Vocabulary(
    [
        "src",
        "spt",
        "dst",
        "dpt",
        "c6a2",
        "c6a3",
        "proto",
        "act",
        "app",
        "suser",
        "susr",
        "duser",
        "dvchost",
        "dvc",
        "deviceExternalId",
        "origin",
        "out",
        "in",
        "rt",
        "dtz",
        "deviceInboundInterface",
        "deviceOutboundInterface",
        "inzone",
        "outzone",
        "sourceTranslatedAddress",
        "destinationTranslatedAddress",
        "destinationTranslatedPort",
        "sourceServiceName",
        "request",
        "requestMethod",
        "requestClientApplication",
        "msg",
        "reason",
        "cs1",
        "cs2",
        "cs3",
        "cs4",
        "cs1Label",
        "cs2Label",
        "externalId",
        "cn1",
        "shost",
        "dhost",
        "outcome",
        "cat",
        "fw_action",
        "rule_name",
        "status",
        "PanOSEventIDValue",
        "PanOSSourceUserName",
        "PanOSPublicIPv4",
        "PanOSPrivateIPv4",
        "PanOSStage",
        "PanOSAuthMethod",
        "PanOSSourceRegion",
        "PanOSEndpointDeviceName",
        "PanOSGlobalProtectClientVersion",
        "PanOSEventStatus",
        "PanOSConnectionError",
        "PanOSTunnelType",
        "PanOSPortal",
        "login_option",
        "user",
        "office_mode_ip",
        "duration",
        "attack",
        *paloalto_cef.KEYS,
    ]
)
_ACTIONS = (
    (r"(?i)^not.blocked", "alert"),
    (r"(?i)drop|prevent", "drop"),
    (r"(?i)block|reject|den(?:y|ied)|forbid", "deny"),
    (r"(?i)reset|rst", "reset"),
    (r"(?i)detect|monitor|alert|inform", "alert"),
    (r"(?i)allow|accept|bypass|pass|encrypt|decrypt|permit|open|success", "accept"),
)
_GLOBALPROTECT = (
    (r"auth$|prelogin", "authenticated"),
    (r"logout|config-release", "tunnel_down"),
    (r"gateway-connected|setup", "tunnel_up"),
    (r"register|login", "login"),
)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of CEF messages; those whose header is damaged are returned."""
    head = pc.extract_regex(messages.text, _HEAD)
    good = head.is_valid().to_numpy(zero_copy_only=False)
    damaged, messages, head = messages.take(~good), messages.take(good), head.filter(pa.array(good))
    if not len(messages):
        return damaged
    vendors = first_of(_VENDORS, pc.struct_field(head, [0]), "other")
    unnamed = pc.equal(vendors, "other")
    vendors = pc.if_else(unnamed, first_of(_VENDORS, pc.struct_field(head, [1]), "other"), vendors)
    for vendor in pc.unique(vendors).to_pylist():
        mine = chosen(pc.equal(vendors, vendor))
        if vendor == unifi.VENDOR:
            unifi.read(messages.take(mine), head.filter(pa.array(mine)), output)
            continue
        _vendor(vendor, messages.take(mine), head.filter(pa.array(mine)), output)
    return damaged


def _vendor(vendor: str, messages: Messages, head: pa.StructArray, output: Output) -> None:
    product, number, name = (pc.struct_field(head, [i]) for i in (1, 3, 4))
    pairs = Pairs.of(messages, _KEYS)
    _clock(messages, pairs)
    if vendor == "paloalto":
        told = chosen(pc.is_in(name, paloalto_cef.TYPES))
        _panos(pairs.take(told), head.filter(pa.array(told)), output)
        messages, head, pairs = messages.take(~told), head.filter(pa.array(~told)), pairs.take(~told)
        product, number, name = (pc.struct_field(head, [i]) for i in (1, 3, 4))
    portal = chosen(pc.equal(number, "GLOBALPROTECT"))
    _globalprotect(pairs.take(portal), output)
    people = pc.match_substring_regex(
        pc.binary_join_element_wise(product, name, " "), r"(?i)mobile access|remote access|log ?in|log ?out|authentication"
    )
    vpn = chosen(pc.and_(people, pc.is_valid(pairs.get("suser", "susr", "user", "duser")))) & ~portal & ~chosen(pc.match_substring_regex(product, "(?i)firewall|url|inspection"))  # fmt: skip
    said = pc.binary_join_element_wise(*(pc.fill_null(p, "") for p in (pairs.get("act", "outcome", "status"), name)), " ")
    _sessions(vendor, pairs.take(vpn), said.filter(pa.array(vpn)), output)
    flows = chosen(pc.or_(pc.is_valid(pairs.get("src")), pc.is_valid(pairs.get("dst")))) & ~portal & ~vpn
    spare = chosen(pc.match_substring_regex(number, "^(?:IPTAG|SCTP|CONFIG|SYSTEM|AUTH)$"))
    _flows(vendor, pairs.take(flows & ~spare), head.filter(pa.array(flows & ~spare)), output)
    rest = ~portal & ~vpn & ~(flows & ~spare)
    left = pairs.take(rest)
    output.write(
        "device_event",
        vendor,
        left.messages,
        {
            "device": left.get("dvchost", "dvc", "origin", "deviceExternalId"),
            "message_id": number.filter(pa.array(rest)),
            "category": "system",
            "user": _account(left, "suser", "duser", "user"),
            "source": left.get("src"),
            "action": pc.utf8_lower(left.get("act", "outcome")),
            "message": pc.binary_join_element_wise(name.filter(pa.array(rest)), pc.fill_null(left.get("msg"), ""), ": "),
        },
    )


def _panos(pairs: Pairs, head: pa.StructArray, output: Output) -> None:
    """What PAN-OS writes by the vendor's guide is read as its lists are."""
    kinds = pc.struct_field(head, [4])
    for kind in pc.unique(kinds).to_pylist():
        mine = chosen(pc.equal(kinds, kind))
        some = pairs.take(mine)
        subtype = pc.struct_field(head.filter(pa.array(mine)), [3])
        paloalto.by_kind(some.messages, paloalto_cef.values_of(kind, some, subtype), output)


def _clock(messages: Messages, pairs: Pairs) -> None:
    """Put the time of receipt into the messages: since 1970, or in words with a zone beside it."""
    received = pc.fill_null(pairs.get("rt"), "")
    seconds_since_1970(messages, received)
    words = pc.extract_regex(received, r"^(?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}) (?P<year>\d{4}) (?P<clock>\d\d:\d\d:\d\d)")
    if words.null_count == len(words):
        return
    month, day, year, clock = (pc.fill_null(pc.struct_field(words, [i]), "") for i in range(4))
    zone = pc.replace_substring_regex(pc.fill_null(pairs.get("dtz"), ""), r"^(?:UTC|GMT|Z)$", "+0000")
    told, good, stated = cells.times(cells.iso_date(day, month, year, clock), zone)
    messages.ts[good] = told[good]
    messages.zone[good] = np.where(stated, STATED, ASSUMED)[good]


def _account(pairs: Pairs, *keys: str) -> pa.Array:
    """Who it was; of backslashes before the name one stays, however often they were escaped on the way."""
    return pc.replace_substring_regex(pairs.get(*keys), r"\\{2,}", r"\\")


def _flows(vendor: str, pairs: Pairs, head: pa.StructArray, output: Output) -> None:
    number, name = pc.struct_field(head, [3]), pc.struct_field(head, [4])
    said = pc.coalesce(first_of(_ACTIONS, pairs.get("act", "fw_action", "outcome")), first_of(_ACTIONS, name))
    ended = pc.match_substring_regex(name, r"(?i)connection closed|^end$")
    action = pc.if_else(ended, "close", pc.fill_null(said, "alert"))
    quiet = pc.match_substring_regex(name, r"(?i)^(?:log|end|start|https?|tcp_\d+|udp_\d+|connection (?:opened|closed)|\w+\.\w+|successful request|http request)$")  # fmt: skip
    policy = pc.if_else(
        pc.fill_null(pc.match_substring_regex(pairs.get("cs2Label"), "(?i)rule"), False),
        pairs.get("cs2"),
        pairs.get("rule_name"),
    )
    policy = pc.coalesce(
        policy,
        pc.if_else(
            pc.fill_null(pc.match_substring_regex(pairs.get("cs1Label"), "(?i)rule"), False), pairs.get("cs1"), pairs.no
        ),
    )
    output.write(
        "firewall_event",
        vendor,
        pairs.messages,
        {
            "device": pairs.get("dvchost", "dvc", "origin", "deviceExternalId"),
            "message_id": number,
            "action": action,
            "source": pairs.get("src", "c6a2"),
            "source_port": pairs.get("spt"),
            "source_zone": pairs.get("inzone", "deviceInboundInterface"),
            "destination": pairs.get("dst", "c6a3"),
            "destination_port": pairs.get("dpt"),
            "destination_zone": pairs.get("outzone", "deviceOutboundInterface"),
            "nat_source": pairs.get("sourceTranslatedAddress"),
            "nat_destination": pairs.get("destinationTranslatedAddress"),
            "nat_port": pairs.get("destinationTranslatedPort"),
            "proto": pairs.get("proto"),
            "application": pairs.get("app"),
            "user": _account(pairs, "suser", "susr", "duser"),
            "policy": policy,
            "bytes_out": pairs.get("out"),
            "bytes_in": pairs.get("in"),
            "threat": pc.if_else(quiet, pa.scalar(None, pa.string()), cells.known(name)),
            "url": pairs.get("request", "dhost"),
            "session": pairs.get("externalId"),
        },
    )


def _sessions(vendor: str, pairs: Pairs, said: pa.Array, output: Output) -> None:
    cases = ((r"(?i)log ?(?:out|off)|disconnect", "logout"), (r"(?i)fail|reject|den|wrong|drop|block", "login_failed"))
    output.write(
        "vpn_session",
        vendor,
        pairs.messages,
        {
            "device": pairs.get("dvchost", "dvc", "origin", "deviceExternalId"),
            "action": first_of(cases, said, "login"),
            "user": _account(pairs, "suser", "susr", "user", "duser"),
            "source": pairs.get("src"),
            "assigned_address": pairs.get("office_mode_ip"),
            "reason": pairs.get("reason", "msg"),
            "authentication": pairs.get("login_option"),
            "duration": pairs.get("duration"),
        },
    )


def _globalprotect(pairs: Pairs, output: Output) -> None:
    event = pc.fill_null(pairs.get("PanOSEventIDValue"), "")
    failed = pc.fill_null(pc.match_substring_regex(pairs.get("PanOSEventStatus"), "(?i)fail"), False)
    action = first_of(_GLOBALPROTECT, event, "message")
    output.write(
        "vpn_session",
        "paloalto",
        pairs.messages,
        {
            "message_id": event,
            "action": pc.if_else(
                pc.and_(failed, pc.is_in(action, pa.array(["authenticated", "login"]))), "login_failed", action
            ),
            "user": _account(pairs, "PanOSSourceUserName"),
            "realm": pairs.get("PanOSPortal"),
            "source": pairs.get("PanOSPublicIPv4"),
            "source_country": pairs.get("PanOSSourceRegion"),
            "assigned_address": pairs.get("PanOSPrivateIPv4"),
            "hostname": pairs.get("PanOSEndpointDeviceName"),
            "client": pairs.get("PanOSGlobalProtectClientVersion"),
            "authentication": pairs.get("PanOSAuthMethod"),
            "reason": pairs.get("PanOSConnectionError"),
            "tunnel": pairs.get("PanOSTunnelType"),
        },
    )
