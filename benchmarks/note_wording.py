"""Wording of ransom notes: how many notes are known by it, and how many ordinary texts are taken for one.

    python benchmarks/note_wording.py --notes DIR --ordinary DIR...

DIR holds texts, one a file, at any depth. A text counts as a note when it says four of the seven things of RW-A04, or when it
says that files are locked, that there is a way back, and a price or a hidden address. The notes themselves are not part of this
project: public collections of them have no licence.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from wardround.readers.share.walk import NOTE_BYTES
from wardround.readers.share.wording import classes_of, text_of

ENDINGS = ("", ".txt", ".md", ".html", ".htm", ".hta", ".rtf", ".rst")


def texts(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Each text under a directory and the classes of its wording."""
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.suffix.lower() not in ENDINGS or path.stat().st_size > NOTE_BYTES:
            continue
        data = path.read_bytes()
        if data and b"\0" not in data[:512]:
            kind = {".html": "html", ".htm": "html", ".hta": "html", ".rtf": "rtf"}.get(path.suffix.lower(), "text")
            yield path, classes_of(text_of(data, kind))


def is_note(classes: list[str]) -> bool:
    """Whether one text alone is told by RW-A04."""
    said = set(classes)
    return len(said) >= 4 or ({"encrypted", "recovery"} <= said and bool(said & {"payment", "hidden_service"}))


def main() -> None:
    """Read both kinds of texts and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=Path, nargs="*", default=[])
    parser.add_argument("--ordinary", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    for name, roots in (("notes", arguments.notes), ("ordinary", arguments.ordinary)):
        counted: Counter[int] = Counter()
        told = 0
        for path, classes in (item for root in roots for item in texts(root)):
            counted[len(classes)] += 1
            told += is_note(classes)
            if is_note(classes) != (name == "notes"):
                print(f"{name}: {path}: {' '.join(classes) or '-'}")
        total = sum(counted.values())
        if total:
            print(f"{name}: {told} of {total} taken for a note ({told / total:.2%})")
            print(f"  texts by number of classes: {sorted(counted.items())}")


if __name__ == "__main__":
    main()
