"""Network tables: Zeek's logs with Zeek's field names and meanings, whichever reader filled them."""

from __future__ import annotations

from wardround.schema import Table, network_added, network_office, network_services, network_traffic, network_web

TABLES: tuple[Table, ...] = (
    *network_traffic.TABLES,
    *network_web.TABLES,
    *network_office.TABLES,
    *network_services.TABLES,
    *network_added.TABLES,
)
