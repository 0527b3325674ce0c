"""Rule packs: parsed rules kept between runs, so that thousands of rules load in a fraction of a second.

A pack is data only (JSON in Zstandard), never code. Its name is a hash over the paths and bytes of the rule files, the
versions of wardround and pySigma, and the number of this format, so that it can only stand for exactly those rules. The
pack and its directory must belong to the user and be writable by nobody else. Whatever is wrong with a pack, the rules are
parsed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import orjson
import zstandard

from wardround.detect import rule_files
from wardround.detect.pack_codec import decode_rules, encode_rules
from wardround.detect.rule import ParsedRules

Kept = TypeVar("Kept")

#: To be raised whenever the parser or the encoding changes in a way that the version of wardround does not show.
FORMAT = 2

#: Packs larger than this, in bytes of JSON, are neither written nor read.
MAX_PACK_BYTES = 256 * 1024 * 1024

_WRONG = (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError, zstandard.ZstdError)


def cache_directory() -> Path:
    """Where packs are kept: wardround/rules in XDG_CACHE_HOME or, without one, in ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "wardround" / "rules"


def load_rules(paths: Sequence[Path], cache: Path | None = None) -> ParsedRules:
    """The rules under several directories or files, from their pack when there is one, else parsed and packed.

    ``cache`` is the cache directory (default: :func:`cache_directory`). Nothing about the cache is an error.
    """
    contents = [rule_files.read(file) for path in paths for file in rule_files.find(path)]
    directory = cache_directory() if cache is None else cache
    pack = directory / f"{content_hash((item.path, item.problem, item.data) for item in contents)}.pack"
    found = read_pack(pack)
    if found is None:
        from wardround.detect import sigma  # pySigma takes a third of a second to import

        found = sigma.parse_contents(contents)
        with contextlib.suppress(OSError):
            write_pack(pack, found)
    return found


def read_pack(pack: Path) -> ParsedRules | None:
    """The rules of a pack; None when there is none, when it cannot be trusted or when it is damaged."""
    return read_kept(pack, decode_rules)


def read_kept(pack: Path, decode: Callable[[Any], Kept]) -> Kept | None:
    """What ``decode`` makes of the data kept in a file; None when there is none, when it cannot be trusted or is damaged."""
    try:
        if not _is_private(pack.parent):
            return None
        descriptor = os.open(pack, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as stream:
            if not _owned(os.fstat(stream.fileno())):
                return None
            data = zstandard.ZstdDecompressor().decompress(stream.read(MAX_PACK_BYTES), max_output_size=MAX_PACK_BYTES)
        return decode(orjson.loads(data))
    except _WRONG:
        return None


def write_pack(pack: Path, rules: ParsedRules) -> None:
    """Write a pack, all of it or nothing; raises OSError."""
    write_kept(pack, encode_rules(rules))


def write_kept(pack: Path, value: Any) -> None:
    """Keep a value that JSON can say, all of it or nothing; raises OSError, or TypeError when JSON cannot say it."""
    data = orjson.dumps(value)
    if len(data) > MAX_PACK_BYTES:
        return
    pack.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(pack.parent):
        return
    descriptor, name = tempfile.mkstemp(prefix=".pack-", dir=pack.parent)  # readable and writable by the user only
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(zstandard.ZstdCompressor(level=3).compress(data))
        temporary.replace(pack)
    finally:
        temporary.unlink(missing_ok=True)


def _is_private(directory: Path) -> bool:
    return _owned(directory.stat())


def _owned(status: os.stat_result) -> bool:
    """Whether something belongs to the user and nobody else may write to it (always true where there are no such users)."""
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def content_hash(contents: Iterable[tuple[str, str, bytes]]) -> str:
    """Name of what is kept about these files (path, problem, bytes), read by this version of wardround and pySigma."""
    digest = hashlib.sha256(f"wardround {_version('wardround')} pysigma {_version('pysigma')} {FORMAT}".encode())
    for path, problem, data in contents:
        for part in (path.encode("utf-8", "surrogateescape"), problem.encode(), data):
            digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
