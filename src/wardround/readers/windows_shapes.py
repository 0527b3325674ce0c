"""The ways in which tools write a Windows event as JSON: for each, where the columns of ``windows_event`` are found.

A shape is a table, not code: declared column -> the paths that may hold it (the first that has a value counts), the paths
of the time, and where the event's own data lie. Paths are those of :mod:`wardround.readers.shred`. To support another
export, add a :class:`Shape` here and an example to the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One JSON form of a Windows event.

    ``marks`` are paths that all must be there for the shape to be recognised. Leaves below one of ``data`` are the
    event's own values; with ``flat`` every top-level path is one too, unless it is used for a column, is in ``ignored`` or
    lies below a member of it. ``unnamed`` paths hold values without a name. ``zone`` is the ``ts_zone`` of its times when
    they have a zone; ``clock`` reads times of a form that is no ISO 8601 (text column to int64 ns UTC, null otherwise);
    ``channels`` gives the full names of channels that the export abbreviates; ``lowered`` says that it writes the first letter
    of the event's own names small.
    """

    name: str
    marks: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    time: tuple[str, ...]
    data: tuple[str, ...] = ()
    flat: bool = False
    ignored: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    zone: str = "stated"
    clock: Callable[[pa.StringArray], pa.Int64Array] | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    lowered: bool = False


#: Objects in which exports wrap each event: Elasticsearch, Splunk, Chainsaw.
WRAPPERS = ("", "_source.", "result.", "document.data.", "document.")


def _event(attributes: str) -> dict[str, tuple[str, ...]]:
    """The columns of the XML event turned into JSON; ``attributes`` stands between an element and its attribute."""
    system = "Event.System."
    columns: dict[str, tuple[str, ...]] = {name: (f"{system}{name}",) for name in _ELEMENTS}
    for element, attribute in (
        ("Provider", "Name"),
        ("Execution", "ProcessID"),
        ("Execution", "ThreadID"),
        ("Correlation", "ActivityID"),
        ("Security", "UserID"),
    ):
        columns[f"{element}_{attribute}"] = (f"{system}{element}{attributes}{attribute}",)
    return columns


_ELEMENTS = ("Channel", "EventID", "Computer", "EventRecordID", "Version", "Level", "Task", "Opcode", "Keywords")

#: What the evtx library makes of an event, as ``evtx_dump -o json`` and ``-o jsonl`` write it.
EVENT = Shape(
    "event",
    marks=("Event.System.EventID", "Event.System.Channel"),
    columns=_event(".#attributes."),
    time=("Event.System.TimeCreated.#attributes.SystemTime",),
    data=("Event.EventData.", "Event.UserData."),
    zone="utc",
)

#: The same with attributes beside their element: ``evtx_dump --separate-json-attributes``, Chainsaw.
EVENT_SEPARATE = Shape(
    "event with separate attributes",
    marks=("Event.System.TimeCreated_attributes.SystemTime",),
    columns=_event("_attributes."),
    time=("Event.System.TimeCreated_attributes.SystemTime",),
    data=("Event.EventData.", "Event.UserData."),
    zone="utc",
)

WINLOGBEAT = Shape(
    "winlogbeat",
    marks=("winlog.channel",),
    columns={
        "Channel": ("winlog.channel",),
        "Provider_Name": ("winlog.provider_name", "event.provider"),
        "EventID": ("winlog.event_id", "event.code"),
        "Computer": ("winlog.computer_name", "host.name", "agent.hostname"),
        "EventRecordID": ("winlog.record_id",),
        "Version": ("winlog.version",),
        "Level": ("winlog.level", "log.level"),
        "Task": ("winlog.task",),
        "Opcode": ("winlog.opcode",),
        "Keywords": ("winlog.keywords",),
        "Execution_ProcessID": ("winlog.process.pid",),
        "Execution_ThreadID": ("winlog.process.thread.id",),
        "Correlation_ActivityID": ("winlog.activity_id",),
        "Security_UserID": ("winlog.user.identifier",),
    },
    time=("winlog.time_created", "@timestamp"),
    data=("winlog.event_data.", "winlog.user_data."),
)

