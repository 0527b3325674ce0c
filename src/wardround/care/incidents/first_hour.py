"""The first hour of an incident on one page: isolate, keep up, accounts, preserve, call. Every line stands on facts found.

What the evidence does not tell is said to be unknown; there is no line that would read the same for every hospital.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from wardround.care.application_entities import Asking
from wardround.care.incidents import words
from wardround.care.incidents.identity import Identities
from wardround.model import Asset, Finding, FirstHour, Incident, SheetLine, Subject

#: So many lines of a kind are on the sheet.
MOST = 14

#: So many pieces of evidence are named.
_MOST_PIECES = 6

#: So many kinds of clinical flows are looked at.
_MOST_FLOWS = 5000

#: Roles of machines on which examinations are made, kept and ordered.
_CLINICAL = frozenset(
    (
        *("ct", "mr", "x_ray", "angiography", "mammography", "ultrasound", "nuclear_medicine", "radiotherapy", "modality"),
        *("pacs", "ris", "his", "laboratory", "interface_engine", "printer"),
    )
)

_FLOWS = """
    SELECT source, target, what, max(ts) AS last_ts, count(*) AS times FROM (
      SELECT "id.orig_h" AS source, "id.resp_h" AS target, 'DICOM' AS what, ts FROM dicom_association WHERE result = 'accepted'
      UNION ALL SELECT "id.orig_h", "id.resp_h", 'HL7', ts FROM hl7_message
    ) WHERE source IS NOT NULL AND target IS NOT NULL AND source <> target GROUP BY source, target, what
"""

_NO_FLOWS = {
    "en": "The evidence shows no DICOM or HL7 traffic: which clinical flows must stay up cannot be told from it.",
    "fr": "Les preuves ne montrent aucun échange DICOM ou HL7\u00a0: elles ne disent pas quels flux cliniques "
    "doivent rester actifs.",
}
_NO_COUNTRY = {
    "en": "The site file does not name the country ([hospital] country): whom to call cannot be told.",
    "fr": "Le fichier de site n’indique pas le pays ([hospital] country)\u00a0: on ne peut pas dire qui appeler.",
}


@cache
def contacts() -> dict[str, list[dict[str, Any]]]:
    """Whom to call, by country (ISO 3166-1, two letters)."""
    text = (resources.files(__package__ or "") / "contacts.yml").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(text)
    return found


def first_hour(
    incident: Incident, findings: Sequence[Finding], assets: Sequence[Asset], tables: Asking, who: Identities
) -> FirstHour:
    """The sheet of an incident. Raises WardroundError."""
    by_id = {finding.id: finding for finding in findings}
    members = [by_id[name] for name in incident.findings if name in by_id]
    machines = {subject.name for subject in incident.subjects if subject.kind == "host"}
    known = {asset.name.casefold(): asset for asset in assets}
    keep = _keep(incident, machines, known, tables, who)
    called = contacts().get(who.site.hospital.country.strip().upper().replace("UK", "GB"), ())
    unknown = [text for text, is_so in ((_NO_FLOWS, not keep), (_NO_COUNTRY, not called)) if is_so]
    return FirstHour(
        incident=incident.id,
        isolate=tuple(_isolate(machines, known, members, who)[:MOST]),
        block=tuple(_block(incident, members, who)[:MOST]),
        keep=tuple(keep[:MOST]),
        accounts=tuple(_accounts(incident, members, who)[:MOST]),
        preserve=tuple(_preserve(members)[:MOST]),
        call=tuple(_call(incident, called)),
        unknown=tuple(unknown),
    )


def _isolate(machines: set[str], known: dict[str, Asset], members: Sequence[Finding], who: Identities) -> list[SheetLine]:
    """The machines in the attacker's hands; those from which most was done to others first."""
    about: dict[str, list[Finding]] = {name: [] for name in machines}
    acted: Counter[str] = Counter()
    for finding in members:
        for subject in finding.subjects:
            host = who.host(subject.name, finding.first_ts) if subject.kind in ("host", "address") else ""
            if host in about:
                about[host].append(finding)
                acted[host] += subject.kind == "address"
    lines = []
    for name in sorted(machines, key=lambda name: (-acted[name], -len(about[name]), name)):
        asset = known.get(name)
        role = asset.roles[0].name if asset and asset.roles else ""
        clinical = role in _CLINICAL
        lines.append(
            SheetLine(
                subject=Subject("host", _shown(name, asset)),
                role=role,
                text={
                    "en": "cut it from the network and leave it switched on"
                    + ("; agree with the department before, care depends on it" if clinical else ""),
                    "fr": "à couper du réseau et à laisser sous tension"
                    + ("\u202f; s’accorder d’abord avec le service, des soins en dépendent" if clinical else ""),
                },
                findings=_distinct(about[name]),
            )
        )
    return lines


