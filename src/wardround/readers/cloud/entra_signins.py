"""Reader of the sign-in logs of Entra ID: Graph's JSON, the portal's JSON and CSV, and what diagnostic settings stream.

Source: Microsoft Learn, "signIn resource type", "Sign-in logs in Microsoft Entra ID". A sign-in is one row of ``logon``.
Steps that decide nothing (a second factor is asked for, a consent) are told as such; times of the portal are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wardround.readers import delimited
from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.cloud import words
from wardround.readers.edr import values
from wardround.readers.json_members import mapping, text

if TYPE_CHECKING:
    from wardround.readers.base import Reader

_NAMES = {
    "ts": "dateutc date createddatetime",
    "user": "username userprincipalname nomdutilisateur",
    "source": "ipaddress adresseip",
    "place": "location emplacement lieu",
    "status": "status etat statut",
    "code": "signinerrorcode codederreurdeconnexion errorcode",
    "reason": "failurereason raisondelechec motifdelechec",
    "application": "application appdisplayname",
    "client": "clientapp applicationcliente clientappused",
    "factor": "authenticationrequirement exigencedauthentification",
    "protocol": "authenticationprotocol protocoledauthentification",
}
_COLUMNS = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_SUCCESS = frozenset(("success", "succes", "reussite", "reussi"))


def _layout(names: delimited.Columns) -> delimited.Columns | None:
    kinds = tuple(_COLUMNS.get(name, "") for name in names)
    needed = {"ts", "user", "source", "status", "application", "client"}
    return kinds if needed <= set(kinds) and {"code", "reason", "factor"} & set(kinds) else None


class EntraSigninsReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "entra_signins"

    def sniff(self, head: bytes) -> str | None:
        """The keys of a sign-in, or the header of the portal's table."""
        if start := records.head_of(head):
            known = records.has_keys(start, b"userPrincipalName", b"ipAddress", b"appDisplayName", b"createdDateTime")
            return self.name if known and records.has_keys(start, b"status", b"clientAppUsed") else None
        return self.name if delimited.sniffs(head, _layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of lines where records are lines of JSON."""
        yield from records.split(source)  # a table is one

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read sign-ins into ``logon``."""
        batches = Batches(sink)
        if records.is_document(source):
            for record in records.read(source, span, sink):
                _signin(batches, record.value, record.number, sink)
        else:
            clock = delimited.Clock()
            for row in delimited.rows(source, _layout, sink):
                _row(batches, row.values, row.line, clock, sink)
        batches.close()


def _signin(batches: Batches, item: dict[str, Any], number: int, sink: Sink) -> None:
    """A sign-in of Graph; diagnostic settings put it into ``properties``."""
    told = mapping(item.get("properties")) or item
    if not text(told.get("userPrincipalName")) and not text(told.get("ipAddress")):
        sink.diagnose("not_read", "A record is no sign-in of a person.", number)
        return
    status = mapping(told.get("status"))
    code = words.number(status.get("errorCode") if status else item.get("resultType"))
    _add(
        batches,
        values.first_moment({**item, **told}, "createdDateTime", "time", "TimeGenerated"),
        number,
        sink,
        action=words.action_of(code),
        code=code,
        user=text(told.get("userPrincipalName")),
        source=words.address(told.get("ipAddress")),
        source_country=text(mapping(told.get("location")).get("countryOrRegion"))[:2].upper(),
        service=text(told.get("appDisplayName")),
        authentication=text(told.get("authenticationProtocol")) or text(told.get("clientAppUsed")),
        factor=_factor(text(told.get("authenticationRequirement"))),
        reason=text(status.get("failureReason")),
    )


def _row(batches: Batches, row: Mapping[str, str], line: int, clock: delimited.Clock, sink: Sink) -> None:
    """A row of the portal's table."""
    good = delimited.plain(row.get("status", "")) in _SUCCESS
    code = words.number(row.get("code"))
    code = 0 if good and not code else code
    ts = values.moment(row.get("ts", "").replace(", ", " "), clock)
    _add(
        batches,
        (ts[0], "utc" if ts[0] is not None else "none"),
        line,
        sink,
        action="login" if good else words.action_of(code),
        code=code,
        user=row.get("user"),
        source=words.address(row.get("source")),
        source_country=words.country(row.get("place", "")),
        service=row.get("application"),
        authentication=row.get("protocol") if row.get("protocol", "None") not in ("None", "none", "") else row.get("client"),
        factor=_factor(row.get("factor", "")),
        reason=row.get("reason"),
    )


def _add(batches: Batches, ts: tuple[int | None, str], number: int, sink: Sink, **columns: Any) -> None:
    if ts[0] is None:
        sink.diagnose("no_time", "A sign-in has no time that can be read.", number)
    code, action = columns.pop("code"), columns["action"]
    columns["reason"] = None if action == "login" else columns["reason"]
    batches.add(
        "logon",
        **values.place(ts, number),
        device=words.DEVICE,
        vendor=words.VENDOR,
        message_id=None if code is None else str(code),
        outcome=words.outcome_of(action),
        **columns,
    )


def _factor(requirement: str) -> str | None:
    """First when the password alone was asked for, second when another factor was."""
    plain = delimited.plain(requirement)
    return "second" if plain.startswith(("multi", "authentificationmulti")) else "first" if plain.startswith("single") else None


READER: Reader = EntraSigninsReader()
