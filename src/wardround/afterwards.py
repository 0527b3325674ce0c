"""What follows reading: importing this module once loads the libraries that deciding and reporting need."""

from __future__ import annotations

from wardround import report
from wardround.care import application_entities, assess, assets
from wardround.detect import decide, freshness
from wardround.report import html

html.prepare()

__all__ = ["application_entities", "assess", "assets", "decide", "freshness", "report"]
