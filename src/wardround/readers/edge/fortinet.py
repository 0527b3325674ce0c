"""FortiGate: pairs of key and value, or the same in CEF.

Source: Fortinet, *FortiOS Log Message Reference* (log types traffic, event and utm, and their subtypes).
"""

# Patterns are easier to compare when each stands on one line.

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import ASSUMED, STATED, UTC
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary
from wardround.readers.zeek_cells import Bytes, Positions, _kernel

VENDOR = "fortinet"

#: Our name of a value: the keys that hold it, in key=value logs and in CEF.
_KEYS: dict[str, tuple[str, ...]] = {
    "date": ("date",),
    "time": ("time",),
    "tz": ("tz", "FTNTFGTtz"),
    "eventtime": ("eventtime", "FTNTFGTeventtime", "logtime"),
    "device": ("devname", "dvchost", "devid", "device_id", "deviceExternalId"),
    "logid": ("logid", "log_id", "FTNTFGTlogid"),
    "type": ("type",),
    "subtype": ("subtype", "FTNTFGTsubtype"),
    "category": ("cat",),
    "level": ("level", "pri", "FTNTFGTlevel"),
    "action": ("action", "act", "FTNTFGTaction"),
    "status": ("status", "FTNTFGTstatus", "outcome"),
    "user": (
        "eapuser",
        "FTNTFGTeapuser",
        "user",
        "suser",
        "duser",
        "FTNTFGTuser",
        "unauthuser",
        "xauthuser",
        "FTNTFGTxauthuser",
    ),
    "group": ("group", "FTNTFGTgroup"),
    "remote": ("remip", "FTNTFGTremip", "src", "srcip", "rem_ip"),
    "source": ("srcip", "src"),
    "source_port": ("srcport", "src_port", "spt"),
    "source_zone": ("srcintf", "src_int", "deviceInboundInterface"),
    "source_role": ("srcintfrole", "FTNTFGTsrcintfrole"),
    "destination": ("dstip", "dst"),
    "destination_port": ("dstport", "dst_port", "dpt"),
    "destination_zone": ("dstintf", "dst_int", "deviceOutboundInterface"),
    "destination_role": ("dstintfrole", "FTNTFGTdstintfrole"),
    "country": ("srccountry", "FTNTFGTsrccountry"),
    "trandisp": ("trandisp", "FTNTFGTtrandisp"),
    "transip": ("transip", "sourceTranslatedAddress"),
    "tranip": ("tranip", "destinationTranslatedAddress"),
    "tranport": ("tranport", "destinationTranslatedPort"),
    "proto": ("proto", "FTNTFGTproto"),
    "application": ("app", "service", "FTNTFGTapp"),
    "policy": ("policyname", "policyid", "FTNTFGTpolicyid", "cs5", "policy_id"),
    "sent": ("sentbyte", "out", "sent", "FTNTFGTsentbyte"),
    "received": ("rcvdbyte", "in", "rcvd", "FTNTFGTrcvdbyte"),
    "duration": ("duration", "FTNTFGTduration", "cn1"),
    "threat": ("attack", "virus", "FTNTFGTattack", "FTNTFGTvirus", "catdesc", "FTNTFGTcatdesc", "requestContext", "logdesc"),
    "hostname": ("hostname", "dhost", "qname", "FTNTFGTqname"),
    "url": ("url", "request"),
    "session": ("sessionid", "externalId", "tunnelid", "FTNTFGTtunnelid"),
    "tunnel_type": ("tunneltype", "FTNTFGTtunneltype", "vpntunnel"),
    "tunnel_ip": ("tunnelip", "FTNTFGTtunnelip", "assignip", "FTNTFGTassignip"),
    "reason": ("reason", "FTNTFGTreason", "error_num"),
    "ui": ("ui", "sproc", "FTNTFGTui", "method"),
    "client": ("ip", "FTNTFGTip"),
    "path": ("cfgpath", "FTNTFGTcfgpath"),
    "object": ("cfgobj", "FTNTFGTcfgobj"),
    "attributes": ("cfgattr", "FTNTFGTcfgattr"),
    "description": ("logdesc", "FTNTFGTlogdesc"),
    "message": ("msg",),
    "mode": ("mode", "FTNTFGTmode"),
    "authentication": ("authserver", "FTNTFGTauthserver", "authproto"),
}
VOCABULARY = Vocabulary(key for keys in _KEYS.values() for key in keys)

_TRAFFIC = {
    "accept": "accept",
    "start": "accept",
    "ip-conn": "accept",
    "dns": "accept",
    "close": "close",
    "deny": "deny",
    "block": "deny",
    "blocked": "deny",
    "dropped": "drop",
    "drop": "drop",
    "timeout": "timeout",
    "client-rst": "reset",
    "server-rst": "reset",
    "reset": "reset",
    "reset_client": "reset",
    "reset_server": "reset",
    "passthrough": "accept",
    "permit": "accept",
    "pass": "accept",
    "detected": "alert",
    "monitored": "alert",
}

