"""UniFi gateways and controllers in CEF (``CEF:0|Ubiquiti|UniFi Network|…``): administrators, changes, threats.

Source: Ubiquiti, *UniFi System Logs and SIEM Integration* (CEF with keys of its own that begin with UNIFI).
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers.syslog_messages import Messages, Output, chosen
from wardround.readers.syslog_pairs import Pairs, Vocabulary, day_and_clock, first_of

VENDOR = "ubiquiti"

_KEYS = Vocabulary(["src", "spt", "dst", "dpt", "proto", "act", "app", "msg", "UNIFIcategory", "UNIFIhost", "UNIFIadmin", "UNIFIaccessMethod", "UNIFIutcTime", "UNIFIipsSignature", "UNIFIthreatType", "UNIFIpolicyName", "UNIFIsettingsSection", "UNIFIsrcZone", "UNIFIdstZone", "UNIFIclientIp"])  # fmt: skip

_ACTIONS = ((r"(?i)detected\b.*\band blocked|block|drop|den(?:y|ied)|reject", "drop"), (r"(?i)allow|accept|permit", "accept"))


def read(messages: Messages, head: pa.StructArray, output: Output) -> None:
    """Write rows of messages whose header (the seven fields of CEF) names this maker."""
    number, name = (pc.struct_field(head, [i]) for i in (3, 4))
    pairs = Pairs.of(messages, _KEYS)
    utc = pc.fill_null(pairs.get("UNIFIutcTime"), "")
    day_and_clock(messages, utc, pa.repeat(pa.scalar("+0000"), len(messages)))
    entered = chosen(pc.match_substring_regex(name, r"(?i)^admin\b.*\b(?:access|log ?in|logged in|sign)"))
    left = pairs.take(entered)
    failed = pc.match_substring_regex(name.filter(pa.array(entered)), r"(?i)fail|denied|refused")
    output.write(
        "logon",
        VENDOR,
        left.messages,
        {
            "device": left.get("UNIFIhost"),
            "message_id": number.filter(pa.array(entered)),
            "action": pc.if_else(failed, "login_failed", "login"),
            "user": left.get("UNIFIadmin"),
            "source": left.get("src"),
            "service": first_of((("(?i)web", "https"), ("(?i)mobile|app", "app")), pc.fill_null(left.get("UNIFIaccessMethod"), "")),
            "privilege": "admin",
            "reason": pc.if_else(failed, left.get("msg"), left.no),
        },
    )  # fmt: skip
    flow = chosen(pc.and_(pc.is_valid(pairs.get("src")), pc.is_valid(pairs.get("dst")))) & ~entered
    _flows(pairs.take(flow), head.filter(pa.array(flow)), output)
    rest = pairs.take(~(entered | flow))
    changed = pc.match_substring_regex(name.filter(pa.array(~(entered | flow))), r"(?i)^admin\b.*\bchange")
    output.write(
        "device_event",
        VENDOR,
        rest.messages,
        {
            "device": rest.get("UNIFIhost"),
            "message_id": number.filter(pa.array(~(entered | flow))),
            "category": pc.if_else(changed, "config", "system"),
            "action": pc.if_else(changed, pa.scalar("edit"), rest.no),
            "user": rest.get("UNIFIadmin"),
            "source": rest.get("src", "UNIFIclientIp"),
            "object": rest.get("UNIFIsettingsSection"),
            "message": rest.get("msg"),
        },
    )


def _flows(pairs: Pairs, head: pa.StructArray, output: Output) -> None:
    """What the gateway's inspection saw, or a policy that logs: only the first names a threat."""
    number, name = (pc.struct_field(head, [i]) for i in (3, 4))
    said = pc.binary_join_element_wise(pc.fill_null(pairs.get("act"), ""), name, " ")
    threat = pc.match_substring_regex(name, "(?i)threat|intrusion|malware|honeypot|attack")
    output.write(
        "firewall_event",
        VENDOR,
        pairs.messages,
        {
            "device": pairs.get("UNIFIhost"),
            "message_id": number,
            "action": first_of(_ACTIONS, said, "alert"),
            "source": pairs.get("src"),
            "source_port": pairs.get("spt"),
            "source_zone": pairs.get("UNIFIsrcZone"),
            "destination": pairs.get("dst"),
            "destination_port": pairs.get("dpt"),
            "destination_zone": pairs.get("UNIFIdstZone"),
            "proto": pc.utf8_lower(pairs.get("proto")),
            "application": pairs.get("app"),
            "policy": pairs.get("UNIFIpolicyName"),
            "threat": pc.if_else(threat, pc.coalesce(pairs.get("UNIFIipsSignature", "UNIFIthreatType"), name), pairs.no),
        },
    )
