"""Reader of alerts that consoles export as a table: SentinelOne, Defender's portal, Sophos Central, Trend Micro, ESET and the like.

Recognised by the header: a machine, a time, a name of a threat or an alert, a severity or what was done, and a word that only
such lists have. Comma, semicolon or tab; English or French.
"""

# Names of columns are easier to compare when each kind stands on one line.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wardround.readers import delimited
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_NAMES = {
    "ts": "reportedtimeutc identifiedtimeutc identifiedtime reportedtime detectiontime detectedat detected firstactivity firstseen occurred occurredat "
    "generated generatedtime eventtime timestamp datetime date time when created createdat createdutc received logdate dateheure datedetection horodatage datededetection",
    "host": "endpoint endpoints endpointname computer computername device devicename hostname host machine machinename agentcomputername agentname "
    "impactedassets computerdnsname targetcomputer nomdelordinateur ordinateur poste nomdeposte appareil nomdelappareil",
    "title": "alertname alerttitle alert title nomdelalerte alerte rulename detectionrule",
    "threat": "threat threatname threatdetails malware malwarename virus virusname virusmalware virusmalwarename infection detectionname signature nomdelamenace menace threatdetected nomdetection",
    "severity": "severity severityname alertseverity threatlevel risklevel gravite severite niveau criticite niveaudegravite confidencelevel",
    "action": "action actiontaken actionstaken actionresult result scanresult mitigationstatus completedactions remediation remediationstatus firstaction resultat actioneffectuee cleanupstatus resolution",
    "status": "status incidentstatus alertstatus state statut etat",
    "category": "category classification threattype detectiontype malwaretype tactic categorie typedemenace type engine",
    "description": "description details comment message detail",
    "verdict": "analystverdict verdict classificationverdict",
    "user": "user username account loggedonuser loggedinuser lastloggedinuser logonuser utilisateur compte",
    "file": "path filepath threatpath file filename infectedfile object objecturi objectname fullpath chemin fichier cheminacces",
    "command": "commandline arguments cmdline lignedecommande",
    "address": "ipaddress ip endpointip agentip localip adresseip",
    "techniques": "mitretechniques techniques attacktechniques technique mitre",
    "id": "alertid threatid detectid incidentid",
}  # fmt: skip
_COLUMNS = {name: kind for kind, names in _NAMES.items() for name in names.split()}

#: Columns that lists of other things do not have.
_OWN_TEXT = """
threat threatname threatdetails malware malwarename virusname virusmalware virusmalwarename detectionname analystverdict mitigationstatus
actiontaken alertname infectedfile menace nomdelamenace nomdelalerte threatdetected completedactions alerttitle scanresult cleanupstatus
"""
_OWN = frozenset(_OWN_TEXT.split())

_PRODUCTS = (
    (frozenset(("threatdetails", "completedactions", "analystverdict")), "sentinelone"),
    (frozenset(("investigationstate", "impactedassets", "servicesources")), "defender_endpoint"),
    (frozenset(("virusmalware", "virusmalwarename")), "trend_micro"),
)
_VERDICTS = (
    ("false", "false_positive"),
    ("faux", "false_positive"),
    ("true", "true_positive"),
    ("benign", "benign"),
    ("vrai", "true_positive"),
)
_STATUS = (
    ("unresolved", "new"),
    ("new", "new"),
    ("nouv", "new"),
    ("progress", "in_progress"),
    ("cours", "in_progress"),
    ("resolved", "resolved"),
    ("closed", "resolved"),
    ("résolu", "resolved"),
    ("clos", "resolved"),
)
_CONFIDENCE = {"malicious": "high", "suspicious": "medium"}


def layout(names: delimited.Columns) -> delimited.Columns | None:
    """What the columns of a list of alerts are, None for other tables."""
    kinds = tuple(_COLUMNS.get(name, "") for name in names)
    known = set(kinds)
    if not _OWN & set(names) or not {"ts", "host"} <= known or not {"title", "threat"} & known:
        return None
    return kinds if {"severity", "action", "verdict"} & known else None


class AlertTableReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "alert_table"

    def sniff(self, head: bytes) -> str | None:
        """By the header."""
        return self.name if delimited.sniffs(head, layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """One span: rows need the header."""
        yield Span()

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read alerts into ``edr_alert``."""
        products: list[str | None] = []

        def told(names: delimited.Columns) -> delimited.Columns | None:
            found = layout(names)
            if found is not None:
                products.append(next((name for marks, name in _PRODUCTS if marks & set(names)), None))
            return found

        batches, clock = Batches(sink), delimited.Clock()
        for row in delimited.rows(source, told, sink):
            get = dict(row.values).get
            ts = values.moment(get("ts"), clock)
            if ts[0] is None:
                sink.diagnose("no_time", "An alert has no time that can be read.", row.line)
            status = (get("status") or "").casefold()
            alerts.add(
                batches,
                **values.place(ts, row.line),
                product=products[-1] if products else None,
                alert_id=get("id"),
                title=get("title") or get("threat"),
                threat=get("threat"),
                category=get("category"),
                description=(get("description") or "")[:300],
                severity=values.severity(get("severity")) or _CONFIDENCE.get((get("severity") or "").casefold()),
                action=values.action(get("action")) or (None if _first(_STATUS, status) else values.action(status)),
                status=_first(_STATUS, status),
                verdict=_first(_VERDICTS, (get("verdict") or "").casefold()),
                techniques=values.techniques(get("techniques")),
                host=get("host"),
                address=get("address"),
                user=get("user"),
                file=get("file"),
                command=get("command"),
            )
        batches.close()


def _first(words: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((told for word, told in words if word in text), None) if text else None


READER: Reader = AlertTableReader()
