"""What wardround shows itself with: the generator of the bundled evidence. Not part of the installed package."""

from __future__ import annotations
