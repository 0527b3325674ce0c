"""Words, numbers and dates of the report in English and French.

English is the language of the message ids; French comes from ``locale/fr/LC_MESSAGES/wardround.mo``. What detections and
controls say is not translated here: they bring their own texts.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from wardround.errors import UserError
from wardround.report.document import Subject, Texts

LANGUAGES = ("en", "fr")

_NO_BREAK = "\u00a0"
_NARROW_NO_BREAK = "\u202f"


@cache
def language(code: str) -> Language:
    """The language of that code; raises UserError when the report is not written in it."""
    if code not in LANGUAGES:
        raise UserError(
            f"there is no report in language {code!r}; choose one of: {', '.join(LANGUAGES)}",
            f"le rapport n’existe pas en «\u00a0{code}\u00a0»\u202f; langues possibles\u00a0: {', '.join(LANGUAGES)}",
        )
    if code == "en":
        return Language(code, gettext.NullTranslations())
    catalogue = resources.files("wardround.report").joinpath("locale", code, "LC_MESSAGES", "wardround.mo")
    with catalogue.open("rb") as file:
        return Language(code, gettext.GNUTranslations(file))


class Language:
    """How the report speaks: messages by gettext, and the usage of numbers, sizes, dates and lists."""

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        self.code = code
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext

    def counted(self, singular: str, plural: str, n: int) -> str:
        """A message about ``n`` things, whose placeholder is ``%(n)s``."""
        return self.ngettext(singular, plural, n) % {"n": self.number(n)}

    def number(self, n: int) -> str:
        """An integer with its thousands apart."""
        return f"{n:,}".replace(",", "," if self.code == "en" else _NARROW_NO_BREAK)

    def tally(self, n: int, label: str) -> str:
        """A label and how often it was given; in French it stands first, so that it need not agree with the number."""
        return f"{self.number(n)} {label}" if self.code == "en" else f"{label}{_NO_BREAK}: {self.number(n)}"

    def share(self, part: int, whole: int) -> str:
        """A part of a whole in per cent, to one decimal; a dash when the whole is nothing."""
        if not whole:
            return "–"
        text = f"{100 * part / whole:.1f}"
        return f"{text}%" if self.code == "en" else f"{text.replace('.', ',')}{_NARROW_NO_BREAK}%"

    def size(self, size: int) -> str:
        """Bytes in decimal units, to three figures."""
        units = ("B", "kB", "MB", "GB", "TB") if self.code == "en" else ("o", "ko", "Mo", "Go", "To")
        value, place = float(size), 0
        while round(value) >= 1000 and place < len(units) - 1:
            value, place = value / 1000, place + 1
        text = f"{value:.3g}" if round(value) < 1000 else f"{value:.0f}"
        return f"{text.replace('.', '.' if self.code == 'en' else ',')}{_NO_BREAK}{units[place]}"

    def moment(self, iso: str) -> str:
        """A time as a sentence says it, to the minute."""
        if self.code == "en":
            return f"{self.day(iso)}, {iso[11:16]}{_NO_BREAK}UTC"
        return f"{self.day(iso)} à {iso[11:13]}{_NO_BREAK}h{_NO_BREAK}{iso[14:16]} UTC"

    def day(self, iso: str) -> str:
        """A day as a sentence says it."""
        when = datetime.strptime(iso[:10], "%Y-%m-%d").replace(tzinfo=UTC)
        first = "1er" if self.code == "fr" and when.day == 1 else str(when.day)
        return f"{first}{_NO_BREAK}{self.months()[when.month - 1]}{_NO_BREAK}{when.year}"

    def days(self, first: str, last: str) -> str:
        """The days that something spans; one day when it began and ended on the same."""
        if first[:10] == last[:10]:
            return self.day(first)
        return f"{self.day(first)} – {self.day(last)}"

    def stamp(self, iso: str | None) -> str:
        """A time as a table shows it, in UTC and to the second; a dash when unknown."""
        return iso[:19].replace("T", _NO_BREAK) if iso else "–"

    def listed(self, items: Sequence[str]) -> str:
        """Items as a sentence lists them."""
        if len(items) < 2:
            return "".join(items)
        return self.gettext("%(items)s and %(last)s") % {"items": ", ".join(items[:-1]), "last": items[-1]}

    def texts(self, texts: Mapping[str, Texts]) -> Texts:
        """What a part of the document says in this language, in English when it does not."""
        return texts.get(self.code) or texts["en"]

    def note(self, note: Mapping[str, str]) -> str:
        """A remark of the round in this language, in English when there is none."""
        return note.get(self.code) or note.get("en", "")

    def quoted(self, text: str) -> str:
        """A text in the quotation marks of the language."""
        return self.gettext("“%(text)s”") % {"text": text}

    def subjects(self, subjects: Sequence[Subject]) -> str:
        """The names of what a finding is about, each after its kind where that helps."""
        return ", ".join(f"{self.subject_kind(subject.kind)}{_NO_BREAK}{subject.name}" for subject in subjects)

    def threat(self, threat: str) -> str:
        """A threat as a sentence names it."""
        return self._threats().get(threat, self.gettext("other rules"))

    def chapter(self, threat: str) -> str:
        """A threat as the title of a chapter."""
        name = self.threat(threat)
        return name[:1].upper() + name[1:]

    def severity(self, severity: str) -> str:
        """A severity in a word."""
        _ = self.gettext
        names = {
            "critical": _("critical"),
            "high": _("high"),
            "medium": _("medium"),
            "low": _("low"),
            "info": _("information"),
        }
        return names.get(severity, severity)

    def confidence(self, confidence: str) -> str:
        """How sure a finding is, in two words."""
        _ = self.gettext
        names = {"high": _("high confidence"), "medium": _("medium confidence"), "low": _("low confidence")}
        return names.get(confidence, confidence)

    def kind(self, kind: str) -> str:
        """Attack or exposure, as a label."""
        return self.gettext("attack") if kind == "attack" else self.gettext("weakness")

    def result(self, result: str) -> str:
        """What a detection could say, as a label."""
        _ = self.gettext
        names = {"found": _("found"), "not_found": _("not found"), "not_assessed": _("not assessed")}
        return names.get(result, result)

    def rule_status(self, status: str) -> str:
        """What became of a rule of the user, as a label."""
        _ = self.gettext
        names = {
            "matched": _("matched"),
            "not_matched": _("no match"),
            "not_assessed": _("not assessed"),
            "unusable": _("not usable"),
        }
        return names.get(status, status)

    def subject_kind(self, kind: str) -> str:
        """What a subject is; a kind without a translation is shown as it is."""
        return self.subject_kinds().get(kind, kind)

    def subject_kinds(self) -> dict[str, str]:
        """The kinds of subjects and what they are called."""
        _ = self.gettext
        return {
            "host": _("host"),
            "user": _("user"),
            "address": _("address"),
            "domain": _("domain"),
            "service": _("service"),
            "device": _("device"),
            "file": _("file"),
            "process": _("process"),
            "share": _("share"),
            "destination": _("destination"),
            "network": _("network"),
            "port": _("port"),
            "vulnerability": _("flaw"),
            "zone": _("zone"),
            "patient": _("patient"),
            "protocol": _("protocol"),
            "product": _("product"),
            "identity": _("identity of"),
            "item": _("number"),
            "sender": _("sender"),
            "reply_to": _("answers to"),
            "impersonated": _("in the name of"),
            "server": _("server"),
            "folder": _("folder"),
            "image": _("image"),
            "flaw": _("flaw"),
            "weakness": _("weakness"),
        }

    def role(self, role: str) -> str:
        """What a host is, as a table says it; a role without a translation is shown as it is."""
        _ = self.gettext
        names = {
            "ct": _("CT scanner"),
            "mr": _("MR scanner"),
            "x_ray": _("X-ray"),
            "angiography": _("angiography"),
            "mammography": _("mammography"),
            "ultrasound": _("ultrasound"),
            "nuclear_medicine": _("nuclear medicine"),
            "radiotherapy": _("radiotherapy"),
            "modality": _("imaging device"),
            "pacs": _("image archive (PACS)"),
            "ris": _("radiology information system (RIS)"),
            "his": _("hospital information system"),
            "laboratory": _("laboratory"),
            "interface_engine": _("interface engine"),
            "workstation": _("workstation"),
            "printer": _("film printer"),
            "domain_controller": _("domain controller"),
            "dhcp_server": _("DHCP server"),
            "resolver": _("name server"),
            "file_server": _("file server"),
            "vpn_gateway": _("VPN gateway"),
            "backup": _("backup"),
            "jump_host": _("jump host"),
            "monitoring": _("monitoring"),
            "scanner": _("vulnerability scanner"),
        }
        return names.get(role, role)

    def zone(self, zone: str) -> str:
        """A part of the network, as the map names it; a zone without a translation is shown as it is."""
        _ = self.gettext
        names = {
            "internet": _("Internet"),
            "partner": _("partners"),
            "guest": _("guests"),
            "vpn_pool": _("VPN users"),
            "dmz": _("border (DMZ)"),
            "internal": _("inside"),
            "management": _("servers"),
            "clinical": _("workplaces"),
            "imaging": _("imaging servers"),
            "modality": _("modalities"),
            "unknown": _("place not known"),
        }
        return names.get(zone, zone)

    def detail(self, name: str) -> str:
        """What a detail of a finding is about; one without a translation is shown as it is."""
        _ = self.gettext
        names = {
            "corroborated_by": _("corroborated by"),
            "critical_assets": _("critical machines"),
            "exception": _("declared exception"),
            "rule": _("rule"),
            "rule_level": _("level of the rule"),
        }
        return names.get(name, name)

    def months(self) -> tuple[str, ...]:
        """The twelve months."""
        _ = self.gettext
        return (
            *(_("January"), _("February"), _("March"), _("April"), _("May"), _("June")),
            *(_("July"), _("August"), _("September"), _("October"), _("November"), _("December")),
        )

    def weekday(self, day: int) -> str:
        """A day of the week, 0 for Monday."""
        _ = self.gettext
        names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
        return names[day % len(names)]

    def _threats(self) -> dict[str, str]:
        _ = self.gettext
        return {
            "telework_transmission": _("data sent outside the hospital"),
            "remote_desktop": _("remote desktop"),
            "videoconferencing": _("videoconferencing"),
            "vpn": _("VPN access"),
            "redirection": _("diversion to false sites"),
            "interception": _("interception of data"),
            "record_leak": _("leak of patient records"),
            "phishing": _("fraudulent mail"),
            "ransomware": _("ransomware"),
            "patient_safety": _("patient safety"),
        }