_VPN = {
    "ssl-login-fail": "login_failed",
    "tunnel-up": "tunnel_up",
    "tunnel-down": "tunnel_down",
    "tunnel-stats": "statistics",
    "ssl-new-con": "connection",
    "ssl-exit-fail": "tunnel_failed",
    "ssl-exit-error": "tunnel_failed",
}


def _value(pairs: Pairs, name: str) -> pa.Array:
    return pairs.get(*_KEYS[name])


def _reason(pairs: Pairs) -> pa.Array:
    """Why; administrators' logons that went well say ``none``."""
    said = _value(pairs, "reason")
    return pc.if_else(pc.fill_null(pc.equal(pc.utf8_lower(said), "none"), False), pairs.no, said)


def _number(pairs: Pairs, name: str) -> pa.Array:
    return pairs.numbers(*_KEYS[name])


def _port(pairs: Pairs, name: str) -> pa.Array:
    return pairs.numbers(*_KEYS[name], largest=65535).cast(pa.int32())


def _duration(pairs: Pairs) -> pa.Array:
    """Seconds; written as a whole number, and as text only where it is not."""
    whole = _number(pairs, "duration")
    told = np.logical_or.reduce([pairs.has(key) for key in _KEYS["duration"]])
    # Not safe: a number that no device counts up to may lose its last digit, but must not end the reading.
    return whole.cast(pa.float64(), safe=False) if len(whole) - whole.null_count == told.sum() else _value(pairs, "duration")


@_kernel
def _mark_styles(data: Bytes, begins: Positions, ends: Positions, styles: NDArray[np.uint8]) -> None:
    """Whether a message begins with ``date=2026-03-10`` and a blank (1), or a comma and ``time=`` (2); 0 otherwise."""
    for line in range(begins.size):
        at = begins[line]
        styles[line] = 0
        if ends[line] - at < 22 or data[at] != 100 or data[at + 1] != 97 or data[at + 2] != 116:
            continue
        good = data[at + 3] == 101 and data[at + 4] == 61 and data[at + 9] == 45 and data[at + 12] == 45
        for i in range(5, 15):
            good = good and (i == 9 or i == 12 or 48 <= data[at + i] <= 57)
        if good and data[at + 15] == 32:
            styles[line] = 1
        elif good and data[at + 15] == 44 and data[at + 16] == 116 and data[at + 17] == 105 and data[at + 20] == 61:
            styles[line] = 2


def read_plain(messages: Messages, output: Output) -> Messages:
    """Write rows of the messages that begin as most FortiGates write them, known by a look at their first bytes.

    Returns the others, some of which :func:`read` may know by a look at the whole.
    """
    styles = np.zeros(len(messages), np.uint8)
    _mark_styles(messages.data, messages.begins, messages.ends, styles)
    if not styles.any():
        return messages
    for style, divider in ((1, "\0"), (2, ",")):
        if (styles == style).any():
            _read(Pairs.of(messages.take(styles == style), VOCABULARY, divider=divider), output)
    return messages.take(styles == 0)


def _stated(pairs: Pairs) -> pa.Array:
    """eventtime; in nanoseconds it has 19 digits."""
    return cells.integers(pc.fill_null(_value(pairs, "eventtime"), ""))


def _clock(pairs: Pairs) -> None:
    """Put the time that the device states into the messages: eventtime (s, ms, µs or ns since 1970), else date, time and tz."""
    messages = pairs.messages
    event = _stated(pairs)
    there = event.is_valid().to_numpy(zero_copy_only=False)
    number = pc.fill_null(event, 0).to_numpy(zero_copy_only=False)
    for bound, factor in ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (2**63 - 1, 1)):
        inside = there & (number < bound)
        messages.ts[inside], messages.zone[inside] = number[inside] * factor, UTC
        there &= ~inside
    missing = ~event.is_valid().to_numpy(zero_copy_only=False) & pairs.has("date") & pairs.has("time")
    if not missing.any():
        return
    text = pc.binary_join_element_wise(_value(pairs, "date"), _value(pairs, "time"), "T")
    value, good, stated = cells.times(text, _value(pairs, "tz"))
    given = missing & good
    messages.ts[given] = value[given]
    messages.zone[given] = np.where(stated, STATED, ASSUMED)[given]


def _common(pairs: Pairs) -> dict[str, pa.Array | str | None]:
    return {"device": _value(pairs, "device"), "message_id": _value(pairs, "logid")}


