"""The values that travel through a round: plain frozen data, no behaviour beyond what their names say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Kind = Literal["exposure", "attack"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Confidence = Literal["low", "medium", "high"]
CoverageResult = Literal["found", "not_found", "not_assessed"]

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")

#: The nine threats of the talk and what they lead to: folders of detections and chapters of the report, in their order.
THREATS: tuple[str, ...] = (
    "telework_transmission",
    "remote_desktop",
    "videoconferencing",
    "vpn",
    "redirection",
    "interception",
    "record_leak",
    "phishing",
    "ransomware",
    "patient_safety",
)


@dataclass(frozen=True, slots=True)
class Mail:
    """What the site file tells about the site's mail, in any case; of that file reading needs nothing else.

    ``domains`` are the hospital's own, ``partners`` those of sister hospitals, suppliers and insurers. ``receivers`` are the
    servers whose Authentication-Results may be believed: their authserv-id, or a parent domain of it. ``people`` are names that
    impostors would use: direction, physicians, finance.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    domains: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something about the evidence that could not be (fully) read. Reading went on when ``recovered`` is true."""

    evidence_id: str
    source: str
    offset: int
    code: str
    message: str
    recovered: bool
    count: int = 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence after the round; the columns of table ``evidence``. Times are ns since 1970 UTC."""

    evidence_id: str
    path: str
    sha256: str
    format: str
    reader: str
    bytes: int
    records: int = 0
    diagnostics: int = 0
    first_ts: int | None = None
    last_ts: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: ``kind`` is host, user, address, domain, service, device … ; ``name`` its name."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a person finds the proof: evidence path and record (record id, line, frame), and the table of the row."""

    evidence_id: str
    path: str
    table: str
    record: int
    ts: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A detection that fired on named subjects.

    ``id`` depends on the detection and the subjects only, so that the same finding has the same id in the next round.
    ``title`` and ``summary`` map a language (en, fr) to text. ``evidence`` holds the first pointers; ``events`` counts all.
    """

    id: str
    detection: str
    threat: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    title: dict[str, str]
    summary: dict[str, str]
    first_ts: int | None
    last_ts: int | None
    subjects: tuple[Subject, ...]
    evidence: tuple[Pointer, ...]
    events: int
    techniques: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a detection could say: found, not found, or not assessed and why (``reason`` per language).

    ``controls`` would avoid what it looks for.
    """

    detection: str
    threat: str
    kind: Kind
    title: dict[str, str]
    result: CoverageResult
    reason: dict[str, str]
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """What a host is (ct, pacs, workstation …): stated by the site file, or inferred for ``reasons`` (a text per language)."""

    name: str
    confidence: Confidence
    stated: bool
    reasons: tuple[dict[str, str], ...] = ()
    evidence: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """A host and what it says of itself; ``details`` holds maker, model, program and so on, by name."""

    name: str
    addresses: tuple[str, ...]
    zone: str
    critical: bool
    ae_titles: tuple[str, ...]
    roles: tuple[Role, ...]
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplicationEntity:
    """An AE title at an address as it was seen: where it answers, what it asked for, to which titles it had images sent.

    ``port`` is None when it was only heard asking. ``stated`` says whether the site file knows it.
    """

    title: str
    address: str
    port: int | None
    operations: tuple[str, ...]
    destinations: tuple[str, ...]
    associations: int
    first_ts: int | None
    last_ts: int | None
    stated: bool


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """A rule the user added (``--rules``): loaded and run, not assessed for want of evidence, or not usable and why."""

    rule_id: str
    title: str
    level: str
    path: str
    status: Literal["matched", "not_matched", "not_assessed", "unusable"]
    reason: str
    matches: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A node of what a service needs: ``all`` or ``any`` of its parts, or one ``asset``.

    ``role`` says what the node is for: imaging, archive, worklist, names, directory, addresses, reading, gateway, results.
    """

    kind: Literal["all", "any", "asset"]
    role: str = ""
    asset: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """How much a service does: ``exams`` were counted in ``hours`` of evidence.

    Rates are exams per day with their 90 % interval, None when the evidence supports none. ``by_hour`` holds (weekday from
    Monday 0, hour, exams, hours observed), in the hospital's time.
    """

    basis: Literal["studies", "orders", "stated", "none"]
    exams: int = 0
    hours: float = 0.0
    per_day: float | None = None
    low: float | None = None
    high: float | None = None
    by_hour: tuple[tuple[int, int, int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A piece of care and what it needs.

    ``single_points`` are the assets without which it stops; ``autonomous`` are devices that were seen to keep or repeat images
    when the archive did not answer, ``independent`` viewers that never asked the directory. ``local`` is the part that goes
    on at the consoles when everything else is down.
    """

    name: str
    title: dict[str, str]
    needs: Part
    stated: bool
    emergency: bool
    activity: Activity
    local: Part | None = None
    single_points: tuple[str, ...] = ()
    autonomous: tuple[str, ...] = ()
    independent: tuple[str, ...] = ()
    emergencies_per_day: float | None = None


