"""Tokens that stand for patients: equal for equal values, and nothing without the key of the site.

A token is a keyed hash (HMAC-SHA-256), so that whoever has the round alone cannot try names or numbers until one fits.
The key is made once and stays in the state directory of the user who runs wardround (``WARDROUND_STATE``, else
``$XDG_STATE_HOME/wardround``, else ``~/.local/state/wardround``); it is never written into a round.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

Kind = Literal["patient", "name", "birth", "study", "series", "instance", "accession", "file"]

#: Hexadecimal digits of a token: 64 bits, enough that two of ten million values hardly ever share one.
DIGITS = 16


def state_directory() -> Path:
    """Where wardround keeps what must outlive a round: nothing but the key."""
    if stated := os.environ.get("WARDROUND_STATE"):
        return Path(stated)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "wardround"


@cache
def key() -> bytes:
    """The key of the site: read, or made on first use. Where nothing can be kept, it lives as long as the process."""
    path = state_directory() / "token.key"
    with suppress(OSError):
        if found := path.read_bytes():
            return found
    made = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(made)
        try:
            os.link(draft, path)  # of two processes that make one at the same time, one wins and both use its key
        finally:
            draft.unlink()
        return path.read_bytes()
    except OSError:
        return made


def token(kind: Kind, value: str) -> str | None:
    """The token of a value, None for an empty one. Case and surrounding blanks do not count, nor empty name components."""
    plain = value.strip().strip("^").strip().casefold()
    if not plain:
        return None
    return hmac.new(key(), f"{kind}\0{plain}".encode(), hashlib.sha256).hexdigest()[:DIGITS]
