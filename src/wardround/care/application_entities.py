"""The registry of application entities as it was seen: AE titles, where they answer, what they ask for and send where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from wardround.model import ApplicationEntity
from wardround.site import Site

#: So many application entities are told at most; a hospital has some hundreds.
MOST = 2000

_QUERY = """
    WITH said AS (
      SELECT uid, list(DISTINCT operation) AS operations, list(DISTINCT trim(move_destination)) AS destinations
      FROM dicom_operation WHERE coalesce(is_orig, true) AND transport = 'dimse' GROUP BY uid
    ), heard AS (
      SELECT trim(calling_ae) AS title, "id.orig_h" AS address, CAST(NULL AS INTEGER) AS port, coalesce(operations,
        []) AS operations,
        coalesce(destinations, []) AS destinations, ts
      FROM (SELECT uid, calling_ae, "id.orig_h", ts FROM dicom_association
        WHERE result = 'accepted') LEFT JOIN said USING (uid)
      UNION ALL
      SELECT trim(called_ae), "id.resp_h", "id.resp_p", [], [], ts FROM dicom_association WHERE result = 'accepted'
    )
    SELECT title, address, mode(port) AS port, list_sort(list_distinct(flatten(list(operations)))) AS operations,
      list_sort(list_distinct(flatten(list(destinations)))) AS destinations, count(*) AS associations,
        min(ts) AS first_ts, max(ts) AS last_ts
    FROM heard WHERE present(title) IS NOT NULL AND address IS NOT NULL
    GROUP BY title, address ORDER BY title, address
"""


class Asking(Protocol):
    """The tables of a round, to be asked in SQL."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows of a SELECT; raises WardroundError."""


def seen(tables: Asking, site: Site) -> tuple[ApplicationEntity, ...]:
    """Every application entity that took part in an accepted association, by title and address. Raises WardroundError."""
    return tuple(_entities(tables, site))


def _entities(tables: Asking, site: Site) -> Iterator[ApplicationEntity]:
    stated = {
        (entity.title.casefold(), str(address) if address is not None else None)
        for entity in site.registry
        for address in entity.addresses or (None,)
    }
    for row in tables.query(_QUERY, limit=MOST):
        title = row["title"].casefold()
        yield ApplicationEntity(
            title=row["title"],
            address=row["address"],
            port=row["port"],
            operations=tuple(row["operations"]),
            destinations=tuple(name for name in row["destinations"] if name),
            associations=row["associations"],
            first_ts=row["first_ts"],
            last_ts=row["last_ts"],
            stated=(title, row["address"]) in stated or (title, None) in stated,
        )