@dataclass(frozen=True, slots=True)
class IncidentStage:
    """A step of an incident (entry, foothold, credentials …) and the ids of its findings in the order of time."""

    name: str
    first_ts: int
    last_ts: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IncidentEdge:
    """Why two findings (ids, the earlier first) belong together: through which subject, and in words per language."""

    earlier: str
    later: str
    kind: str
    through: Subject
    reason: dict[str, str]


@dataclass(frozen=True, slots=True)
class Entrance:
    """A session through which an incident probably came in: ``user`` from ``source`` at ``device``, in words per language."""

    ts: int
    user: str
    source: str
    device: str
    reason: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment at which an incident could have been stopped: at which finding, by which control.

    ``seconds_left`` is the time from then to the gravest harm. ``exposures`` are ids of findings that show the control missing.
    """

    ts: int
    stage: str
    finding: str
    control: str
    seconds_left: int
    exposures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incident:
    """Findings that are one story, chained through what they share. ``edges`` hold all of them together.

    ``id`` depends on the earliest finding only, so that the next round gives it again. ``dwell_seconds`` is the time from the
    first sign to the first harm (``harm_ts``: data taken, recovery destroyed, files encrypted), else to the last sign.
    ``patterns`` names what the whole is known as (double_extortion). ``supporting`` are ids of findings that fit, yet chain
    nothing.
    """

    id: str
    severity: Severity
    confidence: Confidence
    title: dict[str, str]
    summary: dict[str, str]
    first_ts: int
    last_ts: int
    harm_ts: int | None
    dwell_seconds: int
    stages: tuple[IncidentStage, ...]
    edges: tuple[IncidentEdge, ...]
    links: int
    subjects: tuple[Subject, ...]
    findings: tuple[str, ...]
    supporting: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    entrances: tuple[Entrance, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of the first-hour sheet: whom or what it concerns, what to do (per language), findings (ids) it stands on."""

    subject: Subject
    role: str
    text: dict[str, str]
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FirstHour:
    """What to do in the first hour of an incident (its id), from facts found; ``unknown`` says what they do not tell."""

    incident: str
    isolate: tuple[SheetLine, ...]
    block: tuple[SheetLine, ...]
    keep: tuple[SheetLine, ...]
    accounts: tuple[SheetLine, ...]
    preserve: tuple[SheetLine, ...]
    call: tuple[SheetLine, ...]
    unknown: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """What made the attack of a finding possible (ids): exposures in the same evidence, with the reason per language.

    ``missing`` are controls that these exposures show missing; ``unseen`` are detections of exposures that would tell more and
    had no evidence.
    """

    finding: str
    exposures: tuple[tuple[str, dict[str, str]], ...]
    missing: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number that is never told alone: its median, and the interval that holds it in nine cases of ten."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ServiceImpact:
    """What one attack does to a service. ``stops`` is the probability that it stops; the rest holds when it does.

    Hours are until that share of function is back. ``exams_lost`` and ``backlog`` are None where no activity is known.
    """

    service: str
    stops: Estimate
    days_lost: Estimate
    hours_to_50: Estimate
    hours_to_80: Estimate
    hours_to_100: Estimate
    exams_lost: Estimate | None = None
    backlog: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Influence:
    """How much an input moves the result: the mean care lost where it is lowest (a fifth of cases) and where it is highest."""

    input: str
    at_low: float
    at_high: float


