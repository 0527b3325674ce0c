"""What follows reading: importing this module once loads the libraries that deciding and reporting need."""

from __future__ import annotations

from wardround import report
from wardround.care import application_entities, assess, assets
from wardround.detect import decide, freshness
from wardround.detect.tables import Tables
from wardround.mail import suffixes
from wardround.report import html

html.prepare()
suffixes.organization("hospital.example")
Tables.of_arrow({}).close()

__all__ = ["application_entities", "assess", "assets", "decide", "freshness", "report"]
