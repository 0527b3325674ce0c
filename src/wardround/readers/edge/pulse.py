"""Ivanti (Pulse) Connect Secure: ``[address] user(realm)[roles] - message`` and WELF pairs.

Source: Ivanti, *Connect Secure: Log and Monitoring*, standard and WELF formats.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import STATED
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of, part_of

PATTERN = r"^id=firewall .*\bvpn=|\bive - \[[0-9A-Fa-f.:]+\]|- \[[0-9A-Fa-f.:]+\] [^(]{0,200}\([^)]*\)\[|^\s*ive \| "
VENDOR = "ivanti"

_KEYS = Vocabulary(
    [
        "time",
        "pri",
        "fw",
        "vpn",
        "ivs",
        "user",
        "realm",
        "roles",
        "src",
        "type",
        "sent",
        "rcvd",
        "duration",
        "agent",
        "msg",
        "proto",
    ]
)

_ACTIONS = (
    (r"Primary authentication successful", "authenticated"),
    (r"Secondary authentication successful", "second_factor"),
    (r"Secondary authentication failed", "second_factor_failed"),
    (r"Primary authentication failed|[Ll]ogin failed|Login denied|[Aa]uthentication rejected", "login_failed"),
    (r"(?i)login succeeded", "login"),
    (r"(?i)denied access as ", "denied"),
    (r"(?i)^VPN Tunneling: User with IP |^Key Exchange number |^Session created for user", "message"),
    (r"(?i)VPN Tunneling: Session started|Network Connect: Session started", "tunnel_up"),
    (r"(?i)Session resumed", "resumed"),
    (r"(?i)VPN Tunneling: Session ended|Network Connect: Session ended|Closed connection", "tunnel_down"),
    (
        r"(?i)^Logout from|logged out|session timeout|session timed out|session has been terminated|Session deleted|^Session:\[.*\] deleted\.",
        "logout",
    ),
    (r"(?i)Remote address for user .* changed", "address_changed"),
    (r"(?i)Host Checker (?:policy|running|Compliance Result)", "policy"),
)
_REQUEST = r"Unauthenticated request url |^Connection from IP \S+ not authenticated yet \(URL=|^WebRequest (?:completed|ok)\b"
#: What people do to the configuration; the system's own remarks use other words.
_CHANGED = r"(?i)\b(?:added|changed|created|deleted|disabled|enabled|exported|imported|modified|removed|renamed)\b"
_ADMIN = r"(?i)^admin"
_MINUTE = 60 * 10**9
#: Zones lie quarters of an hour apart.
_QUARTER = 15 * _MINUTE


def _standard(messages: Messages) -> tuple[dict[str, pa.Array], pa.Array]:
    """Parts of lines in the standard form; times within the message win over the header's."""
    parts = pc.extract_regex(
        messages.text,
        r"(?:(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) - )?(?:(?P<vpn>[^\s\[]+) - )?\[(?P<src>[0-9A-Fa-f.:]+)\] (?:(?P<ivs>[^:()\[\]]+)::)?"
        r"(?P<user>[^(]*)\((?P<realm>[^)]*)\)\[(?P<roles>[^\]]*)\](?:\[(?P<sid>[^\]]*)\])? - (?P<msg>.*)$",
    )
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    return {name: cells.known(pc.struct_field(parts, [i])) for i, name in enumerate(names)}, parts.is_valid()


