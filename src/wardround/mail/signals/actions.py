"""What the reader is to do with the computer or with an account: enter a code, consent, install, paste, scan, sign in, open.

As with :mod:`wardround.mail.signals.requests`, no word counts alone: what is asked must stand beside the way it is to be done.
Sources: device codes RFC 8628, 5.4 (remote phishing); consent RFC 6749, 4.1.1 and 10.16; containers MITRE ATT&CK T1553.005 and
T1027.006; a command to paste T1204.004; remote tools T1219.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import parse_qsl

from wardround.mail import brands
from wardround.mail.domains import labels
from wardround.mail.knowledge import rows
from wardround.mail.letter import Led, Letter, Seen
from wardround.mail.message import Part
from wardround.mail.signals.requests import inside
from wardround.mail.signals.urls import odd

# A code for such a page: eight or nine capitals and digits, in one or two groups. RFC 8628, 6.1, advises letters alone.
_DEVICE_CODE = re.compile(r"(?<![\w/=&?%.-])(?=[A-Z0-9-]{0,9}[A-Z])[A-Z0-9]{4}-?[A-Z0-9]{4,5}(?![\w/=&%-])")
_CONSENT = re.compile(r"/oauth2/|/o/oauth2|/adminconsent|/oauth/authorize")
_PROGRAM = re.compile(
    r"\.(?:exe|msi|msix|appx|appinstaller|bat|cmd|js|vbs|hta|ps1|scr|iso|img|vhdx?|apk|jar|lnk|dmg|pkg)$", re.IGNORECASE
)
_ARCHIVE = re.compile(r"\.(?:zip|rar|7z|iso|img)$", re.IGNORECASE)
_SERVICES = ("software", "meeting")
#: Links of a message that wants one thing done.
_FEW_LINKS = 6
#: A disc with pictures of a patient has this file in its root directory (DICOM PS3.10, 8.6).
_DICOM_DISC = b"DICOMDIR"
_DISC_BYTES = 1 << 20


@cache
def places(kind: str) -> frozenset[str]:
    """The hosts, pages or words of a kind in ``knowledge/places.tsv``."""
    return frozenset(word for name, words in rows("places.tsv") if name == kind for word in words.split())


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about what is to be done."""
    if letter.listed or letter.reports:
        return
    yield from _device_code(letter)
    yield from _consent(letter)
    yield from _install(letter)
    yield from _paste(letter)
    yield from _scan(letter)
    yield from _sign_in(letter)
    yield from _containers(letter)
    yield from _service(letter)


def _device_code(letter: Letter) -> Iterator[Seen]:
    if letter.deeds.silent and not letter.deeds.says("code"):
        return  # it warns, or it refuses
    written = " ".join((letter.own_text[:8_000], *(link.to.url[:200].lower() for link in letter.links[:50])))
    if not (page := next((page for page in sorted(places("device")) if page in written), "")):
        return
    if match := _DEVICE_CODE.search(f"{letter.message.subject} {letter.visible[:8_000]}"):
        yield Seen("asks_device_code", 1.0, f"{page}: {match.group()[:4]}…")


def _consent(letter: Letter) -> Iterator[Seen]:
    for link in letter.links[:50]:
        host = link.to.through or link.to.host
        if host not in places("consent"):
            continue
        url = link.to.via or link.to.url
        lowered = url[:4_000].lower()
        if not _CONSENT.search(lowered) or brands.owned(letter.author.domain):
            continue
        asked = dict(parse_qsl(lowered.partition("?")[2], max_num_fields=None)[:100])
        scope = asked.get("scope", "")
        if "/adminconsent" in lowered or any(word in scope for word in places("scope")) or asked.get("prompt") == "consent":
            yield Seen("asks_consent", 1.0, f"{host}: {scope[:80] or 'consent'}", url[:2_048])
            return


def _install(letter: Letter) -> Iterator[Seen]:
    told = letter.deeds
    if letter.answering or not told.says("start") or inside(letter):
        return
    leading = [link for link in letter.leading if link.origin in ("html", "text", "pdf", "attachment")]
    programs = [link for link in leading if _PROGRAM.search(link.to.path[-16:])]
    remote = [
        link for link in leading if any(name in f"{link.to.host}{link.to.path[-80:]}".lower() for name in places("remote"))
    ]
    if (told.says("remote_tool") or remote) and (remote or programs or told.says("give")):
        yield Seen("asks_remote_control", 1.0, told.words("remote_tool", "start", "give"), remote[0].to.url if remote else "")
        return
    # A newsletter tells of programs too; a lure has hardly another link.
    if len(leading) > _FEW_LINKS or not told.together("start", "program", within=3):
        return
    haste = told.together("start", "force", within=3)
    if programs and not haste:
        yield Seen("asks_to_install", 0.75, told.words("start", "program"), programs[0].to.url)
    handed = programs or [k for k in leading if k.to.owner in places("transfer") or (k.to.owner != letter.owner and odd(k.to))]
    if handed and haste:
        yield Seen("asks_to_install", 1.0, told.words("start", "program", "force"), handed[0].to.url)


