"""RADIUS servers in syslog: FreeRADIUS's logons, Cisco ISE.

Sources: FreeRADIUS, ``log { auth = yes }``; Cisco, *ISE Syslogs* (CISE_Passed_Authentications, CISE_Failed_Attempts …).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import STATED
from wardround.readers.syslog_messages import Kind, Messages, Output, apply, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of, part_of

PATTERN = r"^\s*(?:\(\d+\) )?(?:Auth: )?(?:\(\d+\) )?(?:Login (?:OK|incorrect)|Invalid user|Ignoring request to)\b|\bCISE_\w+ |^\d{10} \d+ \d+ |^(?:INFO|WARN|NOTICE): (?:Configuration Changed|EAP|Profiler|RADIUS|\w+ )|DeviceIPAddress=|Device IP Address="

_FROM = r" \(from client (?P<device>\S+) port \d+(?: cli (?P<source>\S+?))?(?: via [^)]*)?\)"
_USER = r"\[(?P<user>[^\]/]*)(?:/[^\]]*)?\]"

_LOGON = r"^\s*(?:\(\d+\) )?(?:Auth: )?(?:\(\d+\) )?(?:Login (?:OK|incorrect)|Invalid user)\b"

_FREERADIUS = (
    Kind("Login OK", "logon", r"Login OK: " + _USER + _FROM, {"action": "login", "service": "radius", "authentication": "radius"}),
    Kind("Login incorrect", "logon", r"Login incorrect(?: \((?P<reason>.*?)\))?: " + _USER + _FROM, {"action": "login_failed", "service": "radius", "authentication": "radius"}),
    Kind("Invalid user", "logon", r"Invalid user(?: \((?P<reason>.*?)\))?: " + _USER + _FROM, {"action": "login_failed", "service": "radius", "authentication": "radius"}),
    Kind("unknown client", "device_event", r"(?P<message>Ignoring request to .* from unknown client (?P<source>\S+) .*)", {"category": "system"}),
)  # fmt: skip

_KEYS = Vocabulary(["UserName", "User-Name", "NAS-IP-Address", "Framed-IP-Address", "FailureReason", "AdminName", "AdminIPAddress", "Calling-Station-ID", "Address", "DeviceIPAddress", "NetworkDeviceName", "Acct-Status-Type", "Acct-Input-Octets", "Acct-Output-Octets", "Acct-Session-Time", "Protocol", "AdminInterface", "OperationMessageText"])  # fmt: skip

#: How an administrator of ISE works on it.
_INTERFACES = {"gui": "https", "cli": "ssh"}
_CISE = r"\b(?P<k>CISE_\w+) "
#: A message whose header a relay took off is known by its class; the time of its own stands before.
_CLASS = r"^\d{10} \d+ \d+ .*?\b(?:NOTICE|WARN|INFO|ERROR) +(?P<c>Failed-Attempt|Passed-Authentication|Administrator-Login|RADIUS-Accounting|Radius-Accounting):"
_CLASSES = {
    "failed-attempt": "CISE_Failed_Attempts",
    "passed-authentication": "CISE_Passed_Authentications",
    "administrator-login": "CISE_Administrative_and_Operational_Audit",
    "radius-accounting": "CISE_RADIUS_Accounting",
}
_STAMP = r"(?P<t>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+ [+-]\d\d:\d\d "
_ZONE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (?P<z>[+-]\d\d:\d\d) "


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of RADIUS servers' messages; returns those of other kinds."""
    free = chosen(pc.match_substring_regex(messages.text, _LOGON))
    # FreeRADIUS writes a backslash before every backslash of a name.
    plain = messages.take(free)
    plain = apply(_FREERADIUS, "freeradius", plain.saying(pc.replace_substring(plain.text, "\\\\", "\\")), output)
    rest = Messages.joined(apply(_FREERADIUS[-1:], "freeradius", messages.take(~free), output), plain)
    if not len(rest):
        return rest
    headless = cells.mapped(part_of(rest.text, _CLASS), _CLASSES)
    category = pc.coalesce(part_of(rest.text, _CISE), headless)
    ise = chosen(pc.is_valid(category))
    _ise(rest.take(ise), category.filter(pa.array(ise)), output)
    rest = rest.take(~ise)
    return apply(
        (Kind("cisco ISE", None, r"^\d{10} \d+ \d+ |^(?:INFO|WARN|NOTICE): |DeviceIPAddress=|Device IP Address="),),
        "cisco",
        rest,
        output,
    )


def _ise(messages: Messages, category: pa.Array, output: Output) -> None:
    local = pc.replace_substring(pc.fill_null(part_of(messages.text, _STAMP), ""), " ", "T")
    own, good, _ = cells.times(local, pc.replace_substring(pc.fill_null(part_of(messages.text, _ZONE), ""), ":", ""))
    messages.ts[good], messages.zone[good] = own[good], STATED
    pairs = Pairs.of(messages, _KEYS, divider=",")
    said = pc.binary_join_element_wise(category, messages.text, " ")
    user = pairs.get("UserName", "User-Name", "AdminName")
    cases = (
        (r"^CISE_Failed_Attempts", "login_failed"),
        (r"^CISE_Passed_Authentications", "login"),
        (r"^CISE_Administrative\S* .*(?i:authentication failed|login failed)", "login_failed"),
        (r"^CISE_Administrative\S* .*(?i:authentication succeeded|logged in)", "login"),
        (r"^CISE_RADIUS_Accounting .*Acct-Status-Type=Stop", "logout"),
    )
    action = first_of(cases, said)
    logon = chosen(pc.and_(pc.is_valid(action), pc.is_valid(user)))
    mine, flags = pairs.take(logon), pa.array(logon)
    console = pc.match_substring_regex(category.filter(flags), "^CISE_Administrative")
    output.write(
        "logon",
        "cisco",
        mine.messages,
        {
            "message_id": category.filter(flags),
            "action": action.filter(flags),
            "user": user.filter(flags),
            "source": _first_address(
                mine, ("AdminIPAddress", "Calling-Station-ID", "NAS-IP-Address", "Address", "DeviceIPAddress")
            ),
            "service": pc.if_else(console, cells.mapped(mine.get("AdminInterface"), _INTERFACES, "*"), "radius"),
            "authentication": pc.if_else(console, mine.no, pa.scalar("radius")),
            "privilege": pc.if_else(console, pa.scalar("admin"), mine.no),
            "reason": mine.get("FailureReason", "OperationMessageText"),
            "assigned_address": mine.get("Framed-IP-Address"),
            "duration": mine.get("Acct-Session-Time"),
            "bytes_in": mine.get("Acct-Input-Octets"),
            "bytes_out": mine.get("Acct-Output-Octets"),
        },
    )
    # ISE cuts long messages into parts; the later parts hold no user, and statistics say nothing of logons.
    output.ignore("cisco ISE (later parts, accounting updates, statistics)", messages.take(~logon))


# "Device IP Address" is cut at its blanks: its last word is the key.
def _first_address(pairs: Pairs, keys: tuple[str, ...]) -> pa.Array:
    """The first of several values that is an address: a calling station is often known by its hardware only."""
    return pc.coalesce(*(cells.addresses(pc.fill_null(pairs.get(key), "")) for key in keys))
