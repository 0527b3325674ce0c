"""Where the events of a log source are found, and what its fields are called there."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wardround.detect.logsource import columns_for, sources_of
from wardround.detect.matcher import DisagreementError, Matcher
from wardround.detect.rule import LogSource, Not, Predicate, Rule

SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon"}


def rule(logsource: LogSource, *conditions: Predicate) -> Rule:
    return Rule("id", "", "t", "low", "test", (), logsource, conditions[0] if conditions else Not(Predicate("x", "exists")))


def matching(
    logsource: LogSource, predicate: Predicate, rows: list[dict[str, object]], table: str = "windows_event"
) -> list[int]:
    names = dict.fromkeys(name for row in rows for name in row)
    batch = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
    found: list[int] = Matcher([rule(logsource, predicate)], paranoid=True).match(table, batch).row.tolist()
    return found


def test_process_creation_is_sysmon_or_security() -> None:
    rows: list[dict[str, object]] = [
        {**SYSMON, "EventID": 1, "Image": r"C:\a\cmd.exe"},
        {"Channel": "Security", "EventID": 4688, "NewProcessName": r"C:\a\cmd.exe"},
        {"Channel": "Security", "EventID": 4689, "NewProcessName": r"C:\a\cmd.exe"},
        {**SYSMON, "EventID": 3, "Image": r"C:\a\cmd.exe"},
        {"Channel": "Application", "EventID": 1, "Image": r"C:\a\cmd.exe"},
        {"Channel": "ForwardedEvents", "Provider_Name": "Microsoft-Windows-Sysmon", "EventID": 1, "Image": r"C:\a\cmd.exe"},
    ]
    logsource = LogSource("process_creation", "windows")
    assert matching(logsource, Predicate("Image", "endswith", r"\CMD.EXE"), rows) == [0, 1, 5]


def test_values_are_translated_with_their_fields() -> None:
    rows: list[dict[str, object]] = [
        {"Channel": "Security", "EventID": 5156, "Direction": "%%14593", "Protocol": "6", "DestPort": "445"},
        {"Channel": "Security", "EventID": 5156, "Direction": "%%14592", "Protocol": "17", "DestPort": "53"},
        {**SYSMON, "EventID": 3, "Initiated": "true", "Protocol": "tcp", "DestinationPort": "445"},
    ]
    logsource = LogSource("network_connection", "windows")
    assert matching(logsource, Predicate("Initiated", "equals", "true"), rows) == [0, 2]
    assert matching(logsource, Predicate("Protocol", "equals", "udp"), rows) == [1]
    assert matching(logsource, Predicate("DestinationPort", "equals", "445"), rows) == [0, 2]


def test_one_hash_among_those_of_sysmon() -> None:
    rows: list[dict[str, object]] = [{**SYSMON, "EventID": 1, "Hashes": "SHA1=AA,MD5=BB,IMPHASH=CC"}]
    logsource = LogSource("process_creation", "windows")
    assert matching(logsource, Predicate("Imphash", "equals", "cc"), rows) == [0]
    assert matching(logsource, Predicate("md5", "equals", "cc"), rows) == []


def test_a_field_in_several_columns_is_null_when_all_are() -> None:
    rows: list[dict[str, object]] = [
        {"Channel": "Microsoft-Windows-Windows Defender/Operational", "EventID": 1116, "Threat Name": "EICAR"},
        {"Channel": "Microsoft-Windows-Windows Defender/Operational", "EventID": 1116, "ThreatName": "EICAR"},
        {"Channel": "Microsoft-Windows-Windows Defender/Operational", "EventID": 1116},
    ]
    logsource = LogSource("antivirus")
    assert matching(logsource, Predicate("Signature", "equals", "eicar"), rows) == [0, 1]
    assert matching(logsource, Predicate("Signature", "null"), rows) == [2]


def test_network_sources() -> None:
    rows: list[dict[str, object]] = [{"query": "a.example", "answers": ["1.2.3.4"]}]
    assert matching(LogSource("dns"), Predicate("answer", "equals", "1.2.3.4"), rows, "dns") == [0]
    assert matching(LogSource(None, "zeek", "dns"), Predicate("query", "endswith", ".example"), rows, "dns") == [0]
    web: list[dict[str, object]] = [{"uri": "/a.php", "host": "x", "status_code": 200}]
    assert matching(LogSource("webserver"), Predicate("sc-status", "equals", "200"), web, "http") == [0]
    assert matching(LogSource("proxy"), Predicate("c-uri", "endswith", ".php"), web, "http") == [0]


@pytest.mark.parametrize(
    "logsource",
    [
        LogSource(None, "aws", "cloudtrail"),
        LogSource(None, "windows", "unheard-of"),
        LogSource(None, "zeek"),
        LogSource("database"),
        LogSource("application", "jvm"),
    ],
)
def test_nothing_we_read_holds_it(logsource: LogSource) -> None:
    assert sources_of(logsource) == ()


@pytest.mark.parametrize("logsource", [LogSource("process_creation", "linux"), LogSource(None, "linux", "auditd")])
def test_linux_is_held_by_its_table(logsource: LogSource) -> None:
    assert {source.table for source in sources_of(logsource)} == {"linux_event"}


def test_columns_for_group_by() -> None:
    process = LogSource("process_creation", "windows")
    assert columns_for(process, "windows_event", "Image") == ("Image", "NewProcessName")
    assert columns_for(process, "windows_event", "CommandLine") == ("CommandLine",)
    assert columns_for(LogSource("dns"), "dns", "src_ip") == ("id.orig_h",)
    assert columns_for(LogSource(None, "aws"), "dns", "x") == ("x",)


def test_assessed_when_a_row_of_the_log_source_is_there() -> None:
    rules = [
        rule(LogSource(None, "windows", "security")),
        rule(LogSource(None, "windows", "system")),
        rule(LogSource("process_creation", "windows")),
        rule(LogSource(None, "zeek", "dns")),
        rule(LogSource(None, "windows")),
    ]
    matcher = Matcher(rules)
    batch = pa.table({"Channel": ["Security"], "EventID": [4624]})
    assert matcher.assessed("windows_event", batch).tolist() == [True, False, False, False, True]
    assert matcher.assessed("windows_event", batch.slice(1)).tolist() == [False] * 5
    assert matcher.assessed("dns", batch).tolist() == [False, False, False, True, False]


def test_paranoid_finds_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pa.table({"Channel": ["Security"], "User": ["a"]})
    matcher = Matcher([rule(LogSource(None, "windows", "security"), Predicate("User", "equals", "a"))], paranoid=True)
    assert matcher.match("windows_event", batch).row.tolist() == [0]
    monkeypatch.setattr("wardround.detect.naive.NaiveMatcher.match", lambda *_: [])
    with pytest.raises(DisagreementError, match="only the columnar matcher finds rule id"):
        matcher.match("windows_event", batch)
