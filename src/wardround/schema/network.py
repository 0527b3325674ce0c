"""Network tables: Zeek's logs with Zeek's field names and meanings, whichever reader filled them."""

from __future__ import annotations

from wardround.schema import Table

TABLES: tuple[Table, ...] = ()
