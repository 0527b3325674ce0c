"""Messages that a client handed to a server in clear, whole, as rows of mail beside the row of the transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wardround.mail import authentication, dkim, rows, verdict
from wardround.mail.addresses import single
from wardround.mail.parse import parse
from wardround.mail.told import TOLD
from wardround.wire.connection import Connection, Rows

#: Bytes of a message that are read; a longer one is only a row of table smtp. And characters of one text.
MESSAGE_BYTES = 16 << 20
_CHARACTERS = 4_096


def unstuffed(data: bytes) -> bytes:
    """The message as it was before transport: the dots that were put before dots taken away (RFC 5321, 4.5.2)."""
    plain = data[1:] if data.startswith(b".") else data
    return plain.replace(b"\n..", b"\n.")


def hand_over(
    data: bytes, sender: str, recipients: list[str], connection: Connection, where: tuple[int, int], to: Rows
) -> None:
    """Judge a whole message and add its rows; ``where`` is the time (ns UTC) and the frame it began in."""
    ts, record = where
    message = parse(data)
    message = replace(
        message,
        return_path=message.return_path or single(f"<{sender}>".encode("utf-8", "replace")),
        delivered_to=message.delivered_to or (recipients[0] if len(recipients) == 1 else ""),
    )
    known = authentication.assess(message, TOLD.mail, dkim.verified(message, TOLD.keys) if TOLD.keys else ())
    if known.external_hop < 0:  # the client of this connection is the hop that no header tells of yet
        known = replace(known, external_address=connection.orig_h, external_tls=False)
    context = verdict.Context(TOLD.mail, known)

    def add(table: str, **columns: Any) -> None:
        told = {name: _value(value) for name, value in columns.items()}
        to.row(table, told | {"ts": ts, "ts_zone": "utc", "record": record})

    rows.write(message, verdict.judge()(message, context), context, record, "", add)


def _value(value: Any) -> Any:
    """A value as Arrow takes it: texts not too long, without lone surrogates, None when empty."""
    if isinstance(value, str):
        return value[:_CHARACTERS].encode("utf-8", "replace").decode("utf-8") or None
    if isinstance(value, list):
        return [_value(item) for item in value] or None
    return value