def _block(incident: Incident, members: Sequence[Finding], who: Identities) -> list[SheetLine]:
    """Where the attacker came from and where data went: to be blocked at the border, or its session ended."""
    border = {"en": "block it at the border, in both directions", "fr": "la bloquer en bordure, dans les deux sens"}
    inside = {"en": "find who holds this address and cut it off", "fr": "trouver qui détient cette adresse et la couper"}
    lines = []
    for subject in incident.subjects:
        if subject.kind in ("address", "destination", "domain"):
            proofs = [f for f in members if any(s.name.casefold() == subject.name.casefold() for s in f.subjects)]
            text = border if who.site.zone_of(subject.name) in ("internet", "unknown") else inside
            session = who.session(subject.name, proofs[0].first_ts) if proofs else None
            if session is not None:
                text = {
                    "en": f"end the VPN session of {session.person} from {session.source} that holds this address",
                    "fr": f"fermer la session VPN de {session.person} depuis {session.source} qui détient cette adresse",
                }
            lines.append(SheetLine(subject, "", text, _distinct(proofs)))
    return lines


def _keep(incident: Incident, machines: set[str], known: dict[str, Asset], tables: Asking, who: Identities) -> list[SheetLine]:
    """Clinical flows seen in the evidence: what stops with a machine to be isolated, and what can go on."""
    strangers = {subject.name for subject in incident.subjects if subject.kind in ("address", "destination")}
    stops: dict[str, dict[str, int]] = {}
    going: Counter[tuple[str, str, str]] = Counter()
    for row in tables.query(_FLOWS, most=_MOST_FLOWS):
        if {row["source"], row["target"]} & strangers or who.site.zone_of(row["target"]) in ("multicast", "local"):
            continue
        source, target = who.host(row["source"], row["last_ts"]), who.host(row["target"], row["last_ts"])
        isolated = [name for name in (source, target) if name in machines]
        for name in isolated:
            other = target if name == source else source
            partners = stops.setdefault(name, {})
            shown = f"{_named(other, known)} ({row['what']})"
            partners[shown] = partners.get(shown, 0) + row["times"]
        if not isolated:
            going[source, target, row["what"]] += row["times"]
    lines = [_stopped(name, partners, known) for name, partners in sorted(stops.items(), key=lambda item: -len(item[1]))]
    for (source, target, what), times in sorted(going.items(), key=lambda item: (-item[1], item[0])):
        shown = f"{_named(source, known)} → {_named(target, known)} ({what})"
        text = {
            "en": f"keep it up: neither end is in the attacker's hands ({times} exchanges seen)",
            "fr": f"à maintenir\u00a0: aucune des deux extrémités n’est aux mains de l’attaquant ({times} échanges vus)",
        }
        lines.append(SheetLine(Subject("flow", shown), "", text, ()))
    return lines


def _stopped(name: str, partners: dict[str, int], known: dict[str, Asset]) -> SheetLine:
    """What no longer works when a machine is isolated."""
    shown = sorted(partners, key=lambda partner: (-partners[partner], partner))[:10]
    asset = known.get(name)
    role = asset.roles[0].name if asset and asset.roles else ""
    text = {
        "en": f"isolating it stops its exchanges with {', '.join(shown)}: start the degraded mode for them",
        "fr": f"l’isoler arrête ses échanges avec {', '.join(shown)}\u00a0: lancer pour eux le mode dégradé",
    }
    return SheetLine(Subject("flow", _named(name, known)), role, text, ())


