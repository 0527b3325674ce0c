"""Rows of ``edr_alert``, without the names of patients that paths of documents and images hold.

What a product found in a letter or an examination, it tells with the path; nobody needs the name of the patient in it to act,
and ``record`` finds the line again. Programs, scripts and the folders of the system and of installed programs are shown as they
are; in every other component only words of the list of :mod:`wardround.readers.share.names` are, the rest is one token.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wardround.readers.batches import Batches
from wardround.readers.share.names import PROMISED, ending_of, shown, shown_name

_SEPARATOR = re.compile(r"(->|[\\/|!])")

#: Below these, programs put their files and not people.
_INSTALLED = frozenset(
    ("windows", "program files", "program files (x86)", "programdata", "appdata", "$recycle.bin", "usr", "opt", "etc", "bin",
     "sbin", "lib", "system volume information", "application data", "inetpub")
)  # fmt: skip
#: In these, although they are below, it is people's files again.
_PASSING = frozenset(("temp", "tmp", "inetcache", "content.outlook", "temporary internet files", "downloads"))
#: What follows is the name of an account, which every table keeps.
_ACCOUNTS = frozenset(("users", "utilisateurs", "documents and settings", "home"))
_FOLDERS = frozenset(
    ("desktop", "bureau", "downloads", "téléchargements", "documents", "pictures", "images", "videos", "onedrive", "public",
     "default", "var", "tmp", "mnt", "media", "root", "srv", "content.outlook", "inetcache", "temporary internet files",
     "volume", "device")
)  # fmt: skip

_PROGRAMS = frozenset(ending for ending, kind in PROMISED.items() if kind == "program") | frozenset(
    ("ps1", "psm1", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "lnk", "scr", "com", "cpl", "py", "sh", "ocx",
     "drv", "pif", "chm", "iso", "img", "php", "asp", "aspx", "jsp", "elf", "so", "class", "reg", "inf")
)  # fmt: skip
#: Endings of what is about patients.
_DOCUMENTS = frozenset(PROMISED) - _PROGRAMS

_DRIVE = re.compile(r"(?:[A-Za-z]:|harddiskvolume[0-9]{1,3}|globalroot|\?)\Z", re.I)
#: A path from a drive or server on, up to an ending or else to a blank; a text in quotation marks; a word with an ending.
_PLACE = re.compile(
    r"(?:(?<![A-Za-z])[A-Za-z]:[\\/]|(?<!\\)\\\\)[^\"<>|*?\r\n]{0,300}?\.[A-Za-z0-9]{1,8}(?![\w.\\/])"
    r"|(?:(?<![A-Za-z])[A-Za-z]:[\\/]|(?<!\\)\\\\)[^\s\"<>|*?]{1,300}"
    r"|\"[^\"\r\n]{1,300}\""
)
#: Words, with those before that begin with a capital: names of files in a sentence may have blanks.
_WORD = re.compile(r"(?<![^\s\"'(=,])(?:[A-ZÀ-Þ][^\s\"'(=,\\/~.]{0,60} ){0,3}[^\s\"'(=,\\/~]{1,200}")


def add(batches: Batches, **columns: object) -> None:
    """Add one alert; what may name a patient in its texts is replaced by tokens."""
    for name, told in (("file", path), ("command", prose), ("description", prose), ("title", places), ("threat", places)):
        value = columns.get(name)
        if isinstance(value, str):
            columns[name] = told(value)
    batches.add("edr_alert", **columns)


@lru_cache(maxsize=8192)
def path(text: str) -> str:
    """A path without what may name a patient; addresses of the web and keys of the registry stay."""
    if "://" in text or text[:4].upper() in ("HKLM", "HKCU", "HKEY", "HKU\\"):
        return text
    pieces = _SEPARATOR.split(text)
    told: list[str] = []
    installed, account = False, False
    for place, piece in enumerate(pieces):
        low = piece.casefold()
        if place % 2 or not piece:
            told.append(piece)
        elif (
            account or _DRIVE.match(piece) or (place == 4 and pieces[:4] == ["", "\\", "", "\\"])
        ):  # an account, a drive, a server
            told.append(piece)
        elif place == len(pieces) - 1:
            told.append(piece if installed and not _is_document(piece) else _name(piece))
        else:
            told.append(piece if installed or low in _INSTALLED or low in _FOLDERS or low in _ACCOUNTS else _container(piece))
        if not place % 2 and piece:
            account = low in _ACCOUNTS
            installed = (installed or low in _INSTALLED) and low not in _PASSING
    return "".join(told)


def _container(piece: str) -> str:
    """A folder, or an archive with files in it."""
    return _name(piece) if _is_document(piece) else shown(piece)


def _name(piece: str) -> str:
    ending = ending_of(piece)
    if ending.last in _PROGRAMS and not _is_document(ending.stem):
        return piece
    return shown_name(ending) if ending.last else shown(piece)


def _is_document(name: str) -> bool:
    return name.rpartition(".")[2].casefold() in _DOCUMENTS and "." in name


def places(text: str) -> str:
    """A text in which paths and quoted names of documents are without what may name a patient."""
    return _PLACE.sub(_place, text)


def prose(text: str) -> str:
    """As :func:`places`, and words that are names of documents too."""
    return _WORD.sub(lambda found: path(found[0]) if _is_document(found[0]) else found[0], places(text))


def _place(found: re.Match[str]) -> str:
    text = found[0]
    if not text.startswith('"'):
        return path(text)
    inner = text[1:-1]
    return f'"{path(inner)}"' if _is_document(inner) or inner[1:3] in (":\\", ":/") or inner.startswith("\\\\") else text
