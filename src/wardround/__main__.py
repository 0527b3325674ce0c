"""Run wardround as ``python -m wardround``."""

from __future__ import annotations

from wardround.cli import main

if __name__ == "__main__":
    main()
