"""The shape of the house, checked in CI: imports go one way, modules and functions stay small. Run as a script."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src" / "wardround"
MAX_MODULE = 600
MAX_FUNCTION = 80

#: The layers from top to bottom; a module may import its own layer and those below, as listed.
LAYERS: dict[str, set[str]] = {
    "cli": {
        "pipeline",
        "workers",
        "report",
        "care",
        "detect",
        "demo",
        "readers",
        "schema",
        "store",
        "site",
        "model",
        "refusals",
        "errors",
    },
    "pipeline": {
        "workers",
        "reading",
        "many",
        "evidence",
        "readers",
        "detect",
        "care",
        "report",
        "store",
        "schema",
        "site",
        "model",
        "errors",
    },
    "many": {"evidence", "store", "schema", "model", "errors"},
    "preload": {"reading", "detect"},
    "preload_captures": {"preload", "wire"},
    "afterwards": {"detect", "care", "mail", "report"},
    "reading": {"workers", "many", "evidence", "readers", "mail", "detect", "store", "schema", "site", "model", "errors"},
    "workers": {"errors"},
    "evidence": {"readers", "model", "errors"},
    "demo": set(),
    "report": {"care", "store", "schema", "model", "site", "errors"},
    "care": {"store", "schema", "model", "site", "settings", "errors"},
    "detect": {"care", "mail", "store", "schema", "model", "site", "errors"},
    "readers": {"wire", "mail", "privacy", "schema", "model", "site", "errors"},
    "mail": {"privacy", "schema", "model", "site", "errors"},
    "wire": {"mail", "privacy", "schema", "model", "errors"},
    "store": {"schema", "model", "site", "errors"},
    "site": {"settings", "model", "errors"},
    "settings": {"errors"},
    "schema": {"errors"},
    "privacy": {"errors"},
    "model": set(),
    "refusals": set(),
    "errors": set(),
}


def layer_of(path: Path) -> str:
    """The layer of a module: the first part of its path inside the package."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """The layers that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "wardround":
            names = [f"wardround.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("wardround.")}
    return found


def complaints() -> list[str]:
    """Everything that is out of shape, one line each."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        shown = path.relative_to(SOURCE)
        if (lines := text.count("\n")) > MAX_MODULE:
            found.append(f"{shown}: {lines} lines, at most {MAX_MODULE}")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION:
                    found.append(f"{shown}:{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION}")
        layer = layer_of(path)
        if layer in ("__init__", "__main__"):
            continue
        foreign = sorted(imported(tree) - LAYERS[layer] - {layer, "__version__"})
        found += [f"{shown}: layer {layer} must not import {other}" for other in foreign]
    return found


if __name__ == "__main__":
    lines = complaints()
    print("\n".join(lines) or "structure: in shape")  # noqa: T201
    sys.exit(1 if lines else 0)
