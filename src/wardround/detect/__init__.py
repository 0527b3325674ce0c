"""The detection engine: Sigma rules compiled and matched on columns, correlations, SQL, coverage."""

from __future__ import annotations
