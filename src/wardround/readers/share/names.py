"""Names on shares: what their endings promise, their shape, and what may be shown of them.

Names of reports and folders hold names of patients, and no header says which words they are. Only words of a known list,
years and small numbers are shown; everything else in a component becomes one token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from wardround.privacy import token

#: What an ending promises.
_PROMISES = {
    "dicom": "dcm dicom dcm30 dic ima",
    "pdf": "pdf",
    "office": "docx xlsx pptx docm xlsm pptm dotx xltx odt ods odp vsdx doc xls ppt dot xlt pps mdb accdb msg vsd pub mpp one",
    "image": "jpg jpeg png gif bmp tif tiff j2k jp2 jpx heic webp psd",
    "text": "txt csv tsv log xml json html htm hl7 rtf ini cfg conf sql md yml yaml js css ps1 bat cmd vbs py eml ics",
    "archive": "zip 7z rar gz tgz bz2 xz zst tar cab",
    "database": "mdf ndf ldf sqlite sqlite3 db pst ost bak dbf",
    "disk": "vmdk vhd vhdx qcow2 iso vbk vib vrb vdi ova",
    "video": "mp4 avi mov mkv wmv mpg mpeg",
    "audio": "mp3 wav wma m4a flac ogg",
    "program": "exe dll sys msi jar",
}
PROMISED = {ending: kind for kind, endings in _PROMISES.items() for ending in endings.split()}

#: Endings that programs put behind another one in the ordinary course of work.
_ORDINARY_TEXT = """
bak old tmp temp part partial crdownload download filepart gz zip 7z rar tar bz2 xz zst lnk url md5 sha1 sha256 sha512 sig
asc gpg pgp p7m p7s age done ok processed imported anon orig copy new err error ready sem lock swp swo idx index meta
metadata manifest 1 2 3 4 5 6 7 8 9 enc aes crypt dat bin rsls cfg config template sample dist disabled save sav rej v1 v2
vmdk flat nvram vmx vmsd nc prev previous saved backup bck bup trash deleted thumb preview xmp sidecar
"""
ORDINARY = frozenset(_ORDINARY_TEXT.split())

#: Words that are shown: of computers, of notes that extort, of hospitals; none is a common first or family name.
_WORD_TEXT = """
readme read me how to howto decrypt decryption decryptor recover recovery restore restoration unlock files file your my our
all instructions instruction info information note help important warning attention urgent encrypted locked hacked ransom
data document documents image images photo photos video scan scans report reports letter letters study studies series
patient patients archive archives pacs ris his dicom dcm ct cr dr dx mr mri irm us xa mg pet nm rx scanner radio radiology
radiologie imaging imagerie backup backups sauvegarde sauvegardes export exports import imports ingest inbox outbox share
shares partage partages commun common public users home temp tmp log logs config db database sql www html index test tests
new old copy copie final draft version template templates lisez moi lisezmoi lire comment recuperer récupérer recuperation
récupération dechiffrer déchiffrer dechiffrement déchiffrement restaurer restauration vos votre mes nos fichiers fichier
donnees données aide rancon rançon compte rendu comptes rendus crs courrier courriers ordonnance examen examens etude étude
etudes canary canaries leurre decoy honey honeypot and of in for the a le la les de des du et en read_me txt from budget
planning facture factures rh compta direction procedures procedure protocole protocoles protocol policy policies security
securite sécurité charte manual manuel guide software drivers setup install update updates windows program programs research
recherche anonymised anonymized anonymise im img
"""
_WORDS = frozenset(_WORD_TEXT.split())

_WORD = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"[A-Za-z0-9_\-+@{}\[\]=~!#$]{1,64}")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,3}|19[0-9]{2}|20[0-9]{2}")
_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{1,2}[-_. ][0-9]{1,2}[-_. ](?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[-_. ][0-9]{1,2}[-_. ][0-9]{1,2})(?![0-9])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RUN = re.compile(r"[^\W_]+")
_SHAPE_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Ending:
    """The endings of a name: see the columns of ``file_sample``; ``stem`` is what stands before them, as written."""

    stem: str
    extension: str | None
    appended: str | None
    last: str | None


def ending_of(name: str) -> Ending:
    """Take the endings off a name."""
    stem, dot, last = name.rpartition(".")
    if not dot or not stem or not _ENDING.fullmatch(last):
        return Ending(name, None, None, None)
    low = last.lower()
    before, dot, known = stem.rpartition(".")
    if dot and before and known.lower() in PROMISED and low not in PROMISED and not (low.isdigit() and len(low) < 4):
        return Ending(before, known.lower(), low, low)
    # An identifier or address that was put between the known ending and the new one: x.dcm.id-7F3A.[address].new
    parts = name.split(".")
    for place in range(1, min(len(parts) - 1, 8)):
        if parts[place].lower() in PROMISED and low not in PROMISED and any(c in "[{@" for c in name):
            return Ending(".".join(parts[:place]), parts[place].lower(), low, low)
    if low in PROMISED or low in ORDINARY:
        return Ending(stem, low if low in PROMISED else None, None, low)
    if len(low) <= 16 and not (low.isdigit() and re.fullmatch(r"[0-9.]+", name)):  # the end of a UID is no ending
        return Ending(stem, None, None, low)
    return Ending(name, None, None, None)


def shape_of(stem: str) -> str:
    """The shape of a name: ``IM0001`` is a0, a UID 0.0.0, a UUID is uuid; shortened."""
    if _UUID.fullmatch(stem):
        return "uuid"
    return _RUN.sub(_run_shape, stem[:256])[:_SHAPE_CHARACTERS]


def _run_shape(found: re.Match[str]) -> str:
    run = found[0]
    if run.isdigit():
        return "0"
    if run.isalpha():
        return "a"
    letters = run.rstrip("0123456789")
    return "a0" if letters.isalpha() else f"x{len(run)}"


def _is_shown(word: str) -> bool:
    return word.casefold() in _WORDS or word.casefold() in PROMISED or _PLAIN_NUMBER.fullmatch(word) is not None


def shown(text: str) -> str:
    """A component of a path without the words that are not known: from the first of them to the last, one token."""
    spans = [found.span() for found in _WORD.finditer(text) if not _is_shown(found[0])]
    if not spans:
        return text
    spans += [found.span() for found in _DATE.finditer(text)]  # beside a name it may be a date of birth
    start, end = min(begin for begin, _ in spans), max(last for _, last in spans)
    return f"{text[:start]}~{(token('file', text[start:end]) or '')[:8]}{text[end:]}"


@lru_cache(maxsize=4096)
def shown_folder(folder: str) -> str:
    """A folder below a share, component by component."""
    return "/".join(shown(part) for part in folder.split("/") if part)


def shown_ending(ending: Ending) -> str | None:
    """The last ending as it may be shown: alone and unknown it may be part of a name."""
    last = ending.last
    if last is None or ending.appended or last in PROMISED or last in ORDINARY or any(c.isdigit() for c in last):
        return last
    return f"~{(token('file', last) or '')[:8]}"


def shown_name(ending: Ending) -> str:
    """The whole name as it may be shown."""
    last = shown_ending(ending)
    pieces = [shown(ending.stem)]
    if ending.appended and ending.extension:
        pieces.append(ending.extension)
    if last:
        pieces.append(last)
    return ".".join(pieces)


def is_canary(folder: str, name: str) -> bool:
    """Whether the name of a file, or of one of its folders, says that it is a decoy."""
    return "canary" in name.lower() or "canary" in folder.lower()
