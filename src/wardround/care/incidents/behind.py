"""The events behind findings, and the ways from machine to machine: who logged on where, from where, when.

A finding names its subjects; the rows that it points at know more: the account, the address it came from, the logon session.
"""

# ruff: noqa: S608 (queries are put together from constants of this module)

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wardround.care.application_entities import Asking

#: So many rows behind findings are looked up, those of the gravest findings first, and so many of one finding.
MOST_ROWS, EACH = 60_000, 10

#: So many ways from machine to machine, counted per hour, are looked at.
MOST_WAYS = 500_000

#: A longer name is cut: it is nobody's.
_LONGEST = 300

#: Logon sessions that Windows itself holds (SYSTEM, LOCAL SERVICE, NETWORK SERVICE): they tell nobody apart.
_OWN_SESSIONS = ("0x0", "0x3e7", "0x3e5", "0x3e4", "-")

_MAIL = "NULL AS actor, recipient AS account, NULL AS session, NULL AS host, true AS succeeded"

#: Where each table says who did it and from where: actor, account.
_ROWS = {
    "windows_event": """
        coalesce(present(IpAddress), present("Address"), present(ClientAddress),
          CASE WHEN EventID = 1149 THEN present(Param3) END) AS actor,
        CASE WHEN EventID IN (4624, 4625, 4648) THEN present(TargetUserName)
          WHEN EventID = 1149 THEN present(Param1)
          ELSE coalesce(present(SubjectUserName), present("User"), present(TargetUserName)) END AS account,
        CASE WHEN EventID IN (4624, 4625) THEN present(TargetLogonId)
          ELSE coalesce(present(SubjectLogonId), present(LogonId)) END AS session,
        lower(Computer) AS host, true AS succeeded""",
    "edr_alert": 'NULL AS actor, present("user") AS account, NULL AS session, lower(host) AS host, true AS succeeded',
    "vpn_session": 'present(source) AS actor, present("user") AS account, NULL AS session, NULL AS host, true AS succeeded',
    "logon": 'present(source) AS actor, present("user") AS account, NULL AS session, NULL AS host, true AS succeeded',
    "device_event": 'present(source) AS actor, present("user") AS account, NULL AS session, NULL AS host, true AS succeeded',
    "http": """"id.orig_h" AS actor, NULL AS account, NULL AS session, NULL AS host,
        coalesce(status_code BETWEEN 200 AND 299, true) AS succeeded""",
    "mail_message": _MAIL,
    "mail_link": _MAIL,
    "mail_attachment": _MAIL,
    "firewall_event": "source AS actor, NULL AS account, NULL AS session, NULL AS host, true AS succeeded",
}

_OPENED = """
    SELECT lower(Computer) AS host, lower(TargetLogonId) AS session, min(ts) AS ts, any_value(present(IpAddress)) AS source,
      any_value(present(TargetUserName)) AS account, any_value(LogonType) AS kind
    FROM windows_event
    WHERE Channel = 'Security' AND EventID = 4624 AND LogonType IN ('3', '8', '9', '10')
      AND lower(TargetLogonId) IN (SELECT unnest(CAST(? AS VARCHAR[])))
    GROUP BY ALL
"""