@dataclass(frozen=True, slots=True)
class Way:
    """A way of an attack to a service: the machines on it, and its probability before the plan and after it."""

    service: str
    machines: tuple[str, ...]
    before: Estimate
    after: Estimate


@dataclass(frozen=True, slots=True)
class Impact:
    """What one determined attack would cost care, in the network as it was seen; None of it where it cannot be told.

    ``reason`` says per language why there is no figure, or what the figures leave out. ``unit`` is that of ``lost``: exams, or
    days of service. ``entries`` are pairs of a machine and the number of findings that open it; the machine is empty for the
    way in that no evidence shows.
    """

    reason: tuple[dict[str, str], ...]
    runs: int = 0
    hosts: int = 0
    pairs: int = 0
    unit: Literal["exams", "days"] = "days"
    stops: Estimate | None = None
    lost: Estimate | None = None
    mean_lost: Estimate | None = None
    backlog: Estimate | None = None
    diversion_hours: Estimate | None = None
    emergencies: Estimate | None = None
    services: tuple[ServiceImpact, ...] = ()
    influences: tuple[Influence, ...] = ()
    entries: tuple[tuple[str, int], ...] = ()
    ways: tuple[Way, ...] = ()
    avoidable: Estimate | None = None
    avoidable_findings: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A control to take next. ``basis`` is care (expected care saved) or findings (the network could not be seen).

    ``saved`` is the share of the expected loss that this step saves after those before it, ``remaining`` what is left then.
    ``place_low`` and ``place_high`` hold its place in nine of ten resampled rounds.
    """

    control: str
    basis: Literal["care", "findings"]
    findings: tuple[str, ...]
    saved: Estimate | None = None
    remaining: Estimate | None = None
    place_low: int | None = None
    place_high: int | None = None
    effort_days: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class MailSignal:
    """A sign that a message showed, and its share in the log odds (negative speaks for the message).

    ``seen`` is what exactly was seen, in a few words; empty where the meaning of the sign says it all.
    """

    name: str
    weight: float
    seen: str = ""


@dataclass(frozen=True, slots=True)
class JudgedMessage:
    """A message that was judged a fraud or suspicious, the signs that made it so, and what would have cleared it.

    ``without`` are names of signals in whose absence it would have counted as ordinary, ``present`` of those that would have
    outweighed the others; ``cleared`` says both per language.
    """

    evidence: Pointer
    display: str
    address: str
    recipient: str
    subject: str
    verdict: Literal["fraud", "suspicious"]
    probability: float
    signals: tuple[MailSignal, ...]
    without: tuple[str, ...]
    present: tuple[str, ...]
    cleared: dict[str, str]


@dataclass(frozen=True, slots=True)
class JudgedMail:
    """What was judged of the mail: counts, and the first messages, of every campaign one before a second of any.

    ``threshold`` is the probability from which a message is suspicious, ``constant`` the log odds before any sign.
    ``meanings`` say per language what the signs of the messages mean.
    """

    fraud: int
    suspicious: int
    ordinary: int
    threshold: float
    constant: float
    messages: tuple[JudgedMessage, ...]
    meanings: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Round:
    """Everything a round found out, before it is told: the input of the result document.

    ``created`` is the stated time of the run (ns UTC), the only thing in a round that two runs on the same evidence do not
    share. ``timeline`` holds (hour as ns UTC, table, events) for the activity chart. ``notes`` are remarks per language on
    what the round inferred or could not know (no site file, say).
    """

    version: str
    created: int
    site: str
    evidence: tuple[Evidence, ...]
    diagnostics: tuple[Diagnostic, ...]
    findings: tuple[Finding, ...]
    coverage: tuple[Coverage, ...]
    rules: tuple[RuleStatus, ...]
    table_rows: dict[str, int]
    timeline: tuple[tuple[int, str, int], ...] = ()
    notes: tuple[dict[str, str], ...] = ()
    assets: tuple[Asset, ...] = ()
    application_entities: tuple[ApplicationEntity, ...] = ()
    services: tuple[Service, ...] = ()
    incidents: tuple[Incident, ...] = ()
    causes: tuple[Cause, ...] = ()
    first_hours: tuple[FirstHour, ...] = ()
    impact: Impact | None = None
    plan: tuple[PlanStep, ...] = ()
    mail: JudgedMail | None = None
