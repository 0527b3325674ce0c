"""The evidence of the demonstration round: one day in a hospital that does not exist, bundled with the package.

It is data only; the generator that made it is in the repository, under ``demo/``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from importlib.resources import as_file, files
from pathlib import Path


def evidence_directory() -> AbstractContextManager[Path]:
    """The directory of the bundled evidence and its site.toml, as a real path for as long as the context lasts."""
    return as_file(files(__name__).joinpath("evidence"))
