"""Detections that neither Sigma nor SQL can say: one function ``analyse(tables, site)`` each, named by ``analysis:``.

It yields dictionaries shaped like the rows of an ``sql:`` body (docs/detections.md).
"""

from __future__ import annotations
