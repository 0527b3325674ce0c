"""The table of Windows events, with the field names of the Sigma taxonomy."""

from __future__ import annotations

from wardround.schema import table

WINDOWS_EVENT = table(
    "windows_event",
    "Windows events from .evtx files or their JSON exports. Besides these columns it has one text column per EventData or "
    "UserData name met (TargetUserName, CommandLine, Image …), unmapped, as Sigma rules name them.",
    """
Channel            label  Log the event was written to (Security, System, Microsoft-Windows-Sysmon/Operational …)
Provider_Name      label  Component that wrote it
EventID            int    Number of the event within its provider
Computer           label  Host that wrote it
EventRecordID      int    Number of the record within its log
Version            int    Version of the event's layout
Level              int    1 critical, 2 error, 3 warning, 4 information, 5 verbose, 0 always
Task               int    Task number of the provider
Opcode             int    Opcode number of the provider
Keywords           text   Keyword mask in hexadecimal, or as text where the export kept only that
Execution_ProcessID int   Process that wrote the event
Execution_ThreadID int    Thread that wrote the event
Correlation_ActivityID text  Activity identifier that ties events together
Security_UserID    label  SID of the account under which the event was written
""",
    open=True,
)

TABLES = (WINDOWS_EVENT,)
