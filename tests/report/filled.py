"""A result document in which every field of every part holds something, made from the model itself.

Parts that are added to the document later are filled too, without a word here. Texts are what the caller gives; where the
program puts a time, a severity or a name of its own, no evidence can put a text.
"""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel

from wardround.report import ResultDocument

_MOMENT = "2026-03-02T08:14:00Z"

#: Fields whose text wardround writes itself: times, and names that are looked up.
_OWN = {
    **dict.fromkeys(("ts", "created", "hour"), _MOMENT),
    "threat": "ransomware",
    "version": "0.1.0",
    "attack_version": "19",
}
_OWN_OF = {
    ("Changes", "before"): "2026-03-01T08:00:00Z",
    ("Changes", "after"): "2026-03-02T08:00:00Z",
    ("KnowledgeAge", "before"): "2026-03-01T08:00:00Z",
    ("KnowledgeAge", "after"): None,
}
_DEEP = 12


def document(text: str) -> ResultDocument:
    """The document with ``text`` in every field that evidence can reach."""
    made: ResultDocument = _made(ResultDocument, text, "", "", 0)
    return made


def _made(kind: Any, text: str, name: str, owner: str, depth: int) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if (owner, name) in _OWN_OF:
        return _OWN_OF[owner, name]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        hints = typing.get_type_hints(kind)
        fields = {field: _made(hints[field], text, field, kind.__name__, depth + 1) for field in kind.model_fields}
        return kind.model_validate(fields)
    if origin is typing.Literal:
        return arguments[0]
    if origin in (typing.Union, types.UnionType):
        return _made(next(item for item in arguments if item is not type(None)), text, name, owner, depth)
    if origin is list:
        return [] if depth > _DEEP else [_made(arguments[0], text, name, owner, depth + 1)]
    if origin is tuple:
        kinds = [item for item in arguments if item is not Ellipsis]
        return [_made(item, text, name, owner, depth + 1) for item in kinds]
    if origin is dict:
        value = _made(arguments[1], text, name, owner, depth + 1)
        keys = (1,) if arguments[0] is int else ("en", "fr", text) if name not in ("findings", "checks") else (text,)
        return dict.fromkeys(keys, value)
    if kind is str:
        return _MOMENT if name.endswith("_ts") else _OWN.get(name, text)
    return {bool: True, int: 1, float: 0.5}[kind]
