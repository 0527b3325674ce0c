"""Names of files and folders that name a patient: recognised by what the header of the file says, and replaced.

A component of a path (folder, file, archive, member) is replaced as a whole when it holds a word of the patient's name, the
patient ID, accession number, birth date or a UID of the study, series or instance of a file below it. Accents, case and what
separates words do not count. What a header does not say cannot be recognised.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from wardround.privacy import token
from wardround.readers.dicom_values import Identity, is_placeholder, plain

#: Names of two letters would fit half of all folders; they count only beside another word of the name.
SHORTEST_NAME = 3

#: Shorter IDs, and shorter ones of digits alone, must be a whole word: within others they occur by chance.
SHORTEST_ID = 4
SHORTEST_NUMBER = 6

#: Folders whose shown path is remembered.
FOLDERS_REMEMBERED = 100_000

_WORD = re.compile(r"[^\W_]+")
#: Words of test images that are names of modalities and numbers.
_TECHNICAL = re.compile(r"(?:ct|mr|mri|nm|us|cr|dr|dx|pt|pet|xa|rf|mg|sr|ot|sc|im|rt)?\d{0,4}\Z")

#: Words that are as common in paths as they are in the names of phantoms and samples.
_COMMON = frozenset(
    ("test", "tests", "demo", "sample", "samples", "example", "examples", "phantom", "image", "images", "file", "files", "data",
     "dicom", "study", "series", "case")
)  # fmt: skip

_SEPARATOR = re.compile(r"([/\\!])")
_EXTENSION = re.compile(r"\.[A-Za-z]{1,5}\Z")
_DIGITS = re.compile(r"[0-9]+")
_LETTERS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Marks:
    """What to look for: words of names, whole strings without separators (IDs, dates), and the token that replaces.

    ``instance`` is the UID of the one file, of which only its own path is asked first.
    """

    words: frozenset[str]
    runs: tuple[str, ...]
    token: str
    instance: str = ""


NOTHING = Marks(frozenset(), (), "")


@lru_cache(maxsize=2048)
def marks_of(identity: Identity) -> Marks:
    """What of an identity to look for in paths."""
    words: set[str] = set()
    runs: set[str] = set()
    for name in identity.names:
        parts = [part for part in _WORD.findall(plain(name)) if not _is_no_name(part)]
        words.update(part for part in parts if len(part) >= SHORTEST_NAME or (len(part) > 1 and not part.isascii()))
        runs.update("".join(pair) for pair in (parts, parts[::-1]) if len(parts) > 1 and len("".join(pair)) >= SHORTEST_ID)
        runs.update(part for part in parts if len(part) >= 5)
        for group in plain(name).split("="):
            if group and not group.isascii():
                runs.update(part for part in re.split(r"[\^ ]+", group) if len(part) > 1 and not part.isascii())
    for value in (*identity.ids, *identity.uids):
        run = "".join(_WORD.findall(plain(value)))
        if len(run) >= (SHORTEST_ID if not run.isdigit() else SHORTEST_NUMBER):
            runs.add(run)
        elif len(run) >= SHORTEST_NAME:
            words.add(run)
    for value in identity.births:
        digits = re.sub(r"\D", "", value)[:8]
        if len(digits) == 8:
            year, month, day = digits[:4], digits[4:6], digits[6:]
            runs.update((digits, day + month + year, month + day + year))
    words -= {""}
    first = next(iter((*identity.ids, *identity.names, *identity.uids)), "")
    return Marks(frozenset(words), tuple(sorted(runs)), (token("patient", first) or "")[:8])


def _is_no_name(part: str) -> bool:
    return is_placeholder(part) or part in _COMMON or _TECHNICAL.match(part) is not None


def names_patient(component: str, marks: Marks) -> bool:
    """Whether one component of a path holds what names the patient."""
    text = plain(component)
    found = _WORD.findall(text)
    joined = "".join(found)
    if any(run in joined for run in marks.runs):
        return True
    if not marks.words:
        return False
    return any(part in marks.words or any(piece in marks.words for piece in _LETTERS.findall(part)) for part in found)


@lru_cache(maxsize=8192)
def _folder(folder: str, marks: Marks) -> tuple[str, tuple[tuple[str, str], ...]]:
    return _masked(folder, marks)


def _masked(path: str, marks: Marks) -> tuple[str, tuple[tuple[str, str], ...]]:
    pieces = _SEPARATOR.split(path)
    masked, seen, replaced = "", "", []
    for piece in pieces:
        shown = piece
        seen += piece
        if piece and names_patient(piece, marks):
            extension = _EXTENSION.search(piece)
            shown = f"(patient {marks.token})"
            if extension and not names_patient(extension[0], marks):
                shown += extension[0]
            replaced.append((seen, shown))
        masked += shown
    return masked, tuple(replaced)


def digits_of(text: str) -> str:
    """The digits of a text (a UID without its dots)."""
    return "".join(_DIGITS.findall(text))


def mask(path: str, marks: Marks) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The path with what names the patient replaced, and (path up to a component, what replaces that component)."""
    if marks.instance:
        run = marks.instance
        common = replace(marks, instance="")
        marks = replace(common, runs=(*marks.runs, run)) if len(run) >= SHORTEST_ID and run in digits_of(path) else common
    if not (marks.words or marks.runs):
        return path, ()
    cut = max(path.rfind("/"), path.rfind("!"), path.rfind("\\")) + 1
    folder, replaced = _folder(path[:cut], marks)
    name, own = _masked(path[cut:], marks)
    return folder + name, (*replaced, *((path[:cut] + seen, shown) for seen, shown in own))


class Replaced:
    """Components that were found to name a patient, so that everything else below them is shown without them too."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def add(self, replaced: Iterable[tuple[str, str]]) -> None:
        """Remember components; of two replacements the first in alphabetical order stays, whichever came first."""
        for prefix, shown in replaced:
            known = self._shown.get(prefix)
            if known is None or shown < known:
                self._shown[prefix] = shown
                self._folders.clear()

    def __bool__(self) -> bool:
        return bool(self._shown)

    def apply(self, path: str) -> str:
        """The path with every remembered component replaced."""
        cut = max(path.rfind("/"), path.rfind("!"), path.rfind("\\")) + 1
        folder = path[:cut]
        shown = self._folders.get(folder)
        if shown is None:
            shown, seen = "", ""
            for piece in _SEPARATOR.split(folder):
                seen += piece
                shown += self._shown.get(seen, piece)
            if len(self._folders) < FOLDERS_REMEMBERED:
                self._folders[folder] = shown
        return shown + self._shown.get(path, path[cut:])
