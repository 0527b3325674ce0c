"""What came along: files that run, that smuggle, that are not what they say, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wardround.mail.letter import Led, Letter, Seen
from wardround.mail.links import target, written_in
from wardround.mail.markup import read
from wardround.mail.message import Part

_RUNS = frozenset(
    [
        "exe",
        "scr",
        "com",
        "pif",
        "bat",
        "cmd",
        "msi",
        "msix",
        "js",
        "jse",
        "vbs",
        "vbe",
        "wsf",
        "wsh",
        "hta",
        "ps1",
        "psm1",
        "jar",
        "cpl",
        "lnk",
        "url",
        "chm",
        "reg",
        "iqy",
        "slk",
        "appref-ms",
        "scf",
        "xll",
        "wll",
        "library-ms",
    ]
)
_IMAGES = frozenset(["iso", "img", "vhd", "vhdx", "udf", "cue", "daa", "dmg"])
_MACRO = frozenset(["docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm", "xlsb"])
_DOCUMENTS = frozenset(["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "jpg", "jpeg", "png", "csv", "rtf", "odt"])
_SMUGGLE = re.compile(
    r"atob\s*\(|new\s+Blob\s*\(|msSaveOrOpenBlob|createObjectURL|fromCharCode|unescape\s*\(|eval\s*\(|document\.write|decodeURIComponent\s*\(|location(?:\.href)?\s*=|location\.replace",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"type\s*=\s*[\"']?password|name\s*=\s*[\"']?(?:pass|pwd|passwd|password|motdepasse)\b", re.IGNORECASE)
_LURE = re.compile(
    r"invoice|facture|payment|paiement|remittance|virement|voice|vm_|fax|scan|secure|document|statement|contract|swift|receipt|payroll|salary|bulletin|rib|dhl|ups|fedex|quote|order|po_|commande|boleto|comprovante|nota|fatura|urgente",
    re.IGNORECASE,
)
_KIND_OF = {
    "pdf": ("pdf",),
    "docx": ("docx", "zip", "docm", "ole"),
    "xlsx": ("xlsx", "zip", "xlsm", "ole"),
    "png": ("png",),
    "jpg": ("jpeg",),
    "jpeg": ("jpeg",),
}


def see(letter: Letter) -> Iterator[Seen]:
    """Signals about attachments; links that are found in them are added to the letter."""
    done: set[str] = set()
    for part in letter.message.leaves:
        inline_text = part.declared in ("text/plain", "text/html") and not part.attached
        if inline_text or not (part.data or part.message):
            continue
        for seen in _part(letter, part):
            if seen.name not in done:
                done.add(seen.name)
                yield seen


def _part(letter: Letter, part: Part) -> Iterator[Seen]:
    extension, where = part.extension, part.path
    name = part.filename[:80]
    stem = part.filename.strip().lower().rpartition(".")[0]
    if extension in _RUNS or part.kind in ("executable", "lnk", "chm"):
        yield Seen("attached_program", 1.0, name or part.kind, where)
    if stem.rpartition(".")[2] in _DOCUMENTS and extension in _RUNS | {"html", "htm", "shtml", "svg", "zip", "iso", "img"}:
        yield Seen("attached_two_extensions", 1.0, name, where)
    if "\u202e" in part.filename:
        yield Seen("attached_two_extensions", 1.0, name, where)
    if part.kind in ("iso", "vhd") or extension in _IMAGES:
        yield Seen("attached_disk_image", 1.0, name, where)
    if part.kind == "onenote" or extension == "one":
        yield Seen("attached_onenote", 1.0, name, where)
    if part.kind == "rdp" or extension == "rdp":
        yield Seen("attached_rdp", 1.0, name, where)
    if extension in _MACRO or _has_macro(part):
        yield Seen("attached_macro", 1.0, name, where)
    if part.listing.encrypted and part.kind != "pdf":  # many an honest PDF only forbids to print
        yield Seen("attached_encrypted", 1.0, name, where)
    if part.kind in ("zip", "rar", "7z"):
        yield from _carried(part)
    page = part.kind == "html" or extension in ("html", "htm", "shtml", "xhtml", "mht", "mhtml")
    if page and (part.attached or part.declared == "application/octet-stream"):
        yield from _page(letter, part, name)
    if part.kind == "svg" or extension == "svg":
        yield from _drawing(letter, part, name)
    if part.kind == "ics" or part.declared in ("text/calendar", "application/ics"):
        yield from _calendar(letter, part)
    expected = _KIND_OF.get(extension)
    if expected and part.kind not in expected and part.kind not in ("empty", "unknown", "text") and part.data:
        yield Seen("attached_otherwise", 1.0, f"{name}: {part.kind}", where)
    if (
        part.attached
        and part.kind in ("pdf", "docx", "xlsx", "ole", "html", "rtf", "zip")
        and _LURE.search(part.filename)
        and letter.author_kind == "freemail"
    ):
        yield Seen("attached_bait_from_freemail", 1.0, name, where)
    if part.message is not None and not letter.body.text.strip():
        yield Seen("attached_mail_only", 1.0, part.message.subject[:80], where)


def _has_macro(part: Part) -> bool:
    if part.kind in ("docm", "xlsm", "pptm"):
        return True
    if part.kind == "ole":
        return (
            b"_\x00V\x00B\x00A\x00_\x00P\x00R\x00O\x00J\x00E\x00C\x00T\x00" in part.data
            or b"V\x00B\x00A\x00\x00\x00" in part.data
        )
    return part.kind in ("docx", "xlsx", "zip") and b"vbaProject.bin" in part.data


def _carried(part: Part) -> Iterator[Seen]:
    """What an archive says it holds: programs, disk images, and names with two endings."""
    for member in part.listing.members:
        stem, _, extension = member.strip(" .").lower().rpartition(".")
        if extension in (_RUNS - {"url", "com"}) | _IMAGES:
            yield Seen("archive_of_programs", 1.0, f"{part.filename[:60]}: {member[-60:]}", part.path)
            if stem.rpartition(".")[2] in _DOCUMENTS:
                yield Seen("attached_two_extensions", 1.0, member[-80:], part.path)
            return


def _page(letter: Letter, part: Part, name: str) -> Iterator[Seen]:
    text = part.text or part.data[: 1 << 19].decode("latin-1")
    yield Seen("attached_page", 1.0, name, part.path)
    if _SMUGGLE.search(text[: 1 << 19]):
        yield Seen("attached_page_scripted", 1.0, name, part.path)
    if _PASSWORD.search(text[: 1 << 19]):
        yield Seen("attached_page_asks_password", 1.0, name, part.path)
    page = read(text[: 1 << 18])
    for href in [a.href for a in page.anchors[:20]] + page.forms[:5]:
        if href.startswith("http"):
            letter.found.append(Led(target(href), "", "attachment", part.path))


def _drawing(letter: Letter, part: Part, name: str) -> Iterator[Seen]:
    text = (part.text or part.data[: 1 << 18].decode("latin-1"))[: 1 << 18]
    lowered = text.lower()
    if "<script" in lowered or "onload=" in lowered or "javascript:" in lowered:
        yield Seen("attached_drawing_active", 1.0, name, part.path)
    elif "foreignobject" in lowered or (part.attached and ("<a " in lowered and "href" in lowered)):  # drawing programs do that
        yield Seen("attached_drawing_active", 0.6, name, part.path)
    for anchor in read(text).anchors[:10]:
        if anchor.href.startswith("http"):
            letter.found.append(Led(target(anchor.href), "", "svg", part.path))


def _calendar(letter: Letter, part: Part) -> Iterator[Seen]:
    """An invitation whose organizer is not the author, or that leads outside the known meeting services."""
    text = (part.text or part.data[: 1 << 16].decode("utf-8", "replace"))[: 1 << 16]
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    links = [Led(target(url), "", "ics", part.path) for url in written_in(unfolded, 10)]
    letter.found.extend(links)
    strange = [
        led
        for led in links
        if led.to.kind not in ("meeting", "social", "infrastructure")
        and led.to.owner not in (letter.owner, "google.com", "office.com", "microsoft.com")
    ]
    if strange:
        yield Seen("invitation_leads_outside", 1.0, strange[0].to.host[:80], strange[0].to.url)
