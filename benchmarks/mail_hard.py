"""Hard frauds and their harmless look-alikes, written by hand: how many are told apart by the shipped weights.

``mail_hard/working.txt`` was worked with; ``mail_hard/aside.txt`` was written at the same time, before any signal was looked at, and is
only counted. Nothing is learnt from either. All people, firms and destinations are invented; big senders have their real domains.

A file holds records: ``# kind``, ``! fraud|ordinary LANGUAGE html|plain|ics [answers]``, then ``F:`` from, ``S:`` subject, ``R:``
Reply-To, ``L:`` text | URL, ``A:`` kind of file, name and destination, ``C:`` calendar title | where, ``H:`` header | value, ``Q:`` language
of what is quoted, ``E:`` result of SPF, DKIM and DMARC; all else is a paragraph. ``{own}`` is the domain of the receiving hospital.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from mail_frauds import _LOGON, _SMUGGLE, _SVG, code_picture
from mail_letters import RECEIVERS, Draft, calendar, pdf, quoted, sent

from wardround.mail.authentication import assess
from wardround.mail.judge import judge
from wardround.mail.parse import parse
from wardround.mail.verdict import Context
from wardround.model import Mail

DIRECTORY = Path(__file__).parent / "mail_hard"
_DISC = b"\x00" * 0x8000 + b"\x01CD001\x01\x00" + b"\x00" * 2_000
_TYPES = {"html": "text/html", "htm": "text/html", "svg": "image/svg+xml", "pdf": "application/pdf", "zip": "application/zip"}


@dataclass(frozen=True)
class Example:
    """One record: what it is an example of, whether it is a fraud, and the message as it was received."""

    kind: str
    fraud: bool
    subject: str
    data: bytes


def _disc() -> bytes:
    """A patient's disc (DICOM PS3.12): ISO 9660 with DICOMDIR in the root directory."""

    def entry(name: bytes, sector: int, size: int, flags: int) -> bytes:
        both = sector.to_bytes(4, "little") + sector.to_bytes(4, "big") + size.to_bytes(4, "little") + size.to_bytes(4, "big")
        body = (
            b"\x00" + both + bytes(7) + bytes([flags, 0, 0, 1, 0, 0, 1, len(name)]) + name + (b"" if len(name) % 2 else b"\x00")
        )
        return bytes([len(body) + 1]) + body

    names = [(b"\x00", 20, 2048, 2), (b"\x01", 20, 2048, 2), (b"DICOMDIR.;1", 21, 2048, 0), (b"IMAGES", 22, 2048, 2)]
    root = b"".join(entry(*name) for name in names)
    volume = b"\x01CD001\x01\x00" + bytes(148) + entry(b"\x00", 20, 2048, 2)
    ended = b"\xffCD001\x01"
    sectors = {16: volume, 17: ended, 20: root, 21: bytes(128) + b"DICM", 22: entry(b"\x00", 22, 2048, 2)}
    return b"".join(sectors.get(at, b"").ljust(2048, b"\x00") for at in range(23))


def _file(said: str) -> tuple[str, str, bytes]:
    """An attachment: its name, type and bytes."""
    kind, name, *rest = said.split(maxsplit=2)
    where = rest[0] if rest else ""
    dice = random.Random(name)
    ending = name.rpartition(".")[2]
    made: dict[str, Callable[[], bytes]] = {
        "iso": lambda: _DISC,
        "img": lambda: _DISC,
        "dicomiso": _disc,
        "vhd": lambda: bytes(4096) + b"conectix" + dice.randbytes(504),
        "one": lambda: b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + dice.randbytes(300),
        "smuggle": lambda: _SMUGGLE,
        "logon": lambda: _LOGON.replace(b"%s", where.encode()),
        "svg": lambda: _SVG.replace(b"%s", where.encode()),
        "plainsvg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><path d='M0 0L10 10'/></svg>",
        "plainhtml": lambda: b"<html><body><h1>Report</h1><table><tr><td>Output</td><td>0.3 %</td></tr></table></body></html>",
        "docm": lambda: b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + b"word/vbaProject.bin" + dice.randbytes(200),
        "zip": lambda: _zip(dice),
        "lockedzip": lambda: b"PK\x03\x04\x14\x00\x01\x00\x08\x00" + dice.randbytes(300),
        "pdf": lambda: pdf(where),
        "pdfqr": lambda: _pdf_with_code(where),
        "wav": lambda: b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00" + dice.randbytes(200),
    }
    return name, _TYPES.get(ending, "application/octet-stream"), made[kind]()