#: One row per source, target, account, manner and hour.
_WAYS = """
    WITH went AS (
      SELECT ts, present(IpAddress) AS source, lower(Computer) AS target, present(TargetUserName) AS account,
        CASE WHEN LogonType = '10' THEN 'remote_desktop' ELSE 'logon' END AS manner
      FROM windows_event WHERE Channel = 'Security' AND EventID = 4624 AND LogonType IN ('3', '8', '9', '10')
      UNION ALL
      SELECT ts, lower(Computer), present(TargetServerName), present(TargetUserName), 'logon'
      FROM windows_event WHERE Channel = 'Security' AND EventID = 4648 AND lower(TargetServerName) <> 'localhost'
      UNION ALL
      SELECT ts, present("Address"), lower(Computer), present("User"), 'remote_desktop'
      FROM windows_event
      WHERE Channel = 'Microsoft-Windows-TerminalServices-LocalSessionManager/Operational' AND EventID IN (21, 25)
      UNION ALL
      SELECT ts, present(Param3), lower(Computer), present(Param1), 'remote_desktop'
      FROM windows_event
      WHERE Channel = 'Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational' AND EventID = 1149
      UNION ALL
      SELECT ts, present(source), present(device), present("user"), coalesce(service, 'logon')
      FROM logon WHERE outcome = 'success'
      UNION ALL
      SELECT ts, "id.orig_h", "id.resp_h", NULL, 'remote_desktop' FROM rdp
      UNION ALL
      SELECT ts, "id.orig_h", "id.resp_h", NULL, 'file_sharing' FROM smb_mapping
      UNION ALL
      SELECT ts, "id.orig_h", "id.resp_h", NULL, 'file_sharing' FROM smb_files
      UNION ALL
      SELECT ts, "id.orig_h", "id.resp_h", NULL,
        CASE "id.resp_p" WHEN 22 THEN 'ssh' WHEN 3389 THEN 'remote_desktop' WHEN 445 THEN 'file_sharing'
          WHEN 139 THEN 'file_sharing' ELSE 'administration' END
      FROM conn WHERE "id.resp_p" IN (22, 135, 139, 445, 3389, 5985, 5986)
        AND (conn_state IN ('SF', 'S1', 'S2', 'S3', 'RSTO', 'RSTR') AND resp_bytes > 0 OR conn_state IS NULL)
    )
    SELECT source, target, account, manner, ts // hours(1) AS hour, min(ts) AS ts
    FROM went WHERE ts IS NOT NULL AND source IS NOT NULL AND target IS NOT NULL
      AND (lower(source) IN (SELECT unnest(CAST(? AS VARCHAR[]))) OR lower(account) IN (SELECT unnest(CAST(? AS VARCHAR[]))))
    GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row behind a finding says; ``finding`` is the place of the finding among those asked for.

    ``succeeded`` is false for a request that was refused.
    """

    finding: int
    actor: str
    account: str
    host: str
    session: str
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """How a logon session was opened on a host: from where, by whom, when."""

    host: str
    session: str
    ts: int
    source: str
    account: str
    kind: str


@dataclass(frozen=True, slots=True)
class Way:
    """That an account (empty when unknown) went from a machine to another within an hour, first at ``ts`` (ns UTC)."""

    source: str
    target: str
    account: str
    manner: str
    ts: int


def rows(tables: Asking, pointers: Iterable[tuple[int, str, str, int]]) -> list[Row]:
    """What the rows behind findings say. ``pointers`` are (finding, table, evidence_id, record). Raises WardroundError."""
    wanted: dict[str, tuple[list[int], list[str], list[int]]] = {}
    for count, (finding, table, evidence_id, record) in enumerate(pointers):
        if count >= MOST_ROWS:
            break
        if table in _ROWS:
            lists = wanted.setdefault(table, ([], [], []))
            lists[0].append(finding)
            lists[1].append(evidence_id)
            lists[2].append(record)
    found = []
    for table, (findings, evidence, records) in sorted(wanted.items()):
        sql = f"""
            WITH wanted AS (SELECT unnest(CAST(? AS INTEGER[])) AS finding, unnest(CAST(? AS VARCHAR[])) AS piece,
              unnest(CAST(? AS BIGINT[])) AS place)
            SELECT DISTINCT finding, {_ROWS[table]} FROM {table}
            JOIN wanted ON evidence_id = piece AND record = place ORDER BY ALL
        """
        for row in tables.query(sql, (findings, evidence, records)):
            actor, account, host, session = ((row[name] or "")[:_LONGEST] for name in ("actor", "account", "host", "session"))
            found.append(Row(row["finding"], actor, account, host, session.lower(), row["succeeded"]))
    return found


def opened(tables: Asking, wanted: Iterable[Row]) -> dict[tuple[str, str], Opened]:
    """How the logon sessions of these rows were opened, by (host, session). Raises WardroundError."""
    sessions = {(row.host, row.session) for row in wanted if row.host and row.session not in ("", *_OWN_SESSIONS)}
    if not sessions:
        return {}
    found = {}
    for row in tables.query(_OPENED, (sorted({session for _, session in sessions}),)):
        if (row["host"], row["session"]) in sessions and row["source"]:
            texts = (row["source"], row["account"] or "", row["kind"] or "")
            found[row["host"], row["session"]] = Opened(row["host"], row["session"], row["ts"], *texts)
    return found


def ways(tables: Asking, sources: Sequence[str], accounts: Sequence[str]) -> list[Way]:
    """The ways that lead away from machines (in every spelling) or that accounts went. Raises WardroundError."""
    if not sources and not accounts:
        return []
    return [_way(row) for row in tables.query(_WAYS, (list(sources), list(accounts)), most=MOST_WAYS)]


def _way(row: dict[str, Any]) -> Way:
    return Way(row["source"], row["target"], row["account"] or "", row["manner"], row["ts"])
