"""Answers that lead a sensitive name of the site to an address where it does not belong (RT-A04)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wardround.detect.tables import Tables
from wardround.site import Site, parse_address

_QUERY = """
    WITH named AS (
      SELECT lower(rtrim(query, '.')) AS asked, "id.resp_h" AS resolver, "id.orig_h" AS client, ts, evidence_id, record,
        unnest(answers) AS address
      FROM dns
      WHERE qtype_name IN ('A', 'AAAA') AND len(answers) > 0
    )
    SELECT address, min(asked) AS name, min(resolver) AS resolver, count(DISTINCT resolver) AS resolvers,
      count(DISTINCT client) AS clients, count(*) AS events, min(ts) AS first_ts, max(ts) AS last_ts,
      pointers('dns', evidence_id, record, ts) AS evidence
    FROM named
    WHERE (asked = ? OR ends_with(asked, '.' || ?)) AND regexp_full_match(address, '[0-9.]+|[0-9a-fA-F:.]+')
    GROUP BY address ORDER BY address
"""


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per sensitive name and address outside the networks that the site file gives for it."""
    for sensitive, networks in sorted(site.sensitive_names.items()):
        key = sensitive.lower().rstrip(".")
        for row in tables.query(_QUERY, (key, key)):
            address = parse_address(row["address"])
            if address is None or any(address in network for network in networks):
                continue
            yield {**row, "sensitive": key, "expected": ", ".join(map(str, networks))}
