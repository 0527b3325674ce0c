"""Rule packs: the same rules again, and nothing that is not exactly them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect import pack, sigma
from wardround.detect.pack_codec import decode_rules, encode_rules
from wardround.detect.rule import And, LogSource, Not, Or, ParsedRules, Predicate, Rule

TEXT = """
title: A rule
logsource: {product: windows, service: security}
detection:
  a: {EventID: 4624, LogonType|re: '^3$', IpAddress|cidr: 10.0.0.0/8, Size|gt: 1.5}
  b: {EventID: 4624, User: null, Name|exists: false, Other|fieldref: Name, UtcTime|hour: 5}
  condition: a or not b
---
title: Unusable
id: u
logsource: {product: windows}
detection: {a: {B|expand: '%c%'}, condition: a}
---
title: A correlation
correlation:
  type: temporal
  rules: [x, y]
  timespan: 1h
  group-by: [User]
  aliases: {User: {x: A, y: B}}
  condition: x and not y
---
title: Another
correlation: {type: value_percentile, rules: [x], timespan: 1h, condition: {gt: 1, lt: 3, field: Size, percentile: 95}}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    directory = tmp_path / "rules"
    directory.mkdir()
    (directory / "one.yml").write_text(TEXT, encoding="utf-8")
    return directory


def test_a_pack_holds_what_was_parsed(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    first = pack.load_rules([rules], cache)
    assert (len(first.rules), len(first.correlations), len(first.unusable)) == (1, 2, 1)
    monkeypatch.setattr(sigma, "parse_contents", lambda _: pytest.fail("parsed again"))
    assert pack.load_rules([rules], cache) == first


def test_other_rules_have_another_pack(rules: Path, tmp_path: Path) -> None:
    pack.load_rules([rules], tmp_path / "cache")
    (rules / "one.yml").write_text(TEXT.replace("A rule", "Changed"), encoding="utf-8")
    assert pack.load_rules([rules], tmp_path / "cache").rules[0].title == "Changed"


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_pack_is_made_again(rules: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    first = pack.load_rules([rules], cache)
    (file,) = cache.iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] if damage is None else damage)
    assert pack.load_rules([rules], cache) == first
    assert file.read_bytes() == content


def test_a_pack_that_others_may_write_is_not_trusted(rules: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = pack.load_rules([rules], cache)
    (file,) = cache.iterdir()
    assert pack.read_pack(file) == first
    file.chmod(0o666)
    assert pack.read_pack(file) is None
    file.chmod(0o600)
    cache.chmod(0o777)
    assert pack.read_pack(file) is None
    cache.chmod(0o700)
    link = cache / "link.pack"
    link.symlink_to(file)
    assert pack.read_pack(link) is None


def test_without_a_cache_it_works_all_the_same(rules: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("in the way", encoding="utf-8")
    assert len(pack.load_rules([rules], nowhere / "cache").rules) == 1


def test_the_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert pack.cache_directory() == tmp_path / "wardround" / "rules"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert pack.cache_directory() == Path.home() / ".cache" / "wardround" / "rules"


def test_a_number_and_its_text_stay_different() -> None:
    tree = And((Predicate("a", "gt", 1), Predicate("a", "gt", 1.0), Or((Predicate("a", "equals", "1"), Not(Or(()))))))
    rule = Rule("i", "", "", "", "", (), LogSource(), tree)
    decoded = decode_rules(orjson.loads(orjson.dumps(encode_rules(ParsedRules((rule,)))))).rules[0]
    assert repr(decoded) == repr(rule)


ENCODED = encode_rules(sigma.parse_rules(TEXT, "p"))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_wrong_data_raise_only_what_is_expected(data: st.DataObject) -> None:
    damaged = orjson.loads(orjson.dumps(ENCODED))
    part = data.draw(st.sampled_from(sorted(damaged)))
    items = damaged[part]
    at = data.draw(st.integers(0, len(items) - 1))
    items[at] = data.draw(st.none() | st.integers() | st.text() | st.lists(st.none() | st.integers() | st.text(), max_size=6))
    try:
        decode_rules(damaged)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        assert not isinstance(error, AttributeError)
