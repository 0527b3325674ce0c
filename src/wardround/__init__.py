"""wardround: the security round of a hospital's imaging department, in one command."""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
