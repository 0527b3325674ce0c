"""The exports of a round against the validators and readers that others publish, where they are installed.

    python benchmarks/exchange_formats.py ROUND

STIX 2.1: stix2-validator (OASIS). MISP: pymisp. SARIF 2.1.0: pydantic-sarif, whose models are made from the published schema.
None of them is a dependency of wardround; install them in an environment of their own (they need no network to run here).
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from wardround import report


def stix(data: bytes) -> str:
    """Errors and warnings of the OASIS validator."""
    validator: Any = importlib.import_module("stix2validator")
    results = validator.validate_string(data.decode(), validator.ValidationOptions(strict=False, version="2.1"))
    errors = [str(error) for error in results.errors]
    warnings = [str(warning) for warning in results.warnings]
    return f"valid: {results.is_valid}, {len(errors)} errors, {len(warnings)} warnings {[*errors, *sorted(set(warnings))][:5]}"


def misp(data: bytes) -> str:
    """Whether pymisp loads the event, and gives back as many attributes."""
    pymisp: Any = importlib.import_module("pymisp")
    event = pymisp.MISPEvent()
    event.from_json(data.decode())
    wanted = len(json.loads(data)["Event"]["Attribute"])
    return f"loaded, {len(event.attributes)} of {wanted} attributes, {len(event.tags)} tags"


def sarif(data: bytes) -> str:
    """Whether the models made from the schema take the log."""
    package: Any = importlib.import_module("pydantic_sarif.model")
    log = package.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(data)
    return f"valid, {len(log.runs[0].results)} results"


def timesketch(data: bytes) -> str:
    """What the importer of Timesketch checks: the three columns, and a time that can be read in every row."""
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    for row in rows:
        if not (row["message"] and row["timestamp_desc"] and datetime.fromisoformat(row["datetime"]).tzinfo):
            return f"refused: {row}"
    return f"{len(rows)} events"


CHECKS = {"stix": stix, "misp": misp, "sarif": sarif, "timesketch": timesketch}


def main() -> None:
    """Check every format of the round named on the command line."""
    document = report.read(Path(sys.argv[1]))
    for name, check in CHECKS.items():
        data = report.export(document, name, "en")
        try:
            told = check(data)
        except ImportError as error:
            told = f"not checked: {error.name} is not installed"
        print(f"{name:12} {len(data):>10,} bytes  {told}")


if __name__ == "__main__":
    main()
