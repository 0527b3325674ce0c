"""Care: what imaging depends on, what stops when a host does, and the controls that would avoid it."""

from __future__ import annotations
