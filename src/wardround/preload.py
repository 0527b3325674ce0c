"""What worker processes share: importing this module once loads the libraries that reading and matching need."""

from __future__ import annotations

from wardround import reading
from wardround.detect import matcher
from wardround.readers import readers

readers()

__all__ = ["matcher", "reading"]
