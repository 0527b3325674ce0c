"""The files under a directory of rules, and their bytes."""

from __future__ import annotations

import os
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
    found: list[str] = []
    for directory, directories, files in os.walk(path):
        directories[:] = [name for name in directories if not name.startswith(".")]
        found.extend(os.path.join(directory, name) for name in files if name.lower().endswith((".yml", ".yaml")))  # noqa: PTH118
    return [Path(name) for name in sorted(found)]


def read(file: Path) -> RuleFile:
    """Read one file of at most MAX_FILE_BYTES."""
    try:
        with file.open("rb", buffering=0) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_FILE_BYTES:
                return RuleFile(str(file), b"", "larger than any rule file")
            return RuleFile(str(file), stream.read())
    except OSError as error:
        return RuleFile(str(file), b"", f"cannot be read: {error.strerror}")
