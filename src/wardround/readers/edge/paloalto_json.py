"""PAN-OS messages in JSON, as the vendor's cloud forwards them (Strata Logging Service, once Cortex Data Lake).

The members are put into the places that they have in the firewall's own lists of values, so that one code reads both.
Source: Palo Alto Networks, *Log forwarding schema reference*.
"""

from __future__ import annotations

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from wardround.readers import syslog_cells as cells
from wardround.readers.syslog_frame import UTC
from wardround.readers.syslog_messages import Messages

#: Longer messages are not the firewall's.
_MAX_BYTES = 256 * 1024

_WIDTH = 64
_HEAD = {2: ("DeviceSN", "LogSourceID"), 3: ("LogType",), 4: ("Subtype", "SubType")}
_FLOW = {
    7: ("SourceAddress",), 8: ("DestinationAddress",), 9: ("NATSource",), 10: ("NATDestination",), 11: ("Rule",),
    12: ("SourceUser", "Users"), 14: ("Application",), 16: ("FromZone",), 17: ("ToZone",), 22: ("SessionID",),
    24: ("SourcePort",), 25: ("DestinationPort",), 27: ("NATDestinationPort",), 29: ("Protocol",), 30: ("Action",),
}  # fmt: skip
_THREAT = _FLOW | {
    31: ("URL", "URI", "FileName"), 32: ("ThreatNameFirewall", "ThreatName", "ThreatID"), 33: ("URLCategory", "ThreatCategory"),
    59: ("DeviceName", "LogSourceName"),
}  # fmt: skip

#: The place of each member in the list of values of each type of message.
_PLACES: dict[str, dict[int, tuple[str, ...]]] = {
    "TRAFFIC": _FLOW
    | {32: ("BytesSent",), 33: ("BytesReceived",), 36: ("SessionDuration",), 52: ("DeviceName", "LogSourceName")},
    "THREAT": _THREAT,
    "URL": _THREAT,
    "FILE": _THREAT,
    "SYSTEM": {
        8: ("EventName",), 9: ("EventComponent",), 13: ("VendorSeverity", "Severity"), 14: ("EventDescription",),
        22: ("LogSourceName", "DeviceName"),
    },
    "CONFIG": {
        7: ("ClientAddress", "Host", "Client"), 9: ("Command", "EventType"), 10: ("Administrator", "AdminUserName", "Admin"),
        11: ("ClientType",), 12: ("Result", "EventResult"), 13: ("ConfigurationPath", "FullPath", "Path"),
    },
    "GLOBALPROTECT": {
        8: ("EventIDValue", "EventID"), 10: ("AuthMethod",), 11: ("TunnelType",), 12: ("SourceUserName", "SourceUser"),
        13: ("SourceRegion",), 14: ("EndpointDeviceName",), 15: ("PublicIPv4",), 17: ("PrivateIPv4",),
        21: ("GlobalProtectClientVersion",), 22: ("EndpointOSType",), 23: ("EndpointOSVersion",),
        25: ("QuarantineReason",), 26: ("ConnectionError", "Description"), 28: ("EventStatus",), 30: ("LoginDuration",),
        33: ("Gateway", "Portal"),
    },
}  # fmt: skip
_TIMES = ("TimeGeneratedHighResolution", "TimeGenerated", "EventTime", "TimeReceived", "LogTime")


def values_of(messages: Messages) -> list[pa.Array]:
    """The values of messages by place, and their times put into them; all null where a message is no such JSON."""
    columns: list[list[str | None]] = [[None] * len(messages) for _ in range(_WIDTH)]
    times: list[str] = []
    for number, text in enumerate(messages.text.to_pylist()):
        said = _object(text)
        times.append(next((value for name in _TIMES if isinstance(value := said.get(name), str)), ""))
        places = _PLACES.get(_word(said.get("LogType")) or "", {})
        for place, names in (_HEAD | places).items():
            columns[place][number] = next((word for name in names if (word := _word(said.get(name)))), None)
    _clock(messages, pa.array(times, pa.string()))
    return [pa.array(column, pa.string()) for column in columns]


def _object(text: str) -> dict[str, object]:
    if len(text) > _MAX_BYTES:
        return {}
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _word(value: object) -> str | None:
    if isinstance(value, str):
        return value if value not in ("null", "None") else None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _clock(messages: Messages, stated: pa.Array) -> None:
    parts = pc.extract_regex(stated, r"^(?P<t>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<f>\d{1,6})\d*)?Z$")
    seconds = pc.fill_null(pc.struct_field(parts, [0]), "")
    told, good, _ = cells.times(seconds, pa.repeat(pa.scalar("+0000"), len(seconds)))
    fraction = pc.utf8_rpad(pc.fill_null(pc.struct_field(parts, [1]), "0"), 6, "0")
    fraction = pc.if_else(pc.equal(fraction, ""), "0", fraction)
    told = told + fraction.cast(pa.int64()).to_numpy(zero_copy_only=False) * 1000
    messages.ts[good], messages.zone[good] = told[good], UTC
