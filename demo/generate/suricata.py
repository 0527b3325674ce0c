"""What a Suricata sensor behind the portal's TLS accelerator wrote: web requests, alerts and flows (EVE JSON)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any

from demo.generate import hospital as h
from demo.generate.chance import Chance
from demo.generate.happenings import SECOND, ZONE, Happening, PortalRequest

#: Signature numbers of 1 000 000 and above are free for local use.
_SIGNATURE_ID = 1_000_201


def _stamp(at: int) -> str:
    moment = datetime.datetime.fromtimestamp(at // SECOND, ZONE)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % SECOND:06d}{moment:%z}"


def eve_lines(day: Iterable[Happening]) -> Iterator[str]:
    """Lines of the day's EVE log, in order of time."""
    chance = Chance("suricata")
    records = [record for happening in day if isinstance(happening, PortalRequest) for record in _records(chance, happening)]
    for _, record in sorted(records, key=lambda pair: pair[0]):
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def _records(chance: Chance, request: PortalRequest) -> Iterator[tuple[int, dict[str, Any]]]:
    flow_id = chance.whole(10**14, 2 * 10**15)
    port = chance.port()
    ends = {
        "flow_id": flow_id,
        "in_iface": "eth1",
        "src_ip": request.source.address,
        "src_port": port,
        "dest_ip": h.PORTAL.address,
        "dest_port": 8080,
        "proto": "TCP",
    }
    http = {
        "hostname": f"vpn.{h.PUBLIC_NAME}",
        "url": request.uri,
        "http_user_agent": request.agent,
        "http_content_type": "text/html",
        "http_method": request.method,
        "protocol": "HTTP/1.1",
        "status": request.status,
        "length": request.length,
    }
    answered = request.at + 120_000
    if request.alert:
        alert = {
            "action": "allowed",
            "gid": 1,
            "signature_id": _SIGNATURE_ID,
            "rev": 1,
            "signature": request.alert,
            "category": "Web Application Attack",
            "severity": 1,
        }
        yield request.at + 60_000, _event(request.at + 60_000, "alert", ends, app_proto="http", tx_id=0, alert=alert, http=http)
    yield answered, _event(answered, "http", ends, tx_id=0, http=http)
    ended = request.at + 60 * SECOND
    flow = {
        "pkts_toserver": 6,
        "pkts_toclient": 5 + request.length // 1400,
        "bytes_toserver": 900 + len(request.uri),
        "bytes_toclient": 700 + request.length,
        "start": _stamp(request.at),
        "end": _stamp(request.at + 300_000),
        "age": 0,
        "state": "closed",
        "reason": "timeout",
        "alerted": bool(request.alert),
    }
    yield ended, _event(ended, "flow", ends, app_proto="http", flow=flow)


def _event(at: int, kind: str, ends: dict[str, Any], **content: Any) -> dict[str, Any]:
    head = {"timestamp": _stamp(at), "flow_id": ends["flow_id"], "in_iface": ends["in_iface"], "event_type": kind}
    return {**head, **ends, **content}