def _accounts(incident: Incident, members: Sequence[Finding], who: Identities) -> list[SheetLine]:
    lines = []
    stolen = [finding for finding in members if finding.detection == "RW-A09"]
    if stolen:
        when = words.moment(min(finding.first_ts or 0 for finding in stolen))
        text = {
            "en": f"the secrets of the directory were taken at {when}: reset krbtgt twice, then every administrator",
            "fr": f"les secrets de l’annuaire ont été pris le {when}\u00a0: réinitialiser krbtgt deux fois, puis chaque "
            "administrateur",
        }
        lines.append(SheetLine(Subject("user", "krbtgt"), "", text, _distinct(stolen)))
    used = {"en": "disable it and end its sessions", "fr": "le désactiver et fermer ses sessions"}
    for subject in incident.subjects:
        if subject.kind == "user":
            proofs = [f for f in members if any(s.kind == "user" and who.person(s.name) == subject.name for s in f.subjects)]
            lines.append(SheetLine(subject, "", used, _distinct(proofs)))
    return lines


def _preserve(members: Sequence[Finding]) -> list[SheetLine]:
    """The pieces of evidence that prove the most, and what only exists there since logs were erased."""
    proofs: Counter[str] = Counter()
    for finding in members:
        for path in {pointer.path for pointer in finding.evidence if pointer.path}:
            proofs[path] += 1
    erased = [finding for finding in members if finding.detection == "RW-A06"]
    lines = [
        SheetLine(
            Subject("file", path),
            "",
            {
                "en": f"keep the original, unchanged: it proves {times} of {len(members)} findings",
                "fr": f"garder l’original, intact\u00a0: il prouve {times} constats sur {len(members)}",
            },
            (),
        )
        for path, times in sorted(proofs.items(), key=lambda item: (-item[1], item[0]))
    ][:_MOST_PIECES]
    for finding in erased[:5]:
        host = next((subject.name for subject in finding.subjects if subject.kind == "host"), "")
        when = words.moment(finding.first_ts or 0)
        text = {
            "en": f"its logs were erased at {when}: what was copied before is all there is",
            "fr": f"ses journaux ont été effacés le {when}\u00a0: seules restent les copies faites avant",
        }
        lines.append(SheetLine(Subject("host", host), "", text, (finding.id,)))
    return lines


def _call(incident: Incident, listed: Sequence[dict[str, Any]]) -> list[SheetLine]:
    names = {stage.name for stage in incident.stages}
    # Records that are encrypted or destroyed are a breach of personal data as well (GDPR, article 4(12)).
    reasons = {"always": True, "data": bool(names & {"exfiltration", "encryption"})}
    reasons["crime"] = bool(names & {"recovery", "encryption", "exfiltration"})
    return [
        SheetLine(
            Subject("authority", ""),
            "",
            {
                language: f"{contact['who'][language]} – {contact['what'][language]} {contact['how']}"
                for language in ("en", "fr")
            },
            (),
        )
        for contact in listed
        if reasons[contact["when"]]
    ]


def _named(name: str, known: dict[str, Asset]) -> str:
    return known[name].name if name in known else name


def _shown(name: str, asset: Asset | None) -> str:
    if asset is None:
        return name
    others = [address for address in asset.addresses[:3] if address != asset.name]
    return f"{asset.name} ({', '.join(others)})" if others else asset.name


def _distinct(findings: Sequence[Finding]) -> tuple[str, ...]:
    """One finding per detection, in order of time."""
    first: dict[str, str] = {}
    for finding in sorted(findings, key=lambda finding: (finding.first_ts or 0, finding.id)):
        first.setdefault(finding.detection, finding.id)
    return tuple(first.values())[:6]