def _table(messages: Messages) -> dict[str, pa.Array]:
    """Parts of lines separated by bars: node, time, number, severity, addresses, user, realm …, message."""
    parts = pc.extract_regex(
        messages.text,
        r"^\s*ive \| (?P<time>[^|]*?) \| (?P<id>[^|]*?) \| [^|]* \| (?P<vpn>[^|]*?) \| (?P<ivs>[^|]*?)\| (?P<src>[^|]*?) \| (?P<user>[^|]*?) \| (?P<realm>[^|]*?) \|.*\| (?P<msg>[^|]*)$",
    )
    names = [parts.type.field(i).name for i in range(parts.type.num_fields)]
    return {name: cells.known(pc.struct_field(parts, [i])) for i, name in enumerate(names)}


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Connect Secure messages; returns those in neither form."""
    paired = chosen(pc.match_substring_regex(messages.text, r"^id=firewall"))
    if paired.any():
        mine = messages.take(paired)
        pairs = Pairs.of(mine, _KEYS)
        _write(mine, {name: pairs.get(name) for name in ("time", "vpn", "src", "user", "realm", "msg", "type")}, output)
        messages = messages.take(~paired)
    barred = chosen(pc.match_substring_regex(messages.text, r"^\s*ive \| ")) if len(messages) else np.zeros(0, np.bool_)
    if barred.any():
        mine = messages.take(barred)
        _write(mine, _table(mine), output)
        messages = messages.take(~barred)
    if not len(messages):
        return messages
    parts, good = _standard(messages)
    known = chosen(good)
    _write(messages.take(known), {name: value.filter(pa.array(known)) for name, value in parts.items()}, output)
    return messages.take(~known)


def _write(messages: Messages, parts: dict[str, pa.Array], output: Output) -> None:
    if not len(messages):
        return
    _clock(messages, parts["time"])
    # A relay may double the backslash between a domain and a name; the gateway itself is nobody.
    user = pc.replace_substring(parts["user"], "\\\\", "\\")
    parts = parts | {"user": pc.if_else(pc.equal(user, "System"), pa.scalar(None, pa.string()), user)}
    text = pc.fill_null(parts["msg"], "")
    number = part_of(text, r"^(?P<n>[A-Z]{3}\d{5}): ")
    text = pc.replace_substring_regex(text, r"^[A-Z]{3}\d{5}: ", "")
    parts = parts | {"text": text, "number": number}
    exploit = chosen(pc.match_substring_regex(text, _REQUEST))
    action = first_of(_ACTIONS, text)
    admin = pc.or_(
        pc.fill_null(pc.match_substring_regex(parts["realm"], _ADMIN), False),
        pc.match_substring_regex(text, r"(?i)\badmin(?:istrator)?\b.*(?:log|sign)"),
    )
    session = chosen(pc.is_valid(action)) & ~exploit
    managing = session & chosen(
        pc.and_(admin, pc.is_in(action, pa.array(["login", "login_failed", "logout", "authenticated"])))
    )
    _requests(messages.take(exploit), _of(parts, exploit), output)
    _logons(messages.take(managing), _of(parts, managing), action.filter(pa.array(managing)), output)
    session &= ~managing
    _sessions(messages.take(session), _of(parts, session), action.filter(pa.array(session)), output)
    rest = ~session & ~managing & ~exploit
    left = _of(parts, rest)
    changed = pc.and_(pc.is_valid(left["user"]), pc.match_substring_regex(left["text"], _CHANGED))
    kind = pc.fill_null(pc.utf8_slice_codeunits(left["number"], 0, 3), "")
    output.write(
        "device_event",
        VENDOR,
        messages.take(rest),
        _common(left)
        | {
            "category": pc.if_else(changed, "config", cells.mapped(kind, {"adm": "config"}, "system")),
            "user": left["user"],
            "source": left["src"],
            "message": left["text"],
        },
    )


def _clock(messages: Messages, text: pa.Array) -> None:
    """Put the times within messages into them, which state no zone; a header that shows the same clock with one lends it."""
    before, zone = messages.ts.copy(), messages.zone.copy()
    day_and_clock(messages, text)
    apart = messages.ts - before
    offset = (apart + _QUARTER // 2) // _QUARTER * _QUARTER
    lent = (zone == STATED) & (np.abs(apart - offset) < _MINUTE) & (np.abs(offset) <= 56 * _QUARTER)
    messages.ts[lent] -= offset[lent]
    messages.zone[lent] = STATED


def _of(parts: dict[str, pa.Array], mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> dict[str, pa.Array]:
    flags = pa.array(mask)
    return {name: value.filter(flags) for name, value in parts.items()}


def _common(parts: dict[str, pa.Array]) -> dict[str, pa.Array | str | None]:
    return {"device": parts["vpn"], "message_id": parts["number"]}


def _requests(messages: Messages, parts: dict[str, pa.Array], output: Output) -> None:
    """The gateway tells of requests with and without a session: they are requests like those of a web server's log."""
    text = parts["text"]
    whole = r"^WebRequest completed, \w+ to (?:\w+://)?"
    output.write(
        "http",
        "",
        messages,
        {
            "id.orig_h": pc.coalesce(
                part_of(text, r"(?:came|Connection) from IP (?P<a>[0-9A-Fa-f.:]*[0-9A-Fa-f])"), parts["src"]
            ),
            "method": part_of(text, r"^WebRequest (?:completed, |ok .*?Request: )(?P<m>[A-Z]+) "),
            "uri": pc.coalesce(
                part_of(text, r"request url (?P<u>\S+) came from"),
                part_of(text, r"\(URL=(?P<u>[^)]*)\)"),
                part_of(text, r"^WebRequest ok .*?Request: [A-Z]+ (?P<u>\S+)"),
                part_of(text, whole + r"[^/\s]+(?P<u>/\S*)"),
            ),
            "host": pc.coalesce(
                part_of(text, whole + r"(?P<h>[^/:\s]+)"),
                part_of(text, r"^WebRequest ok ?: Host: (?P<h>[^,\s]+)"),
                parts["vpn"],
            ),
            "username": parts["user"],
            "status_code": part_of(text, r" result=(?P<r>\d{3})\b"),
        },
    )


