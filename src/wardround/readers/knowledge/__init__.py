"""Readers of knowledge about vulnerabilities, as the user downloaded it: one format per module, nothing looked up."""

from __future__ import annotations
