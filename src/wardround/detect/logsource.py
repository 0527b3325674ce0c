"""Where the events of a Sigma log source are: table, row condition, and the columns that hold its fields.

Log sources and field names are those of Sigma's taxonomy appendix 2.1.0. A category such as process_creation is in the
words of Sysmon; where Windows itself logs the same thing, a second source maps Sysmon's fields to the columns of that
event (event reference: https://learn.microsoft.com/windows/security/threat-protection/auditing/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from wardround.detect import logsource_names as names
from wardround.detect.rule import And, Condition, LogSource, Not, Or, Predicate

WINDOWS_TABLE = "windows_event"


@dataclass(frozen=True, slots=True)
class Source:
    """One place where the events of a log source are.

    ``where`` selects the rows of ``table`` (None: all of them), in terms of columns. ``columns`` maps a field to the columns
    that hold it; a field that is not in it stands for the column of its own name. ``values`` says, by field and value of a
    rule in lower case, what the columns hold instead.
    """

    table: str
    where: Condition | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def columns_of(self, field_name: str) -> tuple[str, ...]:
        """The columns that hold a field, best first."""
        return self.columns.get(field_name, (field_name,))

    def bind(self, condition: Condition) -> Condition:
        """The condition in terms of columns instead of fields."""
        match condition:
            case Predicate():
                return self._bind_predicate(condition)
            case Not(child):
                bound = self.bind(child)
                return condition if bound is child else Not(bound)
            case And(children) | Or(children):
                bounds = tuple([self.bind(child) for child in children])
                unchanged = all(bound is child for bound, child in zip(bounds, children, strict=True))
                return condition if unchanged else type(condition)(bounds)

    def _bind_predicate(self, predicate: Predicate) -> Condition:
        field_name = predicate.field
        if field_name is None:
            return predicate
        if predicate.operator.startswith("field_"):
            predicate = replace(predicate, value=self.columns_of(str(predicate.value))[0])
        columns = self.columns.get(field_name)
        if columns is None and field_name not in self.values and field_name.lower() not in names.HASH_FIELDS:
            return predicate
        bound = [
            item for column in columns or (field_name,) for item in self._stored(replace(predicate, field=column), field_name)
        ]
        if len(bound) == 1:
            return bound[0]
        return And(tuple(bound)) if predicate.operator == "null" else Or(tuple(bound))

    def _stored(self, predicate: Predicate, field_name: str) -> list[Predicate]:
        """The predicate with the values that the columns hold for what the rule says."""
        if predicate.operator != "equals" or predicate.part:
            return [predicate]
        known = self.values.get(field_name, {}).get(str(predicate.value).lower())
        if known is not None:
            return [replace(predicate, value=value) for value in known]
        algorithm = names.HASH_FIELDS.get(field_name.lower())
        if algorithm is not None and predicate.value:
            # Sysmon keeps all hashes in one column: Hashes = "SHA1=...,MD5=...,IMPHASH=..."
            stored = replace(predicate, field="Hashes", operator="contains", value=f"{algorithm}={predicate.value}")
            return [predicate, stored]
        return [predicate]


@cache
def sources_of(logsource: LogSource) -> tuple[Source, ...]:
    """Every place where events of this log source may be; empty when no table holds them."""
    if logsource.product == "windows" or (logsource.product is None and logsource.category in names.SYSMON_EVENT_IDS):
        return _windows_sources(logsource)
    if logsource.product in {"zeek", "bro"}:
        return () if logsource.service is None else (_zeek_source(logsource.service),)
    if logsource.product == "wardround":
        return () if logsource.service is None else (Source(logsource.service),)
    if logsource.product in {None, "antivirus"} and "antivirus" in {logsource.category, logsource.product}:
        return _antivirus_sources()
    if logsource.product == "linux":
        return _linux_sources(logsource)
    if logsource.product is not None:
        return ()
    if logsource.category in names.NETWORK_CATEGORIES and logsource.service is None:
        return tuple(Source(table, None, columns) for table, columns in names.NETWORK_CATEGORIES[logsource.category])
    if logsource.category in {None, "network"} and logsource.service in names.NETWORK_SERVICES:
        table, columns = names.NETWORK_SERVICES[logsource.service]
        return (Source(table, None, columns),)
    return ()


def columns_for(logsource: LogSource, table: str, field_name: str) -> tuple[str, ...]:
    """The columns of ``table`` that hold a field of the log source, best first; the field's own name when unmapped."""
    found = (source.columns_of(field_name) for source in sources_of(logsource) if source.table == table)
    return tuple(dict.fromkeys(column for columns in found for column in columns)) or (field_name,)