def _sessions(messages: Messages, parts: dict[str, pa.Array], action: pa.Array, output: Output) -> None:
    text = parts["text"]
    policy = pc.equal(action, "policy")
    result = part_of(text, r"(?i)Host Checker Compliance Result - \['?(?P<r>[^\]']*)")
    failed = pc.if_else(pc.is_valid(result), pc.not_equal(result, "Compliant"), pc.match_substring_regex(text, r"(?i)fail"))
    failed = pc.and_(policy, failed)
    passed = pc.and_(
        policy, pc.or_(pc.fill_null(pc.equal(result, "Compliant"), False), pc.match_substring_regex(text, r"(?i)pass"))
    )
    plain = cells.mapped(action, {"authenticated": "success", "second_factor": "success", "login": "success", "tunnel_up": "success", "resumed": "success", "logout": "success", "login_failed": "failure", "second_factor_failed": "failure", "denied": "failure"})  # fmt: skip
    server = part_of(text, r"authentication (?:successful|failed) for \S+/(?P<s>.+?) from ")
    output.write(
        "vpn_session",
        VENDOR,
        messages,
        _common(parts)
        | {
            "action": action,
            "outcome": pc.if_else(failed, "failure", pc.if_else(passed, "success", plain)),
            "user": parts["user"],
            "realm": parts["realm"],
            "source": parts["src"],
            "assigned_address": part_of(text, r"(?:with IPv4 address|User with IP|user with NCIP) (?P<a>[0-9.]*[0-9])"),
            "hostname": part_of(text, r"hostname (?P<h>[^\s,]+)"),
            "client": part_of(text, r" with (?P<c>(?:Pulse|Ivanti|Junos|Mozilla)\S*)"),
            "os": part_of(text, r"Pulse-Secure/\S+ \((?P<o>[^)]*)\)"),
            "authentication": server,
            "factor": first_of(((r"^Primary", "first"), (r"^Secondary", "second")), text),
            "reason": pc.coalesce(
                part_of(text, r"failed_reasons: \['(?P<r>.*)'\]"),
                part_of(text, r"denied access as (?P<r>.*)$"),
                part_of(text, r"(?i)\breason:? '?(?P<r>[^'].*?)'?$"),
                part_of(text, r"^(?P<r>Host Checker policy .*)$"),
            ),
            "session": pc.coalesce(
                part_of(text, r"\(session: ?(?P<s>\w+)\)"), parts.get("sid", pa.nulls(len(messages), pa.string()))
            ),
            "duration": part_of(text, r"after (?P<d>\d+) seconds"),
            "bytes_in": part_of(text, r"with (?P<b>\d+) bytes read"),
            "bytes_out": part_of(text, r"(?P<b>\d+) bytes written"),
        },
    )


def _logons(messages: Messages, parts: dict[str, pa.Array], action: pa.Array, output: Output) -> None:
    output.write(
        "logon",
        VENDOR,
        messages,
        _common(parts)
        | {
            "action": cells.mapped(action, {"authenticated": "login"}, "*"),
            "user": parts["user"],
            "source": parts["src"],
            "service": "https",
            "privilege": "admin",
            "reason": part_of(parts["text"], r"(?i)reason: (?P<r>.*)$"),
        },
    )
