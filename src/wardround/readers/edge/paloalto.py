"""Palo Alto Networks PAN-OS: lists of values separated by commas, one order per type.

Source: Palo Alto Networks, *PAN-OS Administrator's Guide: Syslog Field Descriptions* (traffic, threat, GlobalProtect, config,
system, HIP match).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.edge.paloalto_json import values_of
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import day_and_clock, first_of, listed, part_of

_TYPES = "TRAFFIC|THREAT|GLOBALPROTECT|CONFIG|SYSTEM|HIPMATCH|USERID|DECRYPTION|AUTHENTICATION|CORRELATION|SCTP|GTP|IPTAG|TUNNEL|AUDIT|START|END|URL|DATA|WILDFIRE"
PATTERN = rf"^\d{{0,20}},[^,]{{1,32}},[^,]{{0,24}},(?:{_TYPES}),|^\{{\s*(?:\"[^{{}}]*)?\"(?:VendorName|ConfigVersion|LogSourceID|DeviceSN)\":|failed to unmarshal session\("
VENDOR = "paloalto"

_ACTIONS = (
    (r"(?i)^allow|^alert-allow", "accept"),
    (r"(?i)deny|block", "deny"),
    (r"(?i)drop|sinkhole|random-drop", "drop"),
    (r"(?i)^reset", "reset"),
    (r"(?i)^alert|^wildfire|^syncookie|continue|override", "alert"),
)
_PORTAL = (
    (r"prelogin", "prelogin"),
    (r"-auth$", "authenticated"),
    (r"logout", "logout"),
    (r"config-release", "tunnel_down"),
    (r"gateway-connected|gateway-setup|switch-to-ssl", "tunnel_up"),
    (r"register|login", "login"),
    (r"hip", "policy"),
)
#: Of no bearing here, or already told by another type.
_IGNORED = ("USERID", "DECRYPTION", "IPTAG", "SCTP", "GTP", "TUNNEL", "AUDIT")
_HIGH_RESOLUTION = r",(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,6})?([+-]\d\d:\d\d|Z)(?:,|\s*$)"


def _where(values: list[pa.Array], mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[pa.Array]:
    flags = pa.array(mask)
    return [value.filter(flags) for value in values]


def _clock(messages: Messages, values: list[pa.Array]) -> None:
    """The time when the log was made, with its zone where the newer column states it."""
    day_and_clock(messages, pc.coalesce(values[6], values[1]))
    fine = pc.extract_regex(
        messages.text, _HIGH_RESOLUTION.replace("(\\d{4}", "(?P<t>\\d{4}", 1).replace("([+-]", "(?P<z>[+-]", 1)
    )
    zone = pc.replace_substring(pc.fill_null(pc.struct_field(fine, [1]), ""), "Z", "+00:00")
    value, good, stated = cells.times(pc.fill_null(pc.struct_field(fine, [0]), ""), zone)
    # Where the columns themselves are as fine, the first of them is when the log was received.
    good &= stated & ~chosen(pc.match_substring_regex(pc.fill_null(values[6], ""), r"^\d{4}-\d\d-\d\dT"))
    messages.ts[good], messages.zone[good] = value[good], 2


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of PAN-OS messages; returns those of types that are not known."""
    json = chosen(pc.match_substring_regex(messages.text, r"^\{"))
    if json.any():
        by_kind(mine := messages.take(json), values_of(mine), output)
        messages = messages.take(~json)
    exploit = chosen(pc.match_substring_regex(messages.text, r"failed to unmarshal session\("))
    if exploit.any():
        mine = messages.take(exploit)
        output.write("device_event", VENDOR, mine, {"category": "system", "message_id": "gpsvc", "message": mine.text})
        messages = messages.take(~exploit)
    if not len(messages):
        return messages
    values = listed(messages, 64)
    _clock(messages, values)
    by_kind(messages, values, output)
    return messages.take(np.zeros(len(messages), np.bool_))


