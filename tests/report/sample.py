"""Rounds for the tests of the report: a fictional hospital on a bad day, a quiet one, and one whose every text is hostile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from wardround.model import (
    THREATS,
    ApplicationEntity,
    Asset,
    Cause,
    Coverage,
    CoverageResult,
    Diagnostic,
    Evidence,
    Finding,
    FirstHour,
    Incident,
    IncidentEdge,
    IncidentStage,
    JudgedMail,
    JudgedMessage,
    Kind,
    MailSignal,
    Pointer,
    Role,
    Round,
    RuleStatus,
    Severity,
    SheetLine,
    Stop,
    Subject,
)

HOUR = 3_600_000_000_000


def ns(iso: str) -> int:
    """Nanoseconds of an ISO time in UTC, to the second."""
    return int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


EVIDENCE = (
    Evidence("e1", "evidence/vpn/fortigate.log", "a1" * 32, "zeek_tsv", "zeek", 18_400_123, 91_004, 0,
             ns("2026-03-02T00:00:05"), ns("2026-03-02T23:59:41")),
    Evidence("e2", "evidence/pacs1/Security.evtx", "b2" * 32, "evtx", "evtx", 69_206_016, 61_220, 1,
             ns("2026-03-01T22:10:00"), ns("2026-03-02T20:41:07")),
    Evidence("e3", "evidence/export.zip!dc1/Security.jsonl", "c3" * 32, "windows_json", "windows_json", 4_100_200, 8_120),
    Evidence("e4", "evidence/ct1/service.dmp", "d4" * 32, "unknown", "", 512),
)  # fmt: skip


def finding(detection: str, threat: str, kind: Kind, severity: Severity, title: tuple[str, str], **more: Any) -> Finding:
    """A finding of the sample with everything filled in that a test does not care about."""
    first = more.pop("first", ns("2026-03-02T10:31:06"))
    last = more.pop("last", first + 480_000_000_001)
    values: dict[str, Any] = {
        "id": f"{detection}-{abs(first) % 99991:05d}",
        "detection": detection,
        "threat": threat,
        "kind": kind,
        "severity": severity,
        "confidence": "high",
        "title": {"en": title[0], "fr": title[1]},
        "summary": {"en": f"{title[0]} on pacs1.", "fr": f"{title[1]} sur pacs1."},
        "first_ts": first,
        "last_ts": last,
        "subjects": (Subject("host", "pacs1"), Subject("user", "astreinte")),
        "evidence": tuple(
            Pointer("e2", "evidence/pacs1/Security.evtx", "windows_event", 4100 + i, first + i * 1_000_000_000)
            for i in range(3)
        ),
        "events": 3561,
        "techniques": ("T1110.001",),
        "controls": ("C03", "C04"),
    }
    return Finding(**{**values, **more})


def coverage(detection: str, threat: str, kind: Kind, result: CoverageResult) -> Coverage:
    """A row of the coverage of the sample."""
    reason = {"en": "No log of failed logons.", "fr": "Aucun journal des échecs de connexion."}
    title = {"en": f"Check {detection}", "fr": f"Vérification {detection}"}
    return Coverage(detection, threat, kind, title, result, reason if result == "not_assessed" else {"en": "", "fr": ""})


def bad_day() -> Round:
    """VPN flaw, then remote desktop, then ransomware; half of the threats could not be looked at."""
    findings = (
        finding("RW-A01", "ransomware", "attack", "critical", ("Backups destroyed", "Sauvegardes détruites"),
                first=ns("2026-03-02T18:05:00"), controls=("C11", "C15"), techniques=("T1490",), events=12),
        finding("RDP-A01", "remote_desktop", "attack", "high",
                ("Password guessing against one account", "Essais de mots de passe contre un compte")),
        finding("VPN-A01", "vpn", "attack", "critical", ("Sign of a known VPN flaw being used", "Faille du VPN exploitée"),
                first=ns("2026-03-02T08:14:00"), controls=("C02",), techniques=("T1190", "T0819")),
        finding("RDP-E02", "remote_desktop", "exposure", "medium",
                ("Remote desktop without network-level authentication", "Bureau à distance sans NLA"),
                details={"corroborated_by": "RDP-A01"}),
    )  # fmt: skip
    rows = (
        coverage("RDP-A01", "remote_desktop", "attack", "found"),
        coverage("RDP-A02", "remote_desktop", "attack", "not_found"),
        coverage("RDP-E02", "remote_desktop", "exposure", "found"),
        coverage("VPN-A01", "vpn", "attack", "found"),
        coverage("VPN-E01", "vpn", "exposure", "not_assessed"),
        coverage("RW-A01", "ransomware", "attack", "found"),
        coverage("PH-A11", "phishing", "attack", "not_assessed"),
        coverage("PH-E01", "phishing", "exposure", "not_assessed"),
    )
    return Round(
        version="0.1.0",
        created=ns("2026-03-03T07:30:00"),
        site="Centre hospitalier de Brumeval",
        evidence=EVIDENCE,
        diagnostics=(Diagnostic("e2", EVIDENCE[1].path, 65_536, "truncated", "The log ends within a chunk.", False, 2),),
        findings=findings,
        coverage=rows,
        rules=(
            RuleStatus("5b0a", "Shadow copies deleted", "high", "rules/shadow.yml", "matched", "", 12),
            RuleStatus("77aa", "Placeholder rule", "low", "rules/placeholder.yml", "unusable", "placeholder %admins%"),
        ),
        table_rows={"windows_event": 69_340, "conn": 91_004},
        timeline=tuple((ns("2026-03-02T00:00:00") + i * HOUR, "conn", 1000 + i * 40) for i in range(24)),
        notes=({"en": "No site file was given.", "fr": "Aucun fichier de site n’a été fourni."},),
        assets=(
            Asset(
                *("PACS1", ("10.20.11.10",), "imaging", True, ("BRUM_PACS",)),
                (
                    Role(
                        *("pacs", "high", True, ({"en": "answers searches", "fr": "répond aux recherches"},)),
                        (Pointer("e2", EVIDENCE[1].path, "dicom_association", 7, ns("2026-03-02T10:00:00")),),
                    ),
                ),
                {"implementation": "OFFIS DCMTK"},
            ),
        ),
        application_entities=(
            ApplicationEntity(
                *("BRUM_PACS", "10.20.11.10", 104, ("C-STORE",), ("BRUM_LECT1",), 12),
                *(ns("2026-03-02T08:00:00"), ns("2026-03-02T18:00:00"), True),
            ),
        ),
        incidents=(_incident(findings[2], findings[1], findings[0]),),
        first_hours=(
            FirstHour(
                "1nc1dent",
                isolate=(
                    SheetLine(
                        *(Subject("host", "PACS1"), "pacs", {"en": "cut it off", "fr": "la couper"}, (findings[0].id,)),
                    ),
                ),
                block=(),
                keep=(SheetLine(Subject("flow", "CT1 → RIS1"), "ct", {"en": "keep it up", "fr": "à maintenir"}, ()),),
                accounts=(SheetLine(Subject("user", "astreinte"), "", {"en": "disable", "fr": "désactiver"}, ()),),
                preserve=(),
                call=(SheetLine(Subject("authority", ""), "", {"en": "CERT", "fr": "CERT Santé"}, ()),),
                unknown=({"en": "No flows.", "fr": "Aucun flux."},),
            ),
        ),
        causes=(
            Cause(
                findings[1].id,
                ((findings[3].id, {"en": "It concerns pacs1 too.", "fr": "Elle concerne aussi pacs1."}),),
                *(("C03",), ("VPN-E01",)),
            ),
        ),
        mail=judged_mail(),
    )


def judged_mail(messages: int = 1) -> JudgedMail:
    """A fraud in the name of a health body, told so many times, one suspicious message more than that, and ordinary mail."""
    signs = (
        MailSignal("name_of_brand", 1.59, "Ameli: info@garage.example"),
        MailSignal("says_urgency", 0.89, "sous 48 heures"),
        MailSignal("plain_text", -1.0),
    )
    fraud = JudgedMessage(
        Pointer("e1", "evidence/mail/secretariat.mbox", "mail_message", 7, ns("2026-03-02T08:00:00")),
        *("Ameli", "info@garage.example", "secretariat@chu.example", "Votre carte Vitale", "fraud", 0.981),
        signs,
        *(("name_of_brand",), ("links_fit",)),
        {"en": "It would have counted as ordinary without this.", "fr": "Il aurait passé pour ordinaire sans ceci."},
    )
    meanings = {
        "name_of_brand": {"en": "A borrowed name.", "fr": "Un nom emprunté."},
        "says_urgency": {"en": "It presses for time.", "fr": "Il presse le lecteur."},
        "plain_text": {"en": "It is plain text.", "fr": "C’est du texte brut."},
    }
    return JudgedMail(messages, 1, 40, 0.7572, -3.3997, (fraud,) * messages, meanings)


def _incident(*findings: Finding) -> Incident:
    """An incident of these findings, one per stage, told in the order given."""
    entry, guessed, destroyed = findings
    return Incident(
        id="1nc1dent",
        severity="critical",
        confidence="high",
        title={"en": "Ransomware attack", "fr": "Attaque par rançongiciel"},
        summary={"en": "It began at the VPN.", "fr": "Elle a commencé au VPN."},
        first_ts=entry.first_ts or 0,
        last_ts=destroyed.last_ts or 0,
        harm_ts=destroyed.first_ts,
        dwell_seconds=35_460,
        stages=tuple(
            IncidentStage(name, found.first_ts or 0, found.last_ts or 0, (found.id,))
            for name, found in (("entry", entry), ("credentials", guessed), ("recovery", destroyed))
        ),
        edges=(
            IncidentEdge(
                *(entry.id, guessed.id, "user", Subject("user", "astreinte")),
                {"en": "Both use the account astreinte.", "fr": "Les deux utilisent le compte astreinte."},
            ),
            IncidentEdge(
                *(guessed.id, destroyed.id, "host", Subject("host", "pacs1")),
                {"en": "Both happened on pacs1.", "fr": "Les deux se sont produits sur pacs1."},
            ),
        ),
        links=4,
        subjects=(Subject("host", "pacs1"), Subject("user", "astreinte")),
        findings=tuple(found.id for found in findings),
        patterns=("double_extortion",),
        stops=(
            Stop(entry.first_ts or 0, "entry", entry.id, "C02", 35_460, ()),
            Stop(guessed.first_ts or 0, "credentials", guessed.id, "C03", 27_234, ("E",)),
        ),
    )


def quiet_day() -> Round:
    """Nothing found; phishing not assessed, several threats without any check."""
    rows = (
        coverage("RDP-A02", "remote_desktop", "attack", "not_found"),
        coverage("RDP-E01", "remote_desktop", "exposure", "not_found"),
        coverage("PH-A11", "phishing", "attack", "not_assessed"),
    )
    return dataclasses.replace(
        bad_day(),
        findings=(),
        coverage=rows,
        diagnostics=(),
        evidence=EVIDENCE[:3],
        rules=(),
        incidents=(),
        causes=(),
        first_hours=(),
    )


def complete_day() -> Round:
    """Nothing found, and every threat has checks that could be made."""
    rows = tuple(
        coverage(f"{threat}-{kind}", threat, kind, "not_found") for threat in THREATS for kind in ("attack", "exposure")
    )
    return dataclasses.replace(quiet_day(), coverage=rows)


def long_round(findings: int, length: int = 60) -> Round:
    """Very many findings of few detections, each with ten pointers and long names."""
    pointers = tuple(Pointer("e2", "x" * length, "windows_event", i, ns("2026-03-02T08:00:00")) for i in range(10))
    made = tuple(
        finding(f"RDP-A{i % 7:02d}", "remote_desktop", "attack", "high", ("Password guessing", "Essais"), id=f"f{i}",
                subjects=(Subject("user", f"{i:06d}" + "u" * length),), evidence=pointers)
        for i in range(findings)
    )  # fmt: skip
    return dataclasses.replace(bad_day(), findings=made, mail=None)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}",
    "[bold red]markup[/bold red] [link=file:///etc/passwd]x[/link]",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b31m",
    "abc\u202egpj.exe\u2066\u2069\u200b\ufeff",
    "line one\r\nline two\x00\x7f\u2028\u0085",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "a;=1+1,=2",
    "lone \ud800 surrogate \udc80",
    "%(n)s %s %d {0}",
    "👩‍⚕️ " + "é" * 3,
    "A" * 200_000,
)


def hostile_round(text: str) -> Round:
    """The bad day with every free text of every part replaced by a hostile one."""
    made: Round = replaced(bad_day(), lambda _: text)
    return made


_FIXED = {"kind", "severity", "confidence", "result", "status", "threat", "unit", "basis", "verdict"}


def replaced(value: Any, change: Callable[[str], str], name: str = "") -> Any:
    if isinstance(value, str):
        return value if name in _FIXED else change(value)
    if isinstance(value, tuple):
        return tuple(replaced(item, change, name) for item in value)
    if isinstance(value, dict):
        return {key if key in ("en", "fr") else change(key): replaced(item, change, "") for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            part.name: replaced(getattr(value, part.name), change, "" if isinstance(value, Subject) else part.name)
            for part in dataclasses.fields(value)
        }
        return dataclasses.replace(value, **changed)
    return value
