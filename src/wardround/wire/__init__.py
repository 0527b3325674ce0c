"""Packets to rows: link and transport decoding, connections, reassembly, then one file per protocol."""

from __future__ import annotations
