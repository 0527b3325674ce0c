"""What every part of the result document is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A frozen part of the document in which no field is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Texts(Strict):
    """Title and sentence of something in one language; ``summary`` is empty where the title says it all."""

    title: str
    summary: str = ""


class Subject(Strict):
    """What a finding is about: kind (host, user, address, domain, service …) and name."""

    kind: str
    name: str