def _firewall(pairs: Pairs, output: Output, *, inspection: bool) -> None:
    action = cells.mapped(_value(pairs, "action"), _TRAFFIC, "alert")
    # tranip is the destination after translation, transip the source: what is translated, trandisp says.
    url = _value(pairs, "url")
    host = _value(pairs, "hostname")
    path = pc.and_(pc.is_valid(host), pc.fill_null(pc.starts_with(url, "/"), False))
    url = pc.coalesce(pc.if_else(path, pc.binary_join_element_wise(host, url, ""), url), host)
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {name: _value(pairs, name) for name in ("source", "source_zone", "source_role", "destination", "destination_zone")}
        | {name: _value(pairs, name) for name in ("destination_role", "proto", "application", "user", "policy", "session")}
        | {
            "source_port": _port(pairs, "source_port"),
            "destination_port": _port(pairs, "destination_port"),
            "duration": _duration(pairs),
            "action": action,
            "nat_source": _value(pairs, "transip"),
            "nat_destination": _value(pairs, "tranip"),
            "nat_port": _port(pairs, "tranport"),
            "bytes_out": _number(pairs, "sent"),
            "bytes_in": _number(pairs, "received"),
            "threat": _value(pairs, "threat") if inspection else None,
            "url": url,
        },
        clean=True,
    )


def _tunnels(pairs: Pairs, output: Output) -> None:
    raw = _value(pairs, "action")
    kind = pc.fill_null(_value(pairs, "tunnel_type"), "")
    action = cells.mapped(raw, _VPN, "*")
    ipsec = pc.match_substring_regex(kind, "^ipsec")
    # The web portal's "tunnel" is the logon itself; a tunnel proper gets an address.
    web = pc.and_(pc.equal(kind, "ssl-web"), pc.fill_null(pc.equal(raw, "tunnel-up"), False))
    action = pc.if_else(web, "login", action)
    ended = pc.and_(pc.equal(kind, "ssl-web"), pc.fill_null(pc.equal(raw, "tunnel-down"), False))
    action = pc.if_else(ended, "logout", action)
    failed = pc.fill_null(pc.match_substring_regex(_value(pairs, "status"), "(?i)^(fail|negotiate_error)"), False)
    outcome = pc.if_else(failed, "failure", cells.mapped(action, {"login_failed": "failure", "tunnel_failed": "failure"}))
    succeeded = pc.is_in(action, pa.array(["login", "tunnel_up", "logout"]))
    outcome = pc.if_else(pc.and_(pc.is_null(outcome), succeeded), "success", outcome)
    tunnel = pc.if_else(ipsec, "ipsec", cells.mapped(kind, {"ssl-web": "clientless", "ssl-tunnel": "ssl", "ssl": "ssl"}))
    output.write(
        "vpn_session",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "outcome": outcome,
            "user": _value(pairs, "user"),
            "realm": _value(pairs, "group"),
            "source": _value(pairs, "remote"),
            "source_country": _value(pairs, "country"),
            "assigned_address": _value(pairs, "tunnel_ip"),
            "reason": _reason(pairs),
            "session": _value(pairs, "session"),
            "tunnel": tunnel,
            "duration": _value(pairs, "duration"),
            "bytes_out": _value(pairs, "sent"),
            "bytes_in": _value(pairs, "received"),
            "authentication": _value(pairs, "authentication"),
        },
        clean=True,
    )


def _logons(pairs: Pairs, output: Output, *, administrators: bool) -> None:
    status = pc.fill_null(pc.utf8_lower(_value(pairs, "status")), "")
    text = pc.utf8_lower(pc.fill_null(pc.coalesce(_value(pairs, "message"), _value(pairs, "description")), ""))
    act = pc.utf8_lower(pc.fill_null(_value(pairs, "action"), ""))
    left = pc.match_substring_regex(pc.binary_join_element_wise(act, text, " "), r"log(ged)? ?-?(out|off)")
    failed = pc.or_(
        pc.match_substring_regex(status, "^(fail|denied|timed_out)"), pc.match_substring_regex(text, r"fail|denied")
    )
    action = pc.if_else(left, "logout", pc.if_else(failed, "login_failed", "login"))
    # ui="https(203.0.113.9)" holds the address where there is no srcip.
    ui = _value(pairs, "ui")
    inside = pc.struct_field(pc.extract_regex(ui, r"\((?P<a>[0-9A-Fa-f.:]+)\)"), [0])
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": action,
            "user": _value(pairs, "user"),
            "source": pc.coalesce(_value(pairs, "source"), inside),
            "source_port": _value(pairs, "source_port"),
            "service": pc.replace_substring_regex(ui, r"\(.*$", ""),
            "privilege": "admin" if administrators else "user",
            "reason": _reason(pairs),
            "authentication": _value(pairs, "authentication"),
            "duration": _duration(pairs),
        },
    )