WINLOGBEAT_6 = Shape(
    "winlogbeat 6",
    marks=("log_name", "event_id", "computer_name"),
    columns={
        "Channel": ("log_name",),
        "Provider_Name": ("source_name",),
        "EventID": ("event_id",),
        "Computer": ("computer_name",),
        "EventRecordID": ("record_number",),
        "Version": ("version",),
        "Level": ("level",),
        "Task": ("task",),
        "Opcode": ("opcode",),
        "Keywords": ("keywords",),
        "Execution_ProcessID": ("process_id",),
        "Execution_ThreadID": ("thread_id",),
        "Correlation_ActivityID": ("activity_id",),
        "Security_UserID": ("user.identifier",),
    },
    time=("@timestamp",),
    data=("event_data.", "user_data."),
)


def _javascript_date(text: pa.StringArray) -> pa.Int64Array:
    """Windows PowerShell's ``/Date(1700000000000)/``: milliseconds since 1970 UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    milliseconds = pc.struct_field(pc.extract_regex(text, r"^/Date\((?P<ms>-?[0-9]{1,13})(?:[+-][0-9]{4})?\)/$"), "ms")
    return pc.multiply(milliseconds.cast(pa.int64()), 1_000_000)


#: Get-WinEvent | ConvertTo-Json, of Windows PowerShell and of PowerShell 7.
POWERSHELL = Shape(
    "Get-WinEvent",
    marks=("Id", "LogName", "ProviderName"),
    columns={
        "Channel": ("LogName",),
        "Provider_Name": ("ProviderName",),
        "EventID": ("Id",),
        "Computer": ("MachineName",),
        "EventRecordID": ("RecordId",),
        "Version": ("Version",),
        "Level": ("Level", "LevelDisplayName"),
        "Task": ("Task",),
        "Opcode": ("Opcode",),
        "Keywords": ("Keywords",),
        "Execution_ProcessID": ("ProcessId",),
        "Execution_ThreadID": ("ThreadId",),
        "Correlation_ActivityID": ("ActivityId", "ActivityId.Guid"),
        "Security_UserID": ("UserId.Value", "UserId"),
    },
    time=("TimeCreated", "TimeCreated.value", "TimeCreated.DateTime"),
    data=(),
    unnamed=("Properties.Value", "Properties"),
    clock=_javascript_date,
)

HAYABUSA = Shape(
    "Hayabusa timeline",
    marks=("Timestamp", "RecordID", "Channel", "EventID"),
    columns={
        "Channel": ("Channel",),
        "Provider_Name": ("Provider",),
        "EventID": ("EventID",),
        "Computer": ("Computer",),
        "EventRecordID": ("RecordID",),
    },
    time=("Timestamp",),
    data=("AllFieldInfo.", "ExtraFieldInfo."),
    channels={
        "App": "Application",
        "BitsCli": "Microsoft-Windows-Bits-Client/Operational",
        "CodeInteg": "Microsoft-Windows-CodeIntegrity/Operational",
        "Defender": "Microsoft-Windows-Windows Defender/Operational",
        "Firewall": "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
        "NTLM": "Microsoft-Windows-NTLM/Operational",
        "PwSh": "Microsoft-Windows-PowerShell/Operational",
        "PwShClassic": "Windows PowerShell",
        "Sec": "Security",
        "Sys": "System",
        "Sysmon": "Microsoft-Windows-Sysmon/Operational",
        "TaskSch": "Microsoft-Windows-TaskScheduler/Operational",
        "WinRM": "Microsoft-Windows-WinRM/Operational",
        "WMI": "Microsoft-Windows-WMI-Activity/Operational",
    },
)

#: Alerts of Wazuh, as the manager writes them or the indexer keeps them.
WAZUH = Shape(
    "Wazuh",
    marks=("data.win.system.eventID",),
    columns={
        "Channel": ("data.win.system.channel",),
        "Provider_Name": ("data.win.system.providerName",),
        "EventID": ("data.win.system.eventID",),
        "Computer": ("data.win.system.computer", "agent.name"),
        "EventRecordID": ("data.win.system.eventRecordID",),
        "Version": ("data.win.system.version",),
        "Level": ("data.win.system.level",),
        "Task": ("data.win.system.task",),
        "Opcode": ("data.win.system.opcode",),
        "Keywords": ("data.win.system.keywords",),
        "Execution_ProcessID": ("data.win.system.processID",),
        "Execution_ThreadID": ("data.win.system.threadID",),
    },
    time=("data.win.system.systemTime", "timestamp", "@timestamp"),
    data=("data.win.eventdata.", "data.win.userdata."),
    unnamed=("data.win.eventdata.data",),
    lowered=True,
)


#: parse_evtx of Velociraptor: the event's elements with their values, its time in seconds.
VELOCIRAPTOR = Shape(
    "Velociraptor",
    marks=("System.EventID.Value", "System.Channel"),
    columns={name: (f"System.{name}",) for name in _ELEMENTS}
    | {
        "Provider_Name": ("System.Provider.Name",),
        "EventID": ("System.EventID.Value",),
        "Execution_ProcessID": ("System.Execution.ProcessID",),
        "Execution_ThreadID": ("System.Execution.ThreadID",),
        "Correlation_ActivityID": ("System.Correlation.ActivityID",),
        "Security_UserID": ("System.Security.UserID",),
    },
    time=("System.TimeCreated.SystemTime",),
    data=("EventData.", "UserData."),
    zone="utc",
)

#: NXLog's flat records, and the data sets collected with it or flattened from winlogbeat in the same manner.
FLAT = Shape(
    "flat",
    marks=("EventID", "Channel"),
    columns={
        "Channel": ("Channel",),
        "Provider_Name": ("Provider_Name", "SourceName", "ProviderName", "source_name", "EventSourceName"),
        "EventID": ("EventID",),
        "Computer": ("Computer", "Hostname", "host.name", "host"),
        "EventRecordID": ("EventRecordID", "RecordNumber", "record_number"),
        "Version": ("Version",),
        "Level": ("Level", "LevelValue", "EventType"),
        "Task": ("Task",),
        "Opcode": ("OpcodeValue", "Opcode"),
        "Keywords": ("Keywords",),
        "Execution_ProcessID": ("Execution_ProcessID", "ExecutionProcessID"),
        "Execution_ThreadID": ("Execution_ThreadID", "ExecutionThreadID", "ThreadID"),
        "Correlation_ActivityID": ("Correlation_ActivityID", "ActivityID"),
        "Security_UserID": ("Security_UserID", "UserID"),
    },
    time=("SystemTime", "TimeCreated", "@timestamp", "EventTime", "TimeGenerated", "EventReceivedTime"),
    data=("EventData.", "event_data.", "UserData."),
    flat=True,
    ignored=(
        "SeverityValue",
        "Severity",
        "ProviderGuid",
        "SourceModuleName",
        "SourceModuleType",
        "EventReceivedTime",
        "@timestamp",
        "@version",
        "EventTime",
        "TimeGenerated",
        "TenantId",
        "SourceSystem",
        "port",
        "tags",
        "host",
        "type",
    ),
)

#: Fields that Splunk extracted from the classic text form.
SPLUNK_FIELDS = Shape(
    "Splunk fields",
    marks=("EventCode", "LogName"),
    columns={
        "Channel": ("LogName",),
        "Provider_Name": ("SourceName",),
        "EventID": ("EventCode",),
        "Computer": ("ComputerName", "host"),
        "EventRecordID": ("RecordNumber",),
        "Level": ("Type",),
        "Keywords": ("Keywords",),
        "Security_UserID": ("Sid",),
    },
    time=("_time", "TimeGenerated"),
    flat=True,
    ignored=(
        "_time", "_raw", "_bkt", "_cd", "_si", "_serial", "_sourcetype", "_indextime", "_kv", "_subsecond",
        "source", "sourcetype", "index", "linecount", "splunk_server", "host", "punct", "tag", "eventtype",
        "timestartpos", "timeendpos", "date_hour", "date_mday", "date_minute", "date_month", "date_second",
        "date_wday", "date_year", "date_zone", "EventType", "TaskCategory", "OpCode", "SidType",
    ),
)  # fmt: skip

#: Every shape, most specific first.
SHAPES = (EVENT_SEPARATE, EVENT, WINLOGBEAT, WINLOGBEAT_6, HAYABUSA, WAZUH, VELOCIRAPTOR, FLAT, POWERSHELL, SPLUNK_FIELDS)

#: Words that exports write for the level of an event.
LEVELS = {
    "logalways": 0,
    "critical": 1,
    "error": 2,
    "warning": 3,
    "information": 4,
    "info": 4,
    "verbose": 5,
    "audit_success": 0,
    "audit_failure": 0,
}


def shape_of(paths: Iterable[str]) -> tuple[Shape, str] | None:
    """The first shape whose marks are all among the paths, and the wrapper that stands before them; None without one."""
    present = set(paths)
    for wrapper in WRAPPERS:
        for shape in SHAPES:
            if all(_is_in(wrapper + mark, present) for mark in shape.marks):
                return shape, wrapper
    return None


def _is_in(mark: str, present: set[str]) -> bool:
    """Whether a path is there, or is an element with text beside attributes."""
    return mark in present or f"{mark}.#text" in present
