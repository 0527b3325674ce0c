"""The files under a directory of rules, and their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Larger files are not rules.
MAX_FILE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The bytes of a rule file, or the reason why there are none."""

    path: str
    data: bytes
    problem: str = ""


def find(path: Path) -> list[Path]:
    """The .yml and .yaml files under a directory (or the file itself), in the order of their names, hidden ones left out."""
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.suffix.lower() in {".yml", ".yaml"} and file.is_file())
    return sorted(file for file in found if not any(part.startswith(".") for part in file.relative_to(path).parts))


def read(file: Path) -> RuleFile:
    """Read one file of at most MAX_FILE_BYTES."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return RuleFile(str(file), b"", f"cannot be read: {error.strerror}")
    if len(data) > MAX_FILE_BYTES:
        return RuleFile(str(file), b"", "larger than any rule file")
    return RuleFile(str(file), data)
