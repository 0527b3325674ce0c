"""Check Point Log Exporter: ``[action:"Accept"; flags:"…"; …]`` and ``time=…|hostname=…|…``, and its export with quoted values.

Source: Check Point, *Log Exporter* (sk122323), *Log Fields Description* (sk144192).
"""

# Patterns are easier to compare when each stands on one line.

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.edge import checkpoint_list
from wardround.readers.syslog_messages import OUTCOMES, Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of, listed, part_of, seconds_since_1970

_PAIRED = (
    r"\[Fields@1\.3\.6\.1\.4\.1\.2620 |"
    r"\[action:\"|\[[a-z_]{1,40}:+\"[^\"]{0,300}\"; ?(?:.*; ?)?(?:flags|ifdir|loguid|origin|product|time|version):\""
)
PATTERN = checkpoint_list.PATTERN + "|" + _PAIRED + r"|^time=\d{9,10}\|hostname=|^\"\d+\" \"\d{1,2}[A-Z][a-z]{2}\d{4}\" \""
VENDOR = "checkpoint"

_KEYS = Vocabulary(
    [
        "time",
        "hostname",
        "origin",
        "product",
        "action",
        "ifdir",
        "ifname",
        "src",
        "s_port",
        "sport_svc",
        "svc",
        "xlatedport_svc",
        "ProductName",
        "Action",
        "reject_category",
        "dst",
        "service",
        "proto",
        "inzone",
        "outzone",
        "user",
        "src_user_name",
        "dst_user_name",
        "rule",
        "rule_name",
        "layer_name",
        "reason",
        "message",
        "attack",
        "protection_name",
        "resource",
        "url",
        "sent_bytes",
        "received_bytes",
        "client_outbound_bytes",
        "client_inbound_bytes",
        "elapsed",
        "duration",
        "office_mode_ip",
        "login_option",
        "auth_method",
        "auth_status",
        "xlatesrc",
        "xlatedst",
        "xlatedport",
        "xlatesport",
        "client_name",
        "client_version",
        "os_name",
        "host_name",
        "src_machine_name",
        "appi_name",
        "operation",
        "objectname",
        "administrator",
        "audit_status",
        "client_ip",
        "subject",
        "session_id",
        "connection_uid",
        "info",
        "fields_changes",
        "fieldschanges",
        "additional_info",
        "objecttype",
        "script_value_for_one_time_scripts",
        "description",
        "comment",
        "drop_reason",
        "packets",
        "src_country",
        "failure_reason",
        "event_type",
    ]
)
_ACTIONS = (
    (r"(?i)drop|prevent", "drop"),
    (r"(?i)reject|block", "deny"),
    (r"(?i)detect|monitor|inform|ask", "alert"),
    (r"(?i)accept|allow|bypass|encrypt|decrypt|inspect", "accept"),
)

#: A packet among several that one message tells of.
_PACKET = (
    r"^(?P<source>[0-9A-Fa-f.:]+),(?P<source_port>\d{1,5}),(?P<destination>[0-9A-Fa-f.:]+),(?P<destination_port>\d{1,5}),"
    r"(?P<proto>\d{1,3})(?:;(?P<source_zone>[^>]{0,64}))?>"
)

