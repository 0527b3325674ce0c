"""Reader of alerts of Microsoft Defender as its interfaces give them: alerts, Graph security alerts, incidents with alerts.

One row per alert and machine, and per account beyond the first. Source: Microsoft Learn, "Alert resource type" (Defender for
Endpoint), "alert resource type" (microsoft.graph.security) and "List incidents API" (Defender XDR).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.edr import alerts, values
from wardround.readers.json_members import mapping, mappings

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Machines told of one alert; more are counted in a diagnostic.
MOST_HOSTS = 200

_VERDICTS = {
    "truepositive": "true_positive",
    "falsepositive": "false_positive",
    "informationalexpectedactivity": "benign",
    "informational, expected activity": "benign",
    "benignpositive": "benign",
    "benign": "benign",
}
_STATUS = {"new": "new", "inprogress": "in_progress", "resolved": "resolved"}

#: How decisive a thing done is: the alert was stopped only as far as its worst part was.
_ORDER = ("failed", "allowed", "detected", "remediated", "prevented")


class DefenderAlertsReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "defender_alerts"

    def sniff(self, head: bytes) -> str | None:
        """Keys that only these resources have together."""
        text = records.head_of(head)
        if not text or not records.has_keys(text, b"severity", b"title"):
            return None
        endpoint = records.has_keys(text, b"alertCreationTime", b"machineId")
        graph = records.has_keys(text, b"createdDateTime", b"serviceSource", b"detectionSource")
        incident = records.has_keys(text, b"incidentId", b"serviceSource", b"alertId")
        return self.name if endpoint or graph or incident else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of whole lines where records are lines; one span otherwise."""
        return records.split(source)

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read alerts into ``edr_alert``."""
        batches = Batches(sink)
        for record in records.read(source, span, sink, ("value",)):
            nested = mappings(record.value.get("alerts"))
            for alert in nested or [record.value]:
                _alert(alert, record.number, batches, sink)
        batches.close()


def _alert(alert: dict[str, Any], number: int, batches: Batches, sink: Sink) -> None:
    if isinstance(alert.get("value"), list):
        return  # an answer without alerts
    name = alert.get("id") or alert.get("alertId") or alert.get("providerAlertId")
    if not name and not alert.get("title"):
        sink.diagnose("bad_record", "A record is no alert.", number)
        return
    ts = values.first_moment(
        alert,
        "firstEventTime",
        "firstActivityDateTime",
        "firstActivity",
        "alertCreationTime",
        "createdDateTime",
        "creationTime",
    )
    if ts[0] is None:
        sink.diagnose("no_time", "An alert has no time that can be read.", number)
    evidence = mappings(alert.get("evidence")) or mappings(alert.get("entities"))
    if isinstance(alert.get("evidence"), dict):
        evidence = [mapping(alert.get("evidence"))]
    common = {
        **values.place(ts, number),
        "product": _product(alert),
        "alert_id": values.text(name),
        "title": values.text(alert.get("title")),
        "threat": _first(alert, "threatName", "threatDisplayName", "threatFamilyName"),
        "category": values.text(alert.get("category")),
        "description": (values.text(alert.get("description")) or "")[:300],
        "severity": values.severity(alert.get("severity")),
        "action": _action(alert, evidence),
        "status": _STATUS.get(_word(alert.get("status"))),
        "verdict": _VERDICTS.get(_word(alert.get("classification"))) or _determined(alert),
        "techniques": values.techniques(alert.get("mitreTechniques")),
        "file": _file(evidence),
        "command": next((text for item in evidence if (text := values.text(item.get("processCommandLine")))), None),
        "remote": next((text for item in evidence if (text := values.text(item.get("ipAddress")))), None),
    }
    users = _users(alert, evidence)
    hosts = _hosts(alert, evidence)
    if len(hosts) > MOST_HOSTS:
        sink.diagnose("too_many_hosts", f"An alert names more than {MOST_HOSTS} machines; the others were left out.", number)
    for place, (host, address) in enumerate(hosts[:MOST_HOSTS] or [(None, None)]):
        alerts.add(batches, **common, host=host, address=address, user=users[0] if users and not place else None)
    for user in users[1:MOST_HOSTS]:
        alerts.add(batches, **common, host=hosts[0][0] if hosts else None, user=user)


def _product(alert: dict[str, Any]) -> str:
    source = f"{alert.get('serviceSource')} {alert.get('detectionSource')}".casefold()
    if "windowsdefenderav" in source or "antivirus" in source:
        return "defender_antivirus"
    for word, product in (
        ("identity", "defender_identity"),
        ("office", "defender_office"),
        ("cloudapp", "defender_cloud_apps"),
    ):
        if word in source:
            return product
    return "defender_endpoint"


def _word(value: object) -> str:
    return str(value).casefold().replace("_", "") if value is not None else ""


def _determined(alert: dict[str, Any]) -> str | None:
    """Tests are expected, whatever the alert is classified as."""
    return (
        "benign"
        if _word(alert.get("determination")) in ("securitytesting", "lineofbusinessapplication", "confirmedactivity")
        else None
    )


def _first(alert: dict[str, Any], *keys: str) -> str | None:
    return next((text for key in keys if (text := values.text(alert.get(key)))), None)


def _action(alert: dict[str, Any], evidence: list[dict[str, Any]]) -> str | None:
    """What was done about what is malicious in it: the least decisive of all. Without evidence the investigation tells."""
    done = []
    for item in evidence:
        if _word(item.get("verdict")) in ("clean", "notthreats"):
            continue
        for key in ("detectionStatus", "remediationStatus"):
            told = _word(item.get(key))
            if told in ("none", "notfound", "unknown", ""):
                continue
            if told in ("active", "running"):
                done.append("detected")
            elif (word := values.action(item.get(key))) is not None:
                done.append(word)
    if done:
        return min(done, key=_ORDER.index)
    investigated = _word(alert.get("investigationState"))
    return "remediated" if investigated in ("successfullyremediated", "remediated") else None


def _hosts(alert: dict[str, Any], evidence: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    found: dict[str, str | None] = {}
    if host := _first(alert, "computerDnsName", "deviceDnsName"):
        found[host] = None
    for item in [*evidence, *mappings(alert.get("devices"))]:
        host = _first(item, "deviceDnsName", "hostName", "computerDnsName")
        if host and ("deviceEvidence" in str(item.get("@odata.type")) or "deviceDnsName" in item or "hostName" in item):
            addresses = item.get("ipInterfaces")
            address = _first(item, "lastIpAddress") or (
                values.text(addresses[0]) if isinstance(addresses, list) and addresses else None
            )
            found[host] = found.get(host) or address
    return list(found.items())


def _users(alert: dict[str, Any], evidence: list[dict[str, Any]]) -> list[str]:
    related = mapping(alert.get("relatedUser"))
    found = [values.account(related.get("domainName"), related.get("userName"))]
    for item in evidence:
        person = mapping(item.get("userAccount")) or item
        found.append(values.account(person.get("domainName"), person.get("accountName") or person.get("userPrincipalName")))
    return list(dict.fromkeys(user for user in found if user))


def _file(evidence: list[dict[str, Any]]) -> str | None:
    for item in evidence:
        details = mapping(item.get("fileDetails")) or mapping(item.get("imageFile")) or item
        if path := values.path(details.get("filePath"), details.get("fileName")):
            return path
    return None


READER: Reader = DefenderAlertsReader()
