"""The columns that tie a row to its connection; most network tables begin with them."""

from __future__ import annotations

CONNECTION = """
uid        label    Identifier of the connection, the same in every table that speaks of it
id.orig_h  address  Address of the originator, who opened the connection
id.orig_p  port     Port of the originator
id.resp_h  address  Address of the responder
id.resp_p  port     Port of the responder
""".strip()