_KEYS_AGREED = r"(?i)\bkey install"
#: Operation and status of the management's audit log.
_ADMINISTRATORS = (
    (r"(?i)^(?:force )?log ?out\b|^logged out", "logout"),
    (r"(?i)^log(?:ged)? ?in\b.*\|.*fail", "login_failed"),
    (r"(?i)^log(?:ged)? ?in\b", "login"),
)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of Check Point messages; returns those in an order of values that is not known."""
    printed = chosen(pc.match_substring_regex(messages.text, checkpoint_list.PATTERN))
    if printed.any():
        checkpoint_list.read(messages.take(printed), output)
        messages = messages.take(~printed)
        if not len(messages):
            return messages
    braces = chosen(pc.match_substring_regex(messages.text, _PAIRED))
    bars = chosen(pc.match_substring_regex(messages.text, r"^time=\d"))
    if braces.any():
        # Of the older form each value is assigned by an equals sign and parted by a blank.
        older = chosen(pc.match_substring_regex(messages.text, r"\[Fields@")) & braces
        if older.any():
            _write(Pairs.of(messages.take(older), _KEYS), output)
        _write(Pairs.of(messages.take(braces & ~older), _KEYS, assign=":", divider=";"), output)
    if bars.any():
        _write(Pairs.of(messages.take(bars), _KEYS, divider="|"), output)
    rest = messages.take(~braces & ~bars)
    if len(rest):
        _exported(rest, output)
    return messages.take(chosen(pa.array([False] * len(messages))))


def _common(pairs: Pairs) -> dict[str, pa.Array | str | None]:
    return {"device": pairs.get("origin", "hostname"), "message_id": pairs.get("product", "ProductName")}


def _write(pairs: Pairs, output: Output) -> None:
    if not len(pairs):
        return
    day_and_clock(pairs.messages, pairs.get("time"))
    seconds_since_1970(pairs.messages, pairs.get("time"))
    said, product = pc.fill_null(pairs.get("action", "Action"), ""), pc.fill_null(pairs.get("product", "ProductName"), "")
    people = pc.and_(
        pc.match_substring_regex(said, r"(?i)log ?-?(?:in|out|off|on)|fail|update"),
        pc.is_valid(pairs.get("user", "src_user_name")),
    )
    # Keys are agreed with a peer before anything passes; what passes encrypted afterwards are connections.
    vpn = pc.or_(
        pc.match_substring_regex(product, r"(?i)mobile access|endpoint security vpn"),
        pc.match_substring_regex(said, _KEYS_AGREED),
    )
    refused = pc.fill_null(pc.match_substring_regex(pairs.get("reject_category"), r"(?i)\bIKE\b"), False)
    vpn = chosen(pc.or_(pc.or_(people, refused), vpn))
    mine = pairs.take(vpn)
    cases = (
        (r"(?i)\bike\b", "negotiation"),
        (r"(?i)fail|reject|den|block|drop", "login_failed"),
        (r"(?i)log ?-?(?:out|off)|disconnect", "logout"),
        (r"(?i)log ?-?(?:in|on)", "login"),
        (_KEYS_AGREED, "negotiation"),
    )
    status = pc.binary_join_element_wise(
        *(pc.fill_null(mine.get(key), "") for key in ("reject_category", "auth_status", "action")), " "
    )
    keys = part_of(mine.messages.text, r"\bike::?\"(?P<i>[^\"]*)\"")
    unkept = pc.is_valid(mine.get("reject_category"))
    action = first_of(cases, status, "message")
    output.write(
        "vpn_session",
        VENDOR,
        mine.messages,
        _common(mine)
        | {
            "action": action,
            "outcome": pc.if_else(unkept, "failure", cells.mapped(action, OUTCOMES)),
            "user": mine.get("user", "src_user_name"),
            "source": mine.get("src"),
            "source_country": mine.get("src_country"),
            "assigned_address": mine.get("office_mode_ip"),
            "hostname": mine.get("host_name", "src_machine_name"),
            "client": mine.get("client_name", "client_version"),
            "os": mine.get("os_name"),
            "authentication": mine.get("auth_method", "login_option"),
            "reason": pc.coalesce(
                mine.get("failure_reason", "reason"), pc.if_else(unkept, keys, None), mine.get("reject_category")
            ),
            "session": mine.get("session_id"),
            "duration": mine.get("duration", "elapsed"),
        },
    )
    admin = (
        chosen(
            pc.or_(
                pc.is_valid(pairs.get("administrator")),
                pc.match_substring_regex(pc.fill_null(pairs.get("subject"), ""), r"^Administrator Log"),
            )
        )
        & ~vpn
    )
    _administration(pairs.take(admin), output)
    told = vpn | admin
    aside = ~told & chosen(pc.is_null(pairs.get("action", "Action", "src", "dst", "packets")))
    _remarks(pairs.take(aside), output)
    many = (
        ~told
        & ~aside
        & chosen(pc.and_(pc.match_substring(pc.fill_null(pairs.get("packets"), ""), "<"), pc.is_null(pairs.get("src"))))
    )
    _packets(pairs.take(many), output)
    _flows(pairs.take(~told & ~aside & ~many), output)


def _remarks(pairs: Pairs, output: Output) -> None:
    """What a gateway says of itself: updates, contracts, its own state."""
    said = part_of(pairs.messages.text, r"\bsys_message::?\"(?P<m>[^\"]*)\"")
    output.write(
        "device_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "category": "system",
            "message": pc.coalesce(said, pairs.get("message", "description", "info", "comment", "subject")),
        },
    )


def _packets(pairs: Pairs, output: Output) -> None:
    """Refused packets told several at a time: ``<source,port,destination,port,protocol;interface> <…>``, a row for each."""
    lists = pc.split_pattern(pc.fill_null(pairs.get("packets"), ""), "<")
    which = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    parts = pc.extract_regex(pc.list_flatten(lists), _PACKET)
    found = chosen(parts.is_valid())
    columns = {
        parts.type.field(i).name: pc.struct_field(parts, [i]).filter(pa.array(found)) for i in range(parts.type.num_fields)
    }
    at = pa.array(which[found])
    common = {name: value.take(at) if isinstance(value, pa.Array) else value for name, value in _common(pairs).items()}
    action = first_of(_ACTIONS, pc.fill_null(pairs.get("action"), ""), "drop").take(at)
    policy = pairs.get("rule_name", "rule").take(at)
    output.write(
        "firewall_event", VENDOR, pairs.messages.picked(which[found]), common | {"action": action, "policy": policy} | columns
    )


def _administration(pairs: Pairs, output: Output) -> None:
    """The audit log of the management: logons of administrators, and what they changed."""
    status = pc.binary_join_element_wise(pairs.get("operation"), pc.fill_null(pairs.get("audit_status"), ""), "|")
    action = first_of(_ADMINISTRATORS, pc.fill_null(status, ""))
    logon = chosen(pc.is_valid(action))
    mine, changed = pairs.take(logon), pairs.take(~logon)
    output.write(
        "logon",
        VENDOR,
        mine.messages,
        _common(mine)
        | {
            "action": action.filter(pa.array(logon)),
            "user": mine.get("administrator"),
            "source": mine.get("client_ip", "src"),
            "privilege": "admin",
            "authentication": pc.coalesce(
                mine.get("auth_method"), part_of(mine.get("additional_info"), r"^Authentication method: (?P<m>.*)$")
            ),
            "reason": pc.coalesce(
                mine.get("failure_reason", "reason"), part_of(mine.get("additional_info"), r"(?i)failed to log in: (?P<r>.*)$")
            ),
        },
    )
    output.write(
        "device_event",
        VENDOR,
        changed.messages,
        _common(changed)
        | {
            "category": "config",
            "user": changed.get("administrator"),
            "source": changed.get("client_ip", "src"),
            "action": changed.get("operation"),
            "object": changed.get("objectname", "script_value_for_one_time_scripts", "objecttype"),
            "message": changed.get("fieldschanges", "fields_changes", "additional_info", "info", "subject"),
        },
        clean=True,
    )


def _flows(pairs: Pairs, output: Output) -> None:
    said = pairs.get("action", "Action")
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        _common(pairs)
        | {
            "action": pc.if_else(pc.is_valid(said), first_of(_ACTIONS, pc.fill_null(said, ""), "alert"), None),
            "source": pairs.get("src"),
            "source_port": pairs.get("s_port", "sport_svc"),
            "source_zone": pairs.get("inzone", "ifname"),
            "destination": pairs.get("dst"),
            "destination_port": pairs.get("service", "svc"),
            "destination_zone": pairs.get("outzone"),
            "nat_source": pairs.get("xlatesrc"),
            "nat_destination": pairs.get("xlatedst"),
            "nat_port": pairs.get("xlatedport", "xlatedport_svc"),
            "proto": pairs.get("proto"),
            "application": pairs.get("appi_name"),
            "user": pairs.get("user", "src_user_name"),
            "policy": pairs.get("rule_name", "rule"),
            "bytes_out": pairs.get("client_outbound_bytes", "sent_bytes"),
            "bytes_in": pairs.get("client_inbound_bytes", "received_bytes"),
            "duration": pairs.get("elapsed", "duration"),
            "threat": pairs.get("protection_name", "attack"),
            "url": pairs.get("resource", "url"),
        },
    )


def _exported(messages: Messages, output: Output) -> None:
    """Lines of the SmartView export: number, date, time, interface, origin, type, action, service, ports, addresses."""
    values = listed(messages, 14, " ")
    date = pc.extract_regex(pc.fill_null(values[1], ""), r"^(?P<d>\d{1,2})(?P<m>[A-Za-z]{3})(?P<y>\d{4})$")
    day, month, year = (pc.struct_field(date, [i]) for i in range(3))
    local = cells.iso_date(day, month, year, values[2])
    value, good, _ = cells.times(local, pa.nulls(len(messages), pa.string()))
    messages.ts[good], messages.zone[good] = value[good], 1
    output.write(
        "firewall_event",
        VENDOR,
        messages,
        {
            "device": values[4],
            "action": first_of(_ACTIONS, pc.fill_null(values[6], ""), "alert"),
            "source_zone": values[3],
            "destination_port": values[7],
            "source_port": values[8],
            "source": values[9],
            "destination": values[10],
            "proto": values[11],
            "policy": values[13],
            "message_id": part_of(values[5], r"^(?P<t>.*)$"),
        },
    )
