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
      SELECT trim(calling_ae) AS title, "id.orig_h" AS address, list_sort(list(DISTINCT operation)) AS operations,
        list_sort(list(DISTINCT trim(move_destination))) AS destinations
      FROM dicom_operation WHERE coalesce(is_orig, true) AND transport = 'dimse' GROUP BY ALL
    ), heard AS (
      SELECT trim(calling_ae) AS title, "id.orig_h" AS address, CAST(NULL AS INTEGER) AS port, count(*) AS associations,
        min(ts) AS first_ts, max(ts) AS last_ts
      FROM dicom_association WHERE result = 'accepted' GROUP BY ALL
      UNION ALL
      SELECT trim(called_ae), "id.resp_h", mode("id.resp_p"), count(*), min(ts), max(ts)
      FROM dicom_association WHERE result = 'accepted' GROUP BY trim(called_ae), "id.resp_h"
    ), met AS (
      SELECT title, address, max(port) AS port, CAST(sum(associations) AS BIGINT) AS associations, min(first_ts) AS first_ts,
        max(last_ts) AS last_ts
      FROM heard WHERE present(title) IS NOT NULL AND address IS NOT NULL GROUP BY title, address
    )
    SELECT title, address, port, coalesce(operations, []) AS operations, coalesce(destinations, []) AS destinations,
      associations, first_ts, last_ts
    FROM met LEFT JOIN said USING (title, address) ORDER BY title, address
"""


class Asking(Protocol):
    """The tables of a round, to be asked in SQL."""

    def query(self, sql: str, parameters: Sequence[Any] = (), *, most: int | None = None) -> list[dict[str, Any]]:
        """The rows of a SELECT, at most ``most``; raises WardroundError."""


def seen(tables: Asking, site: Site) -> tuple[ApplicationEntity, ...]:
    """Every application entity that took part in an accepted association, by title and address. Raises WardroundError."""
    return tuple(_entities(tables, site))


def _entities(tables: Asking, site: Site) -> Iterator[ApplicationEntity]:
    stated = {
        (entity.title.casefold(), str(address) if address is not None else None)
        for entity in site.registry
        for address in entity.addresses or (None,)
    }
    for row in tables.query(_QUERY, most=MOST):
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
