"""What many detections ask of the same events, made ready once: the views that are derived from tables."""

# Wordings are easier to compare when each kind stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from types import MappingProxyType

#: Every command that was started and every script that was run, with ``text`` as it stands in the event and ``line`` as
#: :func:`plain_command` gives it, to be searched. Equal texts are held, normalised and searched once: a condition on
#: ``text`` or ``line`` alone is decided before events are joined.
COMMANDS = """
CREATE TABLE command_event_text AS
SELECT ts, evidence_id, record, Computer, Channel, EventID, coalesce("User", SubjectUserName) AS account,
       coalesce(CommandLine, ScriptBlockText, Payload, Data) AS text
FROM windows_event
WHERE (Channel = 'Microsoft-Windows-Sysmon/Operational' AND EventID = 1) OR (Channel = 'Security' AND EventID = 4688)
   OR (Channel = 'Microsoft-Windows-PowerShell/Operational' AND EventID IN (4103, 4104))
   OR (Channel = 'Windows PowerShell' AND EventID = 800);
CREATE TABLE command_text AS
SELECT row_number() OVER () AS number, text, plain_command(text) AS line
FROM (SELECT DISTINCT text FROM command_event_text WHERE text IS NOT NULL);
CREATE TABLE command_event AS
SELECT command_event_text.* EXCLUDE (text), number FROM command_event_text JOIN command_text USING (text);
DROP TABLE command_event_text;
CREATE VIEW windows_command AS SELECT * EXCLUDE (number) FROM command_event JOIN command_text USING (number);
"""

#: Which kinds of event there are at all: most evidence that detections need is told by it.
KINDS = """
CREATE TABLE windows_event_kind AS SELECT DISTINCT Channel, EventID, Provider_Name FROM windows_event;
"""

#: Alerts of products that protect computers: one row per alert and machine, with the kind of thing they tell of (``class``),
#: whether it was stopped (NULL: not told) and how grave that makes it (``grade``, 0 informational to 4 critical). The kind is
#: told by title, threat, category and techniques; explanations speak of everything that might happen. What people found
#: harmless is left out.
ALERTS = r"""
CREATE TABLE protection_alert AS
WITH numbered AS (
  SELECT *, coalesce(product || ':' || alert_id, evidence_id || ':' || record) AS number FROM edr_alert
), whole AS (
  SELECT number, any_value(product) AS product, any_value(title) AS title, any_value(threat) AS threat, any_value(severity) AS severity,
         min(ts) AS told, bool_or(host IS NOT NULL) AS placed, bool_or(verdict IN ('false_positive', 'benign')) AS harmless,
         lower(concat_ws(' ', any_value(title), any_value(threat), any_value(category))) AS words,
         coalesce(string_agg(array_to_string(techniques, ' '), ' '), '') AS named
  FROM numbered GROUP BY number
), placed AS (
  SELECT number, any_value(host) AS host, any_value("user") AS account, any_value(file) AS file, any_value(command) AS command,
         min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS events,
         bool_and(action IN ('prevented', 'remediated')) FILTER (action IS NOT NULL) AS stopped,
         arg_min(evidence_id, coalesce(ts, 0)) AS evidence_id, arg_min(record, coalesce(ts, 0)) AS record
  FROM numbered GROUP BY number, lower(host)
), sorted AS (
  SELECT placed.*, product, coalesce(title, threat, '?') AS title, threat, severity, CASE
    WHEN regexp_matches(words, 'eicar|amtso|\btest[ _-]?(alert|file|detection)|defendertest|\bantivirus test\b') THEN 'test'
    WHEN regexp_matches(words, '\bransom|ran[çc]on|encrypt(ed|s|ion of|ing) (\w+ )?(files|data)|data encrypted|shadow cop|inhibit system recovery|backup.{1,20}delet|chiffrement')
      OR regexp_matches(named, '\bT(1486|1490)') THEN 'ransomware'
    WHEN regexp_matches(words, '\bpu[ap]s?\b|pu[ap][:._]|adware|unwanted|riskware|not-a-virus|ind[ée]sirable|bundler|toolbar') THEN 'unwanted'
    WHEN regexp_matches(words, 'credential|mimikatz|lsass|password.?(steal|dump)|\bpws[:.]|kerberoast|dc.?sync|ntds|golden.?ticket|identifiants')
      OR regexp_matches(named, '\bT(1003|1558|1555|1552)') THEN 'credentials'
    WHEN regexp_matches(words, 'tamper|(antivirus|defender|protection|sensor|agent|security).{0,30}(disabl|turned off|switched off|uninstall)|impair defen|log.{0,10}clear')
      OR regexp_matches(named, '\bT(1562|1685|1070\.001)') THEN 'tampering'
    WHEN regexp_matches(words, 'exfiltrat|data theft')
      OR regexp_matches(named, '\bT(1041|1048|1567)') THEN 'exfiltration'
    WHEN regexp_matches(words, 'lateral|psexec|wmiexec|smbexec|impacket|remote service|pass.the|hands.on|human.operated|overwatch|cobalt|beacon|meterpreter|sliver|hacktool|hack tool|command.and.control|reverse shell|web ?shell|backdoor')
      OR regexp_matches(named, '\bT(1021|1570|1569|1047|1210|1071|1219|1505|1572)') THEN 'intruder'
    ELSE 'malware' END AS class
  FROM placed JOIN whole ON whole.number = placed.number
  WHERE NOT coalesce(harmless, false) AND (host IS NOT NULL OR NOT whole.placed)
), judged AS (
  SELECT *, CASE severity WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 WHEN 'informational' THEN 0 ELSE 2 END AS told
  FROM sorted
)
SELECT * EXCLUDE (told), CASE
    WHEN class = 'test' THEN 0
    WHEN class = 'unwanted' THEN CASE WHEN stopped THEN 0 ELSE 1 END
    WHEN class = 'ransomware' AND told <= 1 THEN CASE WHEN stopped THEN 1 ELSE 2 END
    WHEN class = 'ransomware' THEN CASE WHEN stopped THEN 2 WHEN NOT stopped OR told >= 3 THEN 4 ELSE 3 END
    WHEN class = 'malware' THEN least(3, greatest(0, told - CASE WHEN stopped THEN 1 WHEN NOT stopped THEN 0 ELSE 1 END))
    ELSE least(3, greatest(0, told - CASE WHEN stopped THEN 1 ELSE 0 END)) END AS grade
FROM judged;
"""

