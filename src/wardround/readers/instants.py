"""Written times as nanoseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 2261


def iso_instant(text: object) -> int | None:
    """Nanoseconds of a date or time in ISO 8601 (without zone: UTC); None when it is none, or beyond 1970 to 2261."""
    if not isinstance(text, str) or not text or len(text) > 40:
        return None
    written = text.strip()
    if len(written) > 5 and written[-5] in "+-" and written[-3] != ":":
        written = f"{written[:-2]}:{written[-2:]}"
    try:
        moment = datetime.fromisoformat(_six_digits(written))
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if not 1970 <= moment.year <= _LAST_YEAR:
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def written_instant(text: str | None, pattern: str) -> int | None:
    """Nanoseconds of a time written as strptime's ``pattern`` says (UTC); None when it is none, or beyond 1970 to 2261."""
    try:
        moment = datetime.strptime(text or "", pattern).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000_000 if 1970 <= moment.year <= _LAST_YEAR else None


def _six_digits(written: str) -> str:
    """A fraction of seconds as long as the library takes it."""
    head, point, tail = written.partition(".")
    if not point:
        return written
    digits = tail[: next((i for i, c in enumerate(tail) if not c.isdigit()), len(tail))]
    return f"{head}.{digits[:6].ljust(6, '0')}{tail[len(digits) :]}"
