"""What many detections ask of the same events, made ready once: the views that are derived from tables."""

from __future__ import annotations

from types import MappingProxyType

#: Every command that was started and every script that was run, with ``text`` as it stands in the event and ``line`` as
#: :func:`plain_command` gives it, to be searched. Equal texts are held, normalised and searched once: a condition on
#: ``text`` or ``line`` alone is decided before events are joined.
COMMANDS = """
CREATE TEMP TABLE command_event_text AS
SELECT ts, evidence_id, record, Computer, Channel, EventID, coalesce("User", SubjectUserName) AS account,
       coalesce(CommandLine, ScriptBlockText, Payload, Data) AS text
FROM windows_event
WHERE (Channel = 'Microsoft-Windows-Sysmon/Operational' AND EventID = 1) OR (Channel = 'Security' AND EventID = 4688)
   OR (Channel = 'Microsoft-Windows-PowerShell/Operational' AND EventID IN (4103, 4104))
   OR (Channel = 'Windows PowerShell' AND EventID = 800);
CREATE TEMP TABLE command_text AS
SELECT row_number() OVER () AS number, text, plain_command(text) AS line
FROM (SELECT DISTINCT text FROM command_event_text WHERE text IS NOT NULL);
CREATE TEMP TABLE command_event AS
SELECT command_event_text.* EXCLUDE (text), number FROM command_event_text JOIN command_text USING (text);
DROP TABLE command_event_text;
CREATE TEMP VIEW windows_command AS SELECT * EXCLUDE (number) FROM command_event JOIN command_text USING (number);
"""

#: Which kinds of event there are at all: most evidence that detections need is told by it.
KINDS = """
CREATE TEMP TABLE windows_event_kind AS SELECT DISTINCT Channel, EventID, Provider_Name FROM windows_event;
"""

#: Statements by the name of the view that they make, and the table that they ask.
VIEWS = MappingProxyType({"windows_command": ("windows_event", COMMANDS), "windows_event_kind": ("windows_event", KINDS)})
