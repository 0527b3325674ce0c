"""WALLIX Bastion: who logs on to it, which machines are reached through it, and what administrators change.

Source: WALLIX, *Bastion SIEM Logs Guide* (families ``[wabauth]``, ``[wabaudit]``, ``[SSH Session]`` …), as integrations quote
it, and the names of events in the published source of its proxy. What people type, copy and start within a session is left
out on purpose: it holds their passwords and patients' names.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, part_of

#: The families of messages; :mod:`wardround.readers.syslog` knows lines without a header by the same words.
_FAMILIES = (
    r"wabauth|wabaudit|sysaudit|sessionintegrity|session integrity|integrity|Vault Activity|sshproxy|rdpproxy|"
    r"(?:SSH|RDP|VNC|Web|Neutral) Session"
)
PATTERN = r"(?:^|\s)\[(?:" + _FAMILIES + r")\] (?:\w+=[\"']|$)"
VENDOR = "wallix"

_FAMILY = r"(?:^|\s)\[(?P<f>" + _FAMILIES + r")\] "
_KEYS = Vocabulary(["type", "action", "user", "client_ip", "src_ip", "status", "infos", "object", "session_id", "session_uid", "target_ip", "target", "device", "service", "account", "duration", "method", "reason", "result", "pattern", "vault", "url"])  # fmt: skip

#: Beginning and end of a session, by family and by event; the proxies' own lines tell the same again and are left out.
_SESSION = {"session_established_successfully": "login", "session_disconnection": "logout"}
#: What the bastion's own rules of a session found: its words, and whether it only told or broke the session off.
_ALARMS = r"PATTERN_(?:DETECTED|FOUND)|FILE_VERIFICATION\w*|ACCOUNT_MANIPULATION\w*|\w+_VIOLATION\w*"
_REFUSED = "AUTHENTICATION_FAILURE"


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of a bastion's messages; returns none."""
    family = pc.fill_null(pc.utf8_lower(part_of(messages.text, _FAMILY)), "")
    pairs = Pairs.of(messages, _KEYS)
    kind = pc.fill_null(pairs.get("type"), "")
    status = pc.fill_null(pairs.get("status"), "")
    done = pc.and_(pc.equal(family, "wabauth"), pc.match_substring_regex(status, r"(?i)^(?:success|fail)"))
    refused = pc.and_(pc.is_in(family, pa.array(["sshproxy", "rdpproxy"])), pc.equal(kind, _REFUSED))
    logon = chosen(pc.or_(done, refused))
    _logons(pairs.take(logon), status.filter(pa.array(logon)), output)
    within = pc.match_substring(family, " session")
    step = cells.mapped(kind, _SESSION)
    session = chosen(pc.and_(within, pc.is_valid(step)))
    _sessions(pairs.take(session), family.filter(pa.array(session)), step.filter(pa.array(session)), output)
    change = pc.and_(
        pc.is_in(family, pa.array(["wabaudit", "sysaudit", "vault activity"])),
        pc.invert(pc.match_substring_regex(pc.fill_null(pairs.get("action"), ""), "(?i)^(?:list|view|log|get)$")),
    )
    alarm = pc.or_(
        pc.and_(within, pc.match_substring_regex(kind, _ALARMS)),
        pc.and_(pc.match_substring(family, "integrity"), pc.match_substring_regex(status, "(?i)fail|error")),
    )
    told = chosen(pc.or_(change, alarm))
    _events(pairs.take(told), family.filter(pa.array(told)), output)
    output.ignore("wallix (what people do in sessions, proxies, what was looked at)", messages.take(~(logon | session | told)))
    return messages.take(chosen(pa.array([False] * len(messages))))


def _logons(pairs: Pairs, status: pa.Array, output: Output) -> None:
    """Logons at the bastion itself; of the steps of one only the last counts, and a logon that was given up is none."""
    told = pc.fill_null(pairs.get("infos"), "")
    failed = pc.invert(pc.match_substring_regex(status, "(?i)^success"))
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        {
            "message_id": "authentify",
            "action": pc.if_else(failed, "login_failed", "login"),
            # A name that was not given is written in brackets: [unknown X509 username].
            "user": _named(pairs.get("user")),
            "source": pairs.get("client_ip", "src_ip"),
            "service": "bastion",
            "authentication": pc.coalesce(
                pc.utf8_lower(part_of(told, r"auth?ent(?:ifi|ica)\w+ with:? [^\](]*\((?P<m>[^)]*)\)")),
                pc.utf8_lower(part_of(told, r"identified with [^\](]*\((?P<m>[^)]*)\)")),
                pc.utf8_lower(pairs.get("method")),
            ),
            "reason": pc.if_else(
                failed, pc.coalesce(pairs.get("reason"), part_of(told, r"^diagnostic \[(?P<r>.*?)\]?$")), pairs.no
            ),
        },
    )


def _named(user: pa.Array) -> pa.Array:
    unknown = pc.fill_null(pc.match_substring_regex(user, r"^\[unknown\b.*\]$"), False)
    return pc.if_else(unknown, pa.scalar(None, pa.string()), user)


def _target(pairs: Pairs) -> pa.Array:
    """Which account of which machine: ``root@ct-console (10.2.0.4)``; what a family does not tell is left away."""
    machine = pc.coalesce(pairs.get("device"), pairs.get("target"))
    beside = pc.fill_null(pc.not_equal(pairs.get("target_ip"), machine), True)
    address = pc.binary_join_element_wise(" (", pc.if_else(beside, pairs.get("target_ip"), pairs.no), ")", "")
    whole = pc.binary_join_element_wise(
        pc.fill_null(pc.binary_join_element_wise(pairs.get("account"), "@", ""), ""), machine, pc.fill_null(address, ""), ""
    )
    return pc.coalesce(whole, pairs.get("target_ip"))


def _sessions(pairs: Pairs, family: pa.Array, action: pa.Array, output: Output) -> None:
    output.write(
        "logon",
        VENDOR,
        pairs.messages,
        {
            "message_id": pairs.get("type"),
            "action": action,
            "user": _named(pairs.get("user")),
            "source": pairs.get("client_ip"),
            "service": pc.binary_join_element_wise("bastion", pc.replace_substring(family, " session", ""), "-"),
            "target": _target(pairs),
            "duration": pairs.get("duration"),
        },
    )


def _events(pairs: Pairs, family: pa.Array, output: Output) -> None:
    kind = pairs.get("type")
    made = pc.fill_null(pc.utf8_lower(pairs.get("action")), "")
    vault, change = pc.equal(family, "vault activity"), pc.is_in(family, pa.array(["wabaudit", "sysaudit"]))
    thing = pc.coalesce(*(pairs.get(key) for key in ("object", "pattern", "account", "session_uid")))
    kind_behind = pc.fill_null(pc.binary_join_element_wise(" (", kind, ")", ""), "")
    described = pc.binary_join_element_wise(pc.fill_null(thing, ""), kind_behind, "")
    output.write(
        "device_event",
        VENDOR,
        pairs.messages,
        {
            "message_id": pc.binary_join_element_wise(family, pc.fill_null(kind, ""), " "),
            "category": pc.if_else(change, "config", pc.if_else(vault, "vault", "session")),
            "user": _named(pairs.get("user")),
            "source": pairs.get("client_ip"),
            "action": cells.known(pc.if_else(pc.or_(vault, change), made, pc.utf8_lower(kind))),
            "object": pc.if_else(vault, thing, described),
            "message": pairs.get("result", "infos", "status"),
        },
    )
