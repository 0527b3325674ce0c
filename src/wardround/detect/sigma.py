"""Sigma rules from YAML, parsed by pySigma, into the values of :mod:`wardround.detect.rule`."""

from __future__ import annotations

from pathlib import Path

from wardround.detect.rule import ParsedRules


def parse_rules(text: str, path: str) -> ParsedRules:
    """Parse a text with any number of YAML documents; ``path`` is only repeated in the results."""
    raise NotImplementedError


def load_directory(path: Path) -> ParsedRules:
    """Parse every .yml and .yaml file under a directory (or one file), in a fixed order."""
    raise NotImplementedError
