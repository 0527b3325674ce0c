"""The detections that come with wardround, ready to run: read once, then kept as plain data between runs.

YAML and pySigma take longer to read a few hundred small files than a small round takes altogether. What is kept is what
the files say, without their tests; its name is a hash over the files, so that it can only stand for exactly those.
"""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path
from typing import Any

from wardround.detect import detection, pack
from wardround.detect.detection import Detection
from wardround.detect.pack_codec import decode_rules, encode_rules
from wardround.errors import ContentError


@cache
def catalogue(directory: Path | None = None) -> tuple[Detection, ...]:
    """Every shipped detection without its tests, in order of threat and name; ``directory`` is where to keep them.

    Raises ContentError. Nothing about the kept file is an error: whatever is wrong with it, the files are read again.
    """
    texts = list(detection.shipped_texts())
    name = pack.content_hash((path, "", text.encode()) for path, text in texts)
    kept = (directory or pack.cache_directory()) / f"{name}.catalogue"
    found = None
    with contextlib.suppress(ContentError):
        found = pack.read_kept(kept, _decode)
    if found is None:
        data = [_encode(path, text) for path, text in texts]
        with contextlib.suppress(OSError, TypeError):
            pack.write_kept(kept, data)
        found = _decode(data)
    detection.check_unique(found)
    return found


def _encode(path: str, text: str) -> dict[str, Any]:
    documents = detection.documents(text, path)
    ours = documents[-1].get("wardround")
    if isinstance(ours, dict):
        ours.pop("tests", None)
    parsed = detection.sigma_part(documents, path)
    return {"path": path, "documents": documents, "sigma": None if parsed is None else encode_rules(parsed)}


def _decode(data: list[dict[str, Any]]) -> tuple[Detection, ...]:
    return tuple(
        detection.of_documents(item["documents"], item["path"], None if item["sigma"] is None else decode_rules(item["sigma"]))
        for item in data
    )