def _events(pairs: Pairs, output: Output, category: pa.Array) -> None:
    ui = _value(pairs, "ui")
    inside = pc.struct_field(pc.extract_regex(ui, r"\((?P<a>[0-9A-Fa-f.:]+)\)"), [0])
    path, thing = _value(pairs, "path"), _value(pairs, "object")
    words = pc.binary_join_element_wise(
        pc.coalesce(_value(pairs, "description"), ""), pc.coalesce(_value(pairs, "message"), ""), ": "
    )
    attributes = _value(pairs, "attributes")
    words = pc.if_else(pc.is_valid(attributes), pc.binary_join_element_wise(words, pc.fill_null(attributes, ""), "; "), words)
    output.write(
        "device_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "category": category,
            "severity": _value(pairs, "level"),
            "user": _value(pairs, "user"),
            "source": pc.coalesce(_value(pairs, "source"), inside, _value(pairs, "client")),
            "ui": ui,
            "action": pc.utf8_lower(_value(pairs, "action")),
            "object": pc.if_else(pc.is_valid(thing), pc.binary_join_element_wise(path, thing, " "), path),
            "message": words,
        },
    )


def _each(pairs: Pairs, flags: pa.Array | NDArray[np.bool_]) -> tuple[Pairs, Pairs]:
    """Those for which it holds, and the others."""
    mask = flags if isinstance(flags, np.ndarray) else chosen(flags)
    return pairs.take(mask), pairs.take(~mask)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of FortiGate messages; returns none, as every one of them has a table."""
    commas = chosen(pc.match_substring_regex(messages.text, r"^date=[\d-]+,time="))
    if commas.any():
        _read(Pairs.of(messages.take(commas), VOCABULARY, divider=","), output)
        messages = messages.take(~commas)
    return _read(Pairs.of(messages, VOCABULARY), output) if len(messages) else messages


def _read(pairs: Pairs, output: Output) -> Messages:
    _clock(pairs)
    category = pc.fill_null(pairs.get("cat"), ":")
    kind = pc.coalesce(pairs.get("type"), pc.replace_substring_regex(category, ":.*$", ""))
    kind, number = pc.fill_null(kind, ""), pc.fill_null(_value(pairs, "logid"), "")
    traffic, rest = _each(pairs, pc.or_(pc.equal(kind, "traffic"), pc.match_substring_regex(number, r"^00000000\d\d")))
    if len(traffic):
        _firewall(traffic, output, inspection=False)
    if not len(rest):
        return rest.messages
    kind = pc.coalesce(rest.get("type"), pc.replace_substring_regex(pc.fill_null(rest.get("cat"), ""), ":.*$", ""))
    inspected, rest = _each(
        rest,
        pc.is_in(
            pc.fill_null(kind, ""),
            pa.array(
                [
                    "utm",
                    "ips",
                    "virus",
                    "webfilter",
                    "app-ctrl",
                    "anomaly",
                    "dns",
                    "voip",
                    "dlp",
                    "waf",
                    "ssl",
                    "ssh",
                    "emailfilter",
                ]
            ),
        ),
    )
    if len(inspected):
        _firewall(inspected, output, inspection=True)
    fallback = pc.replace_substring_regex(pc.fill_null(rest.get("cat"), ""), "^[^:]*:| .*$", "")
    subtype = pc.fill_null(pc.coalesce(_value(rest, "subtype"), fallback), "")
    vpn, rest = _each(rest, pc.equal(subtype, "vpn"))
    if len(vpn):
        _tunnels(vpn, output)
    subtype = pc.fill_null(_value(rest, "subtype"), "")
    act = pc.fill_null(pc.utf8_lower(_value(rest, "action")), "")
    people = pc.and_(pc.equal(subtype, "user"), pc.match_substring_regex(act, "log-?(on|off|out|in)$|^authentication|^auth"))
    users, rest = _each(rest, people)
    if len(users):
        _logons(users, output, administrators=False)
    subtype = pc.fill_null(_value(rest, "subtype"), "")
    act = pc.fill_null(pc.utf8_lower(_value(rest, "action")), "")
    admins, rest = _each(rest, pc.and_(pc.equal(subtype, "system"), pc.is_in(act, pa.array(["login", "logout"]))))
    if len(admins):
        _logons(admins, output, administrators=True)
    if len(rest):
        changed = pa.array(rest.has("cfgpath") | rest.has("FTNTFGTcfgpath"))
        _events(rest, output, pc.if_else(changed, "config", pc.coalesce(_value(rest, "subtype"), "system")))
    return rest.messages.take(np.zeros(len(rest), np.bool_))