def by_kind(messages: Messages, values: list[pa.Array], output: Output) -> None:
    """Write rows of messages whose columns are given in the order of the lists."""
    kinds = pc.fill_null(values[3], "")
    for kind in pc.unique(kinds).to_pylist():
        mask = chosen(pc.equal(kinds, kind))
        mine, cells_of = messages.take(mask), _where(values, mask)
        if kind in _IGNORED or kind in ("", "DNS"):
            output.ignore(f"palo alto {kind}".rstrip(), mine)
        elif kind in ("TRAFFIC", "START", "END"):
            _traffic(mine, cells_of, output)
        elif kind in ("THREAT", "URL", "DATA", "WILDFIRE", "FILE"):
            _threat(mine, cells_of, output)
        elif kind == "GLOBALPROTECT":
            _globalprotect(mine, cells_of, output)
        elif kind == "AUTHENTICATION":
            _authentication(mine, cells_of, output)
        elif kind == "SYSTEM":
            _system(mine, cells_of, output)
        else:
            _other(kind, mine, cells_of, output)


def _common(v: list[pa.Array], name: int | None) -> dict[str, pa.Array | str | None]:
    device = pc.coalesce(v[name], v[2]) if name is not None else v[2]
    return {"device": device, "message_id": pc.binary_join_element_wise(v[3], pc.fill_null(v[4], ""), "/")}


def _flow(v: list[pa.Array]) -> dict[str, pa.Array | str | None]:
    return {
        "source": v[7],
        "source_port": v[24],
        "source_zone": v[16],
        "destination": v[8],
        "destination_port": v[25],
        "destination_zone": v[17],
        "nat_source": v[9],
        "nat_destination": v[10],
        "nat_port": v[27],
        "proto": v[29],
        "application": v[14],
        "user": v[12],
        "policy": v[11],
        "session": v[22],
    }


def _traffic(messages: Messages, v: list[pa.Array], output: Output) -> None:
    action = first_of(_ACTIONS, pc.fill_null(v[30], ""), "alert")
    ended = pc.and_(pc.equal(action, "accept"), pc.fill_null(pc.equal(v[4], "end"), False))
    values = _common(v, 52) | _flow(v) | {"bytes_out": v[32], "bytes_in": v[33], "duration": v[36]}
    output.write("firewall_event", VENDOR, messages, values | {"action": pc.if_else(ended, "close", action)})


def _threat(messages: Messages, v: list[pa.Array], output: Output) -> None:
    action = first_of(_ACTIONS, pc.fill_null(v[30], ""), "alert")
    web = pc.fill_null(pc.equal(v[4], "url"), False)
    values = _common(v, 59) | _flow(v) | {"threat": pc.if_else(web, v[33], v[32]), "url": v[31]}
    output.write("firewall_event", VENDOR, messages, values | {"action": action})


def _address(text: pa.Array) -> pa.Array:
    """An address of IPv4; where 0.0.0.0 stands, the next column may hold one of IPv6."""
    return pc.if_else(pc.fill_null(pc.equal(text, "0.0.0.0"), False), pa.scalar(None, pa.string()), text)  # noqa: S104


def _globalprotect(messages: Messages, v: list[pa.Array], output: Output) -> None:
    failed = pc.fill_null(pc.match_substring_regex(v[28], "(?i)fail"), False)
    action = first_of(_PORTAL, v[8], "message")
    logon = pc.is_in(action, pa.array(["authenticated", "login", "prelogin"]))
    action = pc.if_else(pc.and_(failed, logon), "login_failed", action)
    succeeded = cells.mapped(
        action, {"authenticated": "success", "login": "success", "tunnel_up": "success", "logout": "success"}
    )
    output.write(
        "vpn_session",
        VENDOR,
        messages,
        _common(v, None)
        | {
            "message_id": v[8],
            "action": action,
            "outcome": pc.if_else(failed, "failure", succeeded),
            "user": pc.replace_substring_regex(v[12], r"\\{2,}", r"\\"),
            "realm": v[33],
            "source": pc.coalesce(_address(v[15]), v[16]),
            "source_country": v[13],
            "assigned_address": pc.coalesce(_address(v[17]), v[18]),
            "hostname": v[14],
            "client": v[21],
            "os": pc.coalesce(v[23], v[22]),
            "authentication": v[10],
            "factor": first_of((("(?i)saml", "saml"), ("(?i)cert", "certificate")), v[10]),
            "reason": pc.coalesce(v[26], v[25], v[27]),
            "tunnel": pc.utf8_lower(v[11]),
            "duration": v[30],
        },
    )