def _zip(dice: random.Random) -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme.txt", "See the protocol.")
        archive.writestr("protocol.pdf", pdf(text=f"Protocol {dice.randrange(99)}"))
    return out.getvalue()


def _pdf_with_code(where: str) -> bytes:
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(code_picture(where))).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "PDF")
    return out.getvalue()


def _message(lines: list[str], head: list[str], seed: int) -> tuple[str, bytes]:
    own = random.Random(seed).choice(RECEIVERS)[1]
    values: dict[str, list[str]] = {}
    paragraphs: list[str] = []
    for line in (raw.replace("{own}", own) for raw in lines):
        if line[1:2] == ":" and line[0] in "FSRLACHQE":
            values.setdefault(line[0], []).append(line[2:].strip())
        else:
            paragraphs.append(line)
    name, address = parseaddr(values["F"][0])
    subject = values["S"][0]
    draft = Draft(name, address, subject, paragraphs, html="html" in head, answers="answers" in head)
    draft.links = [(text.strip(), url.strip()) for text, _, url in (said.partition(" | ") for said in values.get("L", []))]
    draft.files = [_file(said) for said in values.get("A", [])]
    draft.headers = {key.strip(): value.strip() for key, _, value in (said.partition(" | ") for said in values.get("H", []))}
    draft.reply_to = "".join(values.get("R", []))
    draft.authenticated = "".join(values.get("E", ["pass"]))
    for title, _, where in (said.partition(" | ") for said in values.get("C", [])):
        draft.calendar = calendar(title.strip(), address, where.strip())
    if "Q" in values:
        reader = ("Service achats", f"achats@{own}")
        draft.quoted = quoted(values["Q"][0], reader, (name, address), subject.partition(":")[2].strip())
    return subject, sent(draft, random.Random(seed), seed)


def examples(path: Path) -> Iterator[Example]:
    """The records of a file, as messages; the same each time."""
    kind, head, lines = "", list[str](), list[str]()
    for at, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "#"]):
        if line[:1] not in ("#", "!"):
            if line.strip():
                lines.append(line)
            continue
        if head:
            subject, data = _message(lines, head, at)
            yield Example(kind, head[0] == "fraud", subject, data)
        head, lines = (line[1:].split() if line[0] == "!" else []), []
        kind = line[1:].strip() if line[0] == "#" else kind


def main() -> None:
    """Print what was found and what was accused, by kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[DIRECTORY / "working.txt", DIRECTORY / "aside.txt"])
    parser.add_argument("--each", action="store_true", help="also every message with its signals")
    asked = parser.parse_args()
    for path in asked.files:
        counts: Counter[tuple[str, bool, str | None]] = Counter()
        for example in examples(path):
            message = parse(example.data)
            judgement = judge(message, Context(Mail(), assess(message, Mail())))
            counts[example.kind, example.fraud, judgement.verdict] += 1
            if asked.each:
                signals = " ".join(f"{signal.name}={signal.weight:g}" for signal in judgement.signals)
                print(
                    f"{judgement.verdict:10} {'fraud' if example.fraud else '-':5} {example.kind:20.20} {judgement.probability:.3f} {example.subject:50.50} {signals}"
                )
        print(f"\n| {path.stem} | frauds | suspicious or fraud | fraud | ordinary | accused |\n|---|---|---|---|---|---|")
        kinds = dict.fromkeys(kind for kind, _, _ in counts)
        for title, members in [*((kind, [kind]) for kind in kinds), ("all", list(kinds))]:
            number = {
                (fraud, verdict): sum(counts[kind, fraud, verdict] for kind in members)
                for fraud in (True, False)
                for verdict in ("fraud", "suspicious", "ordinary")
            }
            hits, sure = number[True, "fraud"] + number[True, "suspicious"], number[True, "fraud"]
            wrong = number[False, "fraud"] + number[False, "suspicious"]
            print(
                f"| {title} | {hits + number[True, 'ordinary']} | {hits} | {sure} | {wrong + number[False, 'ordinary']} | {wrong} |"
            )


if __name__ == "__main__":
    main()
