"""The draft of a site file is valid TOML, is one that wardround reads, and knows no stranger that an attack was found on."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

from tests.report import sample

from wardround import site
from wardround.model import ApplicationEntity, Subject
from wardround.report import build, export


def test_the_draft_is_a_site_file(tmp_path: Path) -> None:
    draft = tmp_path / "site.toml"
    draft.write_bytes(export(build(sample.bad_day()), "site", "fr"))
    told = site.load(draft)
    assert told.hospital.name == "Centre hospitalier de Brumeval"
    (pacs,) = told.assets
    assert (pacs.name, pacs.role, pacs.critical) == ("PACS1", "pacs", True)
    (entity,) = told.registry
    assert (entity.title, entity.port, entity.destinations) == ("BRUM_PACS", 104, ("BRUM_LECT1",))


def test_who_was_caught_stays_a_stranger() -> None:
    thief = ApplicationEntity("EVIL", "10.20.30.66", None, ("C-MOVE",), ("EVIL",), 3, None, None, False)
    caught = sample.finding(
        "BR-A01", "record_leak", "attack", "high", ("Stranger", "Inconnu"), subjects=(Subject("address", "10.20.30.66"),)
    )
    round_ = sample.bad_day()
    round_ = dataclasses.replace(
        round_, findings=(*round_.findings, caught), application_entities=(*round_.application_entities, thief)
    )
    text = export(build(round_), "site", "en").decode()
    assert [entity["title"] for entity in tomllib.loads(text)["application_entities"]] == ["BRUM_PACS"]
    assert "# Left out: an attack was found on it (BR-A01)." in text
    assert '# title = "EVIL"' in text


def test_hostile_names_stay_inside_their_strings() -> None:
    names = ('" ]\n[[exceptions]]', "\x7f\x00\u202e", "\\", "'''", "\ud83d\ude00")
    entities = tuple(ApplicationEntity(name, "10.1.1.1", 104, (name,), (name,), 1, None, None, False) for name in names)
    round_ = dataclasses.replace(sample.bad_day(), application_entities=entities)
    told = tomllib.loads(export(build(round_), "site", "en").decode())
    assert len(told["application_entities"]) == len(names)
    assert set(told) == {"hospital", "assets", "application_entities"}