def _system(messages: Messages, v: list[pa.Array], output: Output) -> None:
    text = pc.fill_null(v[14], "")
    user = pc.coalesce(
        part_of(text, r"(?i)\buser(?: name)?:? '?(?P<u>[^'\s,]+?)'?[.,]?(?:\s|$)"), part_of(text, r"^User (?P<u>\S+) logged")
    )
    source = part_of(text, r"(?i)(?:from:?|login from:)\s*(?P<s>[0-9A-Fa-f.:]*[0-9A-Fa-f])")
    reason = part_of(text, r"(?i)reason: (?P<r>[^.]*)")
    portal = chosen(pc.match_substring_regex(text, r"(?i)^GlobalProtect (?:gateway|portal)"))
    cases = (
        (r"(?i)fail", "login_failed"),
        (r"(?i)logout|released|disconnect", "logout"),
        (r"(?i)client configuration generated", "tunnel_up"),
        (r"(?i)login succeeded|registered", "login"),
        (r"(?i)authentication succeeded", "authenticated"),
    )
    flags = pa.array(portal)
    said = text.filter(flags)
    mine = _where(v, portal)
    output.write(
        "vpn_session",
        VENDOR,
        messages.take(portal),
        _common(mine, 22)
        | {
            "message_id": mine[8],
            "action": first_of(cases, said, "message"),
            "user": user.filter(flags),
            "source": source.filter(flags),
            "source_country": part_of(said, r"Source region: (?P<c>\w+)"),
            "assigned_address": part_of(said, r"Private IP: (?P<p>[0-9.]+)"),
            "client": part_of(said, r"Client version: (?P<v>[^,]+)"),
            "reason": reason.filter(flags),
        },
    )
    telling = r"(?i)auth-fail|auth-success|^auth$|logged (?:in|out)|failed authentication|authenticated for user|login"
    people = pc.match_substring_regex(pc.binary_join_element_wise(pc.fill_null(v[8], ""), text, " "), telling)
    logon = chosen(pc.and_(people, pc.is_valid(user))) & ~portal
    flags = pa.array(logon)
    said = text.filter(flags)
    mine = _where(v, logon)
    output.write(
        "logon",
        VENDOR,
        messages.take(logon),
        _common(mine, 22)
        | {
            "message_id": mine[8],
            "action": first_of(((r"(?i)fail|denied|invalid", "login_failed"), (r"(?i)logged out", "logout")), said, "login"),
            "user": user.filter(flags),
            "source": source.filter(flags),
            "service": part_of(said, r"via (?P<s>\w+)"),
            "authentication": part_of(said, r"auth profile '?(?P<a>[^',]+)"),
            "privilege": first_of(((r"(?i)admin role|via (?:Web|CLI)", "admin"),), said),
            "reason": reason.filter(flags),
        },
    )
    rest = ~portal & ~logon
    mine = _where(v, rest)
    changed_by = part_of(text.filter(pa.array(rest)), r"(?:\bby user |\bUser: )'?(?P<u>[^'\s,]+)")
    values = {
        "category": "system",
        "severity": mine[13],
        "user": changed_by,
        "action": mine[8],
        "object": mine[9],
        "message": mine[14],
    }
    output.write("device_event", VENDOR, messages.take(rest), _common(mine, 22) | values)


def _authentication(messages: Messages, v: list[pa.Array], output: Output) -> None:
    """Logons that an authentication policy asked for; description and event tell how they went."""
    said = pc.binary_join_element_wise(*(pc.fill_null(v[i], "") for i in (4, 18, 20)), " ")
    action = first_of(((r"(?i)fail|denied|reject|invalid|timeout|timed out|locked", "login_failed"),), said, "login")
    output.write(
        "logon",
        VENDOR,
        messages,
        _common(v, None)
        | {"action": action, "user": v[9], "source": v[8], "service": v[19], "authentication": v[17], "reason": pc.if_else(pc.equal(action, "login_failed"), v[18], pa.scalar(None, pa.string()))},
    )  # fmt: skip


def _other(kind: str, messages: Messages, v: list[pa.Array], output: Output) -> None:
    if kind == "CONFIG":
        values = {
            "category": "config",
            "source": v[7],
            "action": v[9],
            "user": v[10],
            "ui": v[11],
            "object": v[13],
            "message": v[12],
        }
    elif kind == "HIPMATCH":
        output.write(
            "vpn_session",
            VENDOR,
            messages,
            {"device": v[2], "message_id": "HIPMATCH", "action": "policy", "user": v[7], "hostname": v[9], "os": v[10], "assigned_address": v[11], "reason": v[12]},
        )  # fmt: skip
        return
    else:
        values = {"category": kind.lower(), "user": v[9], "source": v[8], "message": v[13]}
    output.write("device_event", VENDOR, messages, _common(v, None) | values)
