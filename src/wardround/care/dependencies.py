"""Who needs whom, as it was seen: which host stores to, asks, resolves names at and signs in with which other.

Queries give rows (client, host, use). What was said counts first; connections to the usual ports fill in what the evidence
does not tell in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wardround.care.application_entities import Asking

#: So many pairs are looked at; a department has some thousand.
MOST = 50_000

_DICOM = "(104, 2761, 2762, 4242, 11112)"
_FAILED = "('S0', 'REJ', 'RSTRH', 'SH', 'RSTOS0', 'OTH')"

_USES = f"""
    WITH operation AS (
      SELECT CASE WHEN coalesce(is_orig, true) THEN "id.orig_h" ELSE "id.resp_h" END AS client,
        CASE WHEN coalesce(is_orig, true) THEN "id.resp_h" ELSE "id.orig_h" END AS host, *
      FROM dicom_operation WHERE coalesce(status_class, 'success') NOT IN ('failure', 'unanswered')
    ), said AS (
      SELECT client, host, 'stores' AS use FROM operation
        WHERE operation IN ('C-STORE', 'STOW-RS') AND move_originator IS NULL AND coalesce(is_orig, true)
      UNION ALL SELECT client, host, 'delivers' FROM operation WHERE operation = 'C-STORE' AND move_originator IS NOT NULL
      UNION ALL SELECT client, host, CASE WHEN query_level = 'WORKLIST' THEN 'worklist' ELSE 'queries' END FROM operation
        WHERE operation IN ('C-FIND', 'C-MOVE', 'C-GET', 'QIDO-RS', 'WADO-RS', 'WADO-URI', 'WEB-QUERY', 'WEB-RETRIEVE')
      UNION ALL SELECT client, host, 'commits' FROM operation WHERE operation IN ('N-ACTION', 'N-EVENT-REPORT')
        AND sop_class = '1.2.840.10008.1.20.1'
    ), dicom AS (
      SELECT DISTINCT "id.orig_h" AS client, "id.resp_h" AS host FROM conn
      WHERE proto = 'tcp' AND conn_state NOT IN {_FAILED}
        AND ("id.resp_p" IN {_DICOM} OR regexp_matches(coalesce(service, ''), '\\bdicom\\b'))
      UNION SELECT "id.orig_h", "id.resp_h" FROM dicom_association WHERE result = 'accepted' OR tls
    )
    SELECT DISTINCT client, host, use FROM said
    UNION ALL
    SELECT client, host, 'dicom' FROM dicom ANTI JOIN (SELECT DISTINCT client, host FROM said) USING (client, host)
    UNION ALL
    SELECT DISTINCT "id.orig_h", "id.resp_h", 'names' FROM dns WHERE rcode_name = 'NOERROR' AND "id.resp_p" = 53
    UNION ALL
    SELECT DISTINCT "id.orig_h", "id.resp_h", 'names' FROM conn
      WHERE "id.resp_p" = 53 AND coalesce(resp_bytes, 0) > 0 AND conn_state NOT IN {_FAILED}
    UNION ALL
    SELECT DISTINCT "id.orig_h", "id.resp_h", 'directory' FROM kerberos WHERE success
    UNION ALL
    SELECT DISTINCT "id.orig_h", "id.resp_h", 'directory' FROM conn
      WHERE "id.resp_p" IN (88, 389, 636, 3268, 3269) AND coalesce(resp_bytes, 0) > 0 AND conn_state NOT IN {_FAILED}
    UNION ALL
    SELECT DISTINCT assigned_addr, server_addr, 'addresses' FROM dhcp WHERE assigned_addr IS NOT NULL
    UNION ALL
    SELECT DISTINCT CASE WHEN coalesce(is_orig, true) THEN "id.orig_h" ELSE "id.resp_h" END,
      CASE WHEN coalesce(is_orig, true) THEN "id.resp_h" ELSE "id.orig_h" END,
      CASE WHEN message_type = 'ORU' THEN 'results' WHEN message_type IN ('ORM', 'OMI', 'OMG') THEN 'orders' END
    FROM hl7_message WHERE message_type IN ('ORU', 'ORM', 'OMI', 'OMG')
    UNION ALL
    SELECT DISTINCT "id.orig_h", "id.resp_h", 'desktop' FROM conn
      WHERE proto = 'tcp' AND conn_state NOT IN {_FAILED}
        AND ("id.resp_p" = 3389 OR regexp_matches(coalesce(service, ''), '\\brdp\\b'))
    UNION ALL
    SELECT DISTINCT assigned_address, device, 'gateway' FROM vpn_session
      WHERE assigned_address IS NOT NULL AND device IS NOT NULL
"""  # noqa: S608 - constants of this module

_PAIRS = f"SELECT * FROM ({_USES}) WHERE client IS NOT NULL AND host IS NOT NULL"  # noqa: S608 - as above

#: Devices that sent an image again after it had not been taken: it waited for the archive.
_REPEATED = """
    SELECT "id.orig_h" AS client FROM dicom_operation
    WHERE operation = 'C-STORE' AND instance_token IS NOT NULL AND coalesce(is_orig, true) AND move_originator IS NULL
    GROUP BY "id.orig_h", instance_token
    HAVING min(CASE WHEN status_class IN ('failure', 'unanswered') THEN ts END)
         < max(CASE WHEN status_class IN ('success', 'warning') THEN ts END)
"""


@dataclass(frozen=True, slots=True)
class Uses:
    """What hosts use others for: per use, the hosts that each client uses, in order. Names of hosts are those of assets."""

    of: Mapping[str, Mapping[str, tuple[str, ...]]]
    repeats: frozenset[str] = field(default_factory=frozenset)

    def hosts(self, client: str, *uses: str) -> tuple[str, ...]:
        """The hosts that ``client`` uses in one of these ways."""
        return tuple(dict.fromkeys(host for use in uses for host in self.of.get(use, {}).get(client, ())))

    def clients(self, *uses: str) -> tuple[str, ...]:
        """Who uses anything in one of these ways."""
        return tuple(dict.fromkeys(client for use in uses for client in self.of.get(use, {})))


def seen(tables: Asking, names: Mapping[str, str]) -> Uses:
    """The uses of a round; ``names`` gives the asset of an address, else it stands for itself. Raises WardroundError."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for row in tables.query(_PAIRS, most=MOST):
        client, host = names.get(row["client"], row["client"]), names.get(row["host"], row["host"])
        if client != host and row["use"]:
            found.setdefault(row["use"], {}).setdefault(client, {}).setdefault(host)
    uses = {use: {client: tuple(hosts) for client, hosts in pairs.items()} for use, pairs in found.items()}
    repeats = frozenset(names.get(row["client"], row["client"]) for row in tables.query(_REPEATED, most=MOST))
    return Uses(uses, repeats)
