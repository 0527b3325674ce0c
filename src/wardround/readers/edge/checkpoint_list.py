"""What Check Point's ``fw log -l`` prints, or syslog forwards: ``22Mar2017 13:42:02 accept gw >eth0 src: 10.0.0.1; …``.

Source: Check Point, *CLI Reference Guide* (``fw log``): day and time, action, origin, direction and interface, then fields that
a colon assigns and a semicolon ends. A name may stand where an address would; without ``-n`` it does.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import ASSUMED
from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, first_of

_HEAD = (
    r"^\s*(?:(?i:check ?point): )?(?P<d>\d{1,2})(?P<m>[A-Z][a-z]{2})(?P<y>\d{4}) +(?P<c>\d{1,2}:\d\d:\d\d) +(?P<action>[a-z]+) +"
    r"(?P<device>\S+) +[<>](?P<zone>\S+) "
)
PATTERN = _HEAD + r".*: .*;"
VENDOR = "checkpoint"

_KEYS = Vocabulary(["src", "dst", "s_port", "service", "service_id", "proto", "rule", "rule_name", "user", "inzone", "outzone", "xlatesrc", "xlatedst", "xlatedport", "product", "attack", "message_info", "reason", "resource", "client_outbound_bytes", "client_inbound_bytes", "office_mode_ip"])  # fmt: skip

_ACTIONS = (
    (r"^(?:drop|prevent)", "drop"),
    (r"^(?:reject|block)", "deny"),
    (r"^(?:monitor|detect|alert)", "alert"),
    (r"^(?:accept|allow|bypass|encrypt|decrypt|inspect|vpnroute)", "accept"),
)
#: People who prove who they are to the gateway, and keys that are agreed with a peer.
_PEOPLE = (
    (r"^(?:authorize|login|log_in)", "login"),
    (r"^(?:deauthorize|logout|log_out)", "logout"),
    (r"^(?:authcrypt|update)", "authenticated"),
    (r"^failed", "login_failed"),
    (r"^keyinst", "negotiation"),
)


def read(messages: Messages, output: Output) -> Messages:
    """Write rows of lines of such a list; returns none."""
    head = pc.extract_regex(messages.text, _HEAD)
    day, month, year, clock, action, device, zone = (pc.struct_field(head, [i]) for i in range(7))
    clock = pc.utf8_lpad(clock, 8, "0")
    value, good, _ = cells.times(cells.iso_date(day, month, year, clock), pa.nulls(len(messages), pa.string()))
    messages.ts[good], messages.zone[good] = value[good], ASSUMED
    pairs = Pairs.of(messages, _KEYS, assign=":", divider=";")
    step = first_of(_PEOPLE, action)
    person = chosen(pc.is_valid(step))
    flow = chosen(pc.and_(pc.is_valid(pairs.get("src")), pc.is_valid(pairs.get("dst")))) & ~person
    common = {"device": device, "message_id": pairs.get("product")}
    _people(pairs.take(person), step.filter(pa.array(person)), _those(common, person), output)
    told = _those(common | {"action": first_of(_ACTIONS, action, "alert"), "zone": zone}, flow)
    _flows(pairs.take(flow), told, output)
    rest = ~person & ~flow
    left = pairs.take(rest)
    output.write(
        "device_event",
        VENDOR,
        left.messages,
        _those(common | {"action": action}, rest) | {"category": "system", "message": left.get("message_info", "reason")},
    )
    return messages.take(np.zeros(len(messages), np.bool_))


def _those(columns: dict[str, pa.Array], which: np.ndarray) -> dict[str, pa.Array | str | None]:
    return {name: values.filter(pa.array(which)) for name, values in columns.items()}


def _people(pairs: Pairs, action: pa.Array, common: dict[str, pa.Array | str | None], output: Output) -> None:
    output.write(
        "vpn_session",
        VENDOR,
        pairs.messages,
        common
        | {
            "action": action,
            "user": pairs.get("user"),
            "source": pairs.get("src"),
            "assigned_address": pairs.get("office_mode_ip"),
            "reason": pairs.get("reason"),
        },
    )


def _flows(pairs: Pairs, told: dict[str, pa.Array | str | None], output: Output) -> None:
    zone = told.pop("zone")
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        told
        | {
            "source": pairs.get("src"),
            "source_port": pairs.get("s_port"),
            "source_zone": pc.coalesce(pairs.get("inzone"), zone),
            "destination": pairs.get("dst"),
            "destination_port": pairs.get("service"),
            "destination_zone": pairs.get("outzone"),
            "nat_source": pairs.get("xlatesrc"),
            "nat_destination": pairs.get("xlatedst"),
            "nat_port": pairs.get("xlatedport"),
            "proto": pairs.get("proto"),
            "application": pairs.get("service_id"),
            "user": pairs.get("user"),
            "policy": pairs.get("rule_name", "rule"),
            "bytes_out": pairs.get("client_outbound_bytes"),
            "bytes_in": pairs.get("client_inbound_bytes"),
            "threat": pairs.get("attack"),
            "url": pairs.get("resource"),
        },
    )