#: Runs of backup programs: their lists and reports (backup_job), the log of Veeam among those of Windows, and what Veeam's
#: server forwards by syslog. 190, 490 and 790 are jobs, 150 one machine of a job, 390 and 40390 tests, 290 and 40290 restores
#: (Veeam Help Center, Event Reference). What is still running says nothing.
RUNS = r"""
CREATE TABLE backup_run AS
WITH event AS (
  SELECT 'windows_event' AS tab, ts, evidence_id, record, EventID AS number, coalesce(Data, '') AS told,
         CASE Level WHEN 4 THEN 'success' WHEN 3 THEN 'warning' WHEN 2 THEN 'failed' END AS graded, NULL AS object
  FROM windows_event WHERE Channel = 'Veeam Backup' AND EventID IN (150, 190, 290, 390, 490, 790, 40290, 40390)
  UNION ALL
  SELECT 'device_event', ts, evidence_id, record, try_cast(message_id AS BIGINT), coalesce(message, ''), NULL, object
  FROM device_event WHERE vendor = 'veeam' AND message_id IN ('150', '190', '290', '390', '490', '790', '40290', '40390')
), named AS (
  SELECT tab, ts, evidence_id, record, number, coalesce(object, nullif(regexp_extract(told, '(?i)(?:job|VM|task)\s+[''"]([^''"]{1,200})[''"]', 1), '')) AS name,
         CASE WHEN regexp_matches(told, '(?i)(with|state).{0,6}\bsuccess') THEN 'success' WHEN regexp_matches(told, '(?i)(with|state).{0,6}\bwarning') THEN 'warning'
              WHEN regexp_matches(told, '(?i)(with|state).{0,6}\b(failed|error)') THEN 'failed' WHEN regexp_matches(told, '(?i)in ?progress|pending') THEN NULL ELSE graded END AS result
  FROM event
)
SELECT 'backup_job' AS tab, ts, evidence_id, record, product, job, client, kind, result FROM backup_job
UNION ALL
SELECT tab, ts, evidence_id, record, 'veeam', CASE WHEN number <> 150 THEN name END, CASE WHEN number = 150 THEN name END,
       CASE WHEN number IN (290, 40290) THEN 'restore' WHEN number IN (390, 40390) THEN 'verify' WHEN number = 490 THEN 'copy' ELSE 'backup' END, result
FROM named WHERE result IS NOT NULL;
"""

#: Changes that logs of devices tell. ``said`` is the object in lower case, ``object`` the same without the verb and the brackets
#: of Junos, so that a path reads alike whether it was typed or written to the audit. Where a device does not say from where
#: somebody worked (Junos, IOS), ``source`` is that of the last logon of this account at this device within twelve hours.
CHANGES = r"""
CREATE TABLE device_change AS
WITH told AS (
  SELECT ts, evidence_id, record, device, lower("user") AS who, source, ui, action, lower(coalesce(message, '')) AS message,
         lower(trim(coalesce(object, ''))) AS said
  FROM device_event
  WHERE category = 'config' AND coalesce(ui, '') NOT LIKE 'fgfm%' AND coalesce(action, '') NOT IN ('show', 'read')
), entrance AS (
  SELECT device, lower("user") AS who, ts, source FROM logon
  WHERE action = 'login' AND source IS NOT NULL AND device IS NOT NULL AND "user" IS NOT NULL AND ts IS NOT NULL
    AND EXISTS (SELECT 1 FROM told WHERE told.source IS NULL)
)
SELECT told.ts, told.evidence_id, told.record, told.device, told.who, told.ui, told.action, told.message, told.said,
       coalesce(told.source, CASE WHEN told.ts - entrance.ts <= hours(12) THEN entrance.source END) AS source,
       trim(regexp_replace(regexp_replace(told.said, '^(set|delete|activate|deactivate|rename|replace|insert) (?:groups \S+ )?', ''), '[\[\]]', ' ', 'g')) AS object
FROM told ASOF LEFT JOIN entrance ON told.device = entrance.device AND told.who = entrance.who AND told.ts >= entrance.ts;
"""

#: Logons from anywhere: at gateways of VPNs and at the cloud, in the words of vpn_session; ``tab`` says where a row stands.
REMOTE = """
CREATE VIEW remote_logon AS
SELECT 'vpn_session' AS tab, ts, evidence_id, record, device, action, outcome, "user", source, source_country FROM vpn_session
UNION ALL
SELECT 'logon', ts, evidence_id, record, device, action, outcome, "user", source, source_country FROM logon WHERE vendor = 'entra';
"""

#: Statements by the name of the view that they make, and the tables that they ask.
VIEWS = MappingProxyType(
    {
        "windows_command": ("windows_event", COMMANDS),
        "windows_event_kind": ("windows_event", KINDS),
        "protection_alert": ("edr_alert", ALERTS),
        "device_change": ("device_event logon", CHANGES),
        "remote_logon": ("vpn_session logon", REMOTE),
        "backup_run": ("backup_job windows_event device_event", RUNS),
    }
)