def _paste(letter: Letter) -> Iterator[Seen]:
    told = letter.deeds
    if told.together("paste", "run_box", "submit") or (told.together("paste", "command") and told.says("submit")):
        strength = 1.0 if not inside(letter) else 0.5
        yield Seen("asks_to_paste_command", strength, told.words("run_box", "paste", "submit", "command"))


def _scan(letter: Letter) -> Iterator[Seen]:
    told = letter.deeds
    code = any(link.origin == "qr" for link in letter.found)
    if not code or not told.says("gain") or not told.count("scan", "phone"):
        return
    if letter.message.attachments or letter.pictures:
        both = told.says("scan", "phone")
        yield Seen("asks_to_scan", 1.0 if both else 0.7, told.words("scan", "phone", "gain"))


def _sign_in(letter: Letter) -> Iterator[Seen]:
    """The reader's own account, of the workplace or of mail, asked for by somebody else's page, attachment or invitation."""
    told = letter.deeds
    if inside(letter) or letter.answering:
        return
    outside = [link for link in letter.web if link.to.kind not in ("meeting", "bulk") and not brands.owned(link.to.host)]
    secret = told.says("secret_of_work")
    sure = secret and told.together("logon", "secret_of_work")
    work = secret or told.together("logon", "workplace")
    lure = bool(outside) and len(letter.leading) <= _FEW_LINKS  # a newsletter has more
    if work and (lure or _asking_page(letter)) and not brands.owned(letter.author.domain):
        detail = told.words("secret_of_work", "workplace", "logon")
        yield Seen("asks_work_account", 1.0 if sure else 0.75, detail, outside[0].to.url if outside else "")
    invited: list[Led] = [link for link in outside if link.origin == "ics"]
    if invited and (work or told.count("confirm", "workplace")):
        detail = f"{told.words('confirm', 'workplace', 'logon')}: {invited[0].to.host[:80]}"
        yield Seen("invitation_asks", 1.0 if told.says("logon") else 0.8, detail, invited[0].to.url)


def _asking_page(letter: Letter) -> bool:
    return any(part.kind == "html" and part.attached for part in letter.message.attachments)


def _containers(letter: Letter) -> Iterator[Seen]:
    """Discs, notebooks and archives by what they are said to hold, and by how they are to be opened."""
    told = letter.deeds
    for part in letter.message.attachments:
        virtual = part.kind == "vhd" or part.extension in ("vhd", "vhdx")
        disc = virtual or part.kind == "iso" or part.extension in ("iso", "img", "udf")
        if disc and (virtual or (not _of_patient(part) and told.count("business", "open_inside"))):
            yield Seen("disc_instead_of_document", 1.0 if virtual else 0.8, part.filename[:80], part.path)
        macro = part.extension in ("docm", "xlsm", "pptm", "xlsb") or part.kind in ("docm", "xlsm", "pptm")
        if (macro and told.says("enable")) or (part.kind == "onenote" and told.says("open_inside")):
            yield Seen("asks_to_open_inside", 1.0, told.words("enable", "open_inside"), part.path)
    private = letter.author_kind == "freemail"
    if told.count("secret", "urgent") + private >= 2 and _archive(letter):
        yield Seen("archive_opened_in_haste", 1.0 if told.says("secret") else 0.8, told.words("secret", "urgent"))


def _archive(letter: Letter) -> bool:
    """Whether an encrypted archive came along, or a link leads or says to lead to an archive."""
    if any(part.listing.encrypted and part.kind != "pdf" for part in letter.message.attachments):
        return True
    outside = [link for link in letter.leading if link.to.owner != letter.owner and link.origin in ("html", "text")]
    return any(_ARCHIVE.search(link.to.path[-12:]) or _ARCHIVE.search(link.text.strip()[-12:]) for link in outside)


def _of_patient(part: Part) -> bool:
    return _DICOM_DISC in part.data[:_DISC_BYTES]


def _service(letter: Letter) -> Iterator[Seen]:
    """A domain put together from words of offices, and the notice of a service that leads to none of its pages."""
    for host in (letter.author.domain, *(link.to.host for link in letter.web[:20])):
        words = labels(host)[-1].split("-") if host else []
        if len(words) >= 2 and sum(word in places("office") for word in words) >= 2 and not brands.owned(host):
            yield Seen("domain_of_service_words", 1.0, host[:80])
            break
    if letter.answering or not letter.leading:
        return
    called = [b for b in brands.called(letter.display.text) if b.group in _SERVICES]
    named = called or [b for b in (*letter.brands_above, *letter.brands_below) if b.group in _SERVICES]
    few = called and len(letter.leading) <= _FEW_LINKS and not letter.message.has("list-unsubscribe")
    hosts = (letter.author.domain, *(link.to.host for link in letter.web))
    if named and (few or letter.deeds.says("notice")) and not any(b.owns(host) for b in named for host in hosts):
        yield Seen("notice_of_service_elsewhere", 1.0, f"{named[0].name}: {letter.leading[0].to.host[:80]}")
