"""What wardround itself knows of flaws in products, with its date; data beside it in ``products.yml``."""

from __future__ import annotations