def _any_equal(column: str, values: tuple[str, ...]) -> Condition:
    predicates = tuple(Predicate(column, "equals", value) for value in values)
    return predicates[0] if len(predicates) == 1 else Or(predicates)


def _channels(*channels: str) -> Condition:
    return _any_equal("Channel", channels)


def _events(*event_ids: int) -> Condition:
    return _any_equal("EventID", tuple(str(event_id) for event_id in event_ids))


_SYSMON = Or((_channels(names.SYSMON_CHANNEL), Predicate("Provider_Name", "equals", names.SYSMON_PROVIDER)))


def _windows_sources(logsource: LogSource) -> tuple[Source, ...]:
    if logsource.category is None:
        sources = [Source(WINDOWS_TABLE)]
    elif logsource.category == "antivirus":
        sources = [_antivirus_sources()[0]]
    else:
        sources = _category_sources(logsource.category)
    if logsource.service is None:
        return tuple(sources)
    channels = names.WINDOWS_SERVICES.get(logsource.service)
    if channels is None:
        return ()
    selected = _SYSMON if logsource.service == "sysmon" else _channels(*channels)
    columns = names.SERVICE_COLUMNS.get(logsource.service, {})
    return tuple(
        replace(
            source,
            where=selected if source.where is None else And((selected, source.where)),
            columns={**columns, **source.columns},
        )
        for source in sources
    )


def _category_sources(category: str) -> list[Source]:
    sources: list[Source] = []
    if category in names.SYSMON_EVENT_IDS:
        event_ids = names.SYSMON_EVENT_IDS[category]
        sources.append(Source(WINDOWS_TABLE, And((_SYSMON, _events(*event_ids)))))
    for other in names.WINDOWS_CATEGORIES.get(category, ()):
        parts = [_channels(*other.channels), _events(*other.event_ids)]
        parts.extend(_any_equal(column, values) for column, values in other.where)
        sources.append(Source(WINDOWS_TABLE, And(tuple(parts)), other.columns, other.values))
    return sources


def _linux_sources(logsource: LogSource) -> tuple[Source, ...]:
    """Records of auditd, Sysmon for Linux and ESXi's shell; logs of other services have tables of their own."""
    if logsource.service == "auditd":
        return (Source(names.LINUX_TABLE, _any_equal("channel", ("auditd",))),)
    if logsource.service == "sysmon":
        return (Source(names.LINUX_TABLE, _any_equal("channel", ("sysmon",))),)
    if logsource.service is not None:
        return ()
    if logsource.category is None:
        return (Source(names.LINUX_TABLE),)
    kind = names.LINUX_KINDS.get(logsource.category)
    return (Source(names.LINUX_TABLE, _any_equal("kind", (kind,))),) if kind else ()


def _antivirus_sources() -> tuple[Source, ...]:
    """Defender's own events, and the alerts of consoles."""
    where = And((_channels(names.DEFENDER_CHANNEL), _events(*names.DEFENDER_DETECTIONS)))
    return (Source(WINDOWS_TABLE, where, names.ANTIVIRUS_COLUMNS), Source(names.ALERT_TABLE, None, names.ALERT_COLUMNS))


def _zeek_source(service: str) -> Source:
    return Source(service, None, names.ZEEK_COLUMNS.get(service, {}))
