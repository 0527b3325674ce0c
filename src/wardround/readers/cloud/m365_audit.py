"""Reader of audit records of Microsoft 365: the unified audit log (Search-UnifiedAuditLog, Purview, the management interface) and Entra's audit.

Source: Microsoft Learn, "Office 365 Management Activity API schema", "Detailed properties in the audit log", "directoryAudit
resource type". Logons go to ``logon``, everything else to ``cloud_event``. Of files and messages neither names nor subjects
are kept: they may name patients.
"""

# Patterns are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from wardround.readers import delimited
from wardround.readers import json_exports as records
from wardround.readers.base import Sink, Source, Span
from wardround.readers.batches import Batches
from wardround.readers.cloud import words
from wardround.readers.edr import values
from wardround.readers.json_members import mapping, mappings, text, texts

if TYPE_CHECKING:
    from wardround.readers.base import Reader

#: Texts kept of one record; rules and permissions are short.
_MOST = 400

_KINDS = (
    ("rule", re.compile(r"(?:New|Set|Enable)-InboxRule|UpdateInboxRules|(?:New|Set)-TransportRule", re.I)),
    (
        "permission",
        re.compile(r"Add-(?:Mailbox|Recipient|MailboxFolder)Permission|AddFolderPermissions|UpdateCalendarDelegation", re.I),
    ),
    ("forwarding", re.compile(r"Set-Mailbox\b", re.I)),
    (
        "consent",
        re.compile(
            r"Consent to application|Add (?:delegated permission grant|OAuth2PermissionGrant|app role assignment)", re.I
        ),
    ),
    ("second_factor", re.compile(r"security info|strong authentication|StrongAuthentication|authentication method", re.I)),
    ("role", re.compile(r"Add (?:eligible )?member to role|Add-RoleGroupMember|New-ManagementRoleAssignment", re.I)),
    ("access", re.compile(r"MailItemsAccessed|MailboxLogin|FolderBind", re.I)),
    ("deletion", re.compile(r"HardDelete|SoftDelete|MoveToDeletedItems|FileDeleted|FileRecycled", re.I)),
    ("audit", re.compile(r"Set-AdminAuditLogConfig|Set-MailboxAuditBypassAssociation|Disable-.*Audit", re.I)),
)
_LOGONS = frozenset(("UserLoggedIn", "UserLoginFailed"))

_TARGETS = (
    "ForwardingSmtpAddress",
    "ForwardingAddress",
    "ForwardTo",
    "ForwardAsAttachmentTo",
    "RedirectTo",
    "RedirectMessageTo",
    "BlindCopyTo",
)
#: Parameters of a rule that are no condition.
_NO_CONDITION = frozenset(
    (
        *_TARGETS, "", "Name", "Identity", "Mailbox", "Force", "AlwaysDeleteOutlookRulesBlob", "StopProcessingRules", "MarkAsRead", "Enabled",
        "MarkImportance", "DeleteMessage", "SoftDeleteMessage", "MoveToFolder", "CopyToFolder", "ApplyCategory", "PinMessage", "Priority", "Confirm",
        "DomainController", "RuleActions", "RuleName", "RuleOperation", "RuleId", "RuleState", "RulePriority", "RuleProvider", "ClientRequestId",
        "RuleCondition", "Organization",
    )
)  # fmt: skip
_TRUE = frozenset(("true", "$true", "1"))
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,255}")
_SCOPE = re.compile(r"Scope: ([^,\]]{1,300})")
_CONSENT_TYPE = re.compile(r"ConsentType: (\w{1,30})")


class M365AuditReader:
    """The reader; see :class:`wardround.readers.base.Reader`."""

    name = "m365_audit"

    def sniff(self, head: bytes) -> str | None:
        """The keys of an audit record, of Entra's audit, or a table with the column AuditData."""
        if start := records.head_of(head):
            unified = records.has_keys(start, b"CreationTime", b"Operation", b"Workload") and records.has_keys(
                start, b"RecordType"
            )
            wrapped = records.has_keys(start, b"AuditData", b"Operations")
            entra = records.has_keys(start, b"activityDisplayName", b"initiatedBy", b"targetResources")
            return self.name if unified or wrapped or entra else None
        return self.name if delimited.sniffs(head, _layout) else None

    def split(self, source: Source) -> Iterator[Span]:
        """Spans of lines where records are lines of JSON."""
        yield from records.split(source)  # a table is one

    def read(self, source: Source, span: Span, sink: Sink) -> None:
        """Read audit records into ``logon`` and ``cloud_event``."""
        batches = Batches(sink)
        if records.is_document(source):
            for record in records.read(source, span, sink):
                item = record.value
                data = item.get("AuditData")
                if data is not None:
                    item = _parsed(data, record.number, sink)
                _audit(batches, item, record.number, sink)
        else:
            for row in delimited.rows(source, _layout, sink):
                _audit(batches, _parsed(row.values.get("data", ""), row.line, sink), row.line, sink)
        batches.close()


def _layout(names: delimited.Columns) -> delimited.Columns | None:
    if "auditdata" not in names or not {"creationdate", "operation", "operations"} & set(names):
        return None
    return tuple("data" if name == "auditdata" else "" for name in names)


def _parsed(data: object, number: int, sink: Sink) -> dict[str, Any]:
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            data = None
    if not isinstance(data, dict):
        sink.diagnose("bad_record", "The audit data of a record are no JSON object.", number)
        return {}
    return data


def _audit(batches: Batches, item: dict[str, Any], number: int, sink: Sink) -> None:
    if not item:
        return
    if "activityDisplayName" in item:
        _entra(batches, item, number, sink)
        return
    operation = text(item.get("Operation"))
    ts = values.moment(item.get("CreationTime"))
    ts = (ts[0], "utc" if ts[0] is not None else "none")
    if not operation or ts[0] is None:
        sink.diagnose("bad_record" if not operation else "no_time", "An audit record has no operation or no time.", number)
    if operation in _LOGONS:
        _logon(batches, item, ts, number)
        return
    named = {text(entry.get("Name")): _plain(entry.get("Value")) for entry in _pairs(item, "Parameters", "OperationProperties")}
    kind = kind_of(operation, json.dumps(item.get("ModifiedProperties"))[:4000] if operation == "Update user." else "")
    row = _of_kind(kind, item, named)
    user = text(item.get("UserId"))
    batches.add(
        "cloud_event",
        **values.place(ts, number),
        service=_service(text(item.get("Workload"))),
        operation=operation[:100],
        kind=kind,
        user=user,
        source=words.address(item.get("ClientIP") or item.get("ClientIPAddress") or item.get("ActorIpAddress")),
        client=(text(item.get("ClientInfoString")) or text(item.get("UserAgent")))[:_MOST],
        outcome=_outcome(text(item.get("ResultStatus"))),
        mailbox=(
            _address(text(item.get("MailboxOwnerUPN")))
            or _address(named.get("Identity", ""))
            or row.pop("mailbox", None)
            or user
        ),
        **row,
    )


def kind_of(operation: str, changed: str) -> str:
    """What an operation is about, by its name and by what it changed."""
    found = next(
        (
            kind
            for kind, pattern in _KINDS
            if pattern.match(operation) or (pattern.search(operation) and kind == "second_factor")
        ),
        None,
    )
    if found is None and "StrongAuthentication" in changed:
        return "second_factor"
    return found or "other"


def _of_kind(kind: str, item: dict[str, Any], named: dict[str, str]) -> dict[str, Any]:
    """The columns that only some kinds have."""
    if kind in ("rule", "forwarding"):
        return _rule(named)
    if kind == "permission":
        return {
            "target": (named.get("User") or named.get("AccessRights", ""))[:_MOST],
            "permissions": named.get("AccessRights", "")[:_MOST],
        }
    if kind == "consent":
        changes = mappings(item.get("ModifiedProperties")) or mappings(item.get("ExtendedProperties"))
        told = ((text(c.get("Name")), c.get("OldValue"), c.get("NewValue", c.get("Value"))) for c in changes)
        permissions, whose = _consent(told)
        target = text(item.get("ObjectId"))[:_MOST] or _application(item)
        return {"target": target, "permissions": permissions, "words": whose}
    if kind in ("second_factor", "role"):
        return {"mailbox": _address(text(item.get("ObjectId"))), "target": _role(item) if kind == "role" else None}
    return {}


def _consent(changes: Iterable[tuple[str, object, object]]) -> tuple[str | None, str | None]:
    """The permissions that a consent adds, and for whom, from (property, old value, new value).

    ``ConsentAction.Permissions`` has what was and what is in one text, divided by an arrow; ``DelegatedPermissionGrant.Scope`` has them
    apart. Who consents again to the same adds nothing.
    """
    added: dict[str, None] = {}
    whose: str | None = None
    for name, old, new in changes:
        before, after = _plain(old), _plain(new)
        if name == "ConsentAction.Permissions":
            was, arrow, now = after.partition(" => ")
            before, after = (was, now) if arrow else ("", after)
            found = _CONSENT_TYPE.search(after)
            whose = found[1] if found else whose
            had, has = (" ".join(_SCOPE.findall(part)).split() for part in (before, after))
        elif name == "DelegatedPermissionGrant.Scope":
            had, has = before.strip('"').split(), after.strip('"').split()
        else:
            if name == "DelegatedPermissionGrant.ConsentType":
                whose = after.strip('" ')[:30] or whose
            continue
        added |= dict.fromkeys(scope for scope in has if scope not in had)
    return " ".join(added)[:_MOST] or None, whose


def _rule(named: dict[str, str]) -> dict[str, Any]:
    """What a rule of a mailbox or a mailbox's settings do: where mail is sent, how it is hidden, which words are looked for."""
    actions = named.get("RuleActions", "")
    targets = [address for name in _TARGETS for address in _ADDRESS.findall(named.get(name, ""))]
    if re.search(r"forward|redirect", actions, re.I):
        targets += _ADDRESS.findall(actions)
    hides = None
    if (
        named.get("DeleteMessage", "").lower() in _TRUE
        or named.get("SoftDeleteMessage", "").lower() in _TRUE
        or re.search(r'"ActionType"\s*:\s*"(?:Delete|PermanentDelete)', actions)
    ):
        hides = "delete"
    elif named.get("MoveToFolder"):
        hides = named["MoveToFolder"][:100]
    said = [f"{name}: {value}" for name, value in named.items() if value and name not in _NO_CONDITION]
    # A rule of Outlook tells its condition as one expression; one that takes everything has none.
    said += [named["RuleCondition"]] if named.get("RuleCondition", "").strip() not in ("", "null", "{}", "()") else []
    return {"target": ", ".join(dict.fromkeys(targets))[:_MOST], "hides": hides, "words": "; ".join(said)[:_MOST]}


def _entra(batches: Batches, item: dict[str, Any], number: int, sink: Sink) -> None:
    """A record of Entra's own audit."""
    operation = text(item.get("activityDisplayName"))
    ts = values.moment(item.get("activityDateTime"))
    if ts[0] is None:
        sink.diagnose("no_time", "An audit record has no time that can be read.", number)
    actor = mapping(mapping(item.get("initiatedBy")).get("user"))
    targets = mappings(item.get("targetResources"))
    changed = json.dumps([target.get("modifiedProperties") for target in targets])
    kind = kind_of(operation, changed[:4000] if operation.startswith("Update user") else "")
    about = next((name for target in targets if (name := text(target.get("userPrincipalName")))), None)
    properties = [change for target in targets for change in mappings(target.get("modifiedProperties"))]
    told = ((text(c.get("displayName")), c.get("oldValue"), c.get("newValue")) for c in properties)
    permissions, whose = _consent(told) if kind == "consent" else (None, None)
    batches.add(
        "cloud_event",
        **values.place(ts, number),
        service="entra",
        operation=operation[:100],
        kind=kind,
        user=text(actor.get("userPrincipalName"))
        or text(mapping(mapping(item.get("initiatedBy")).get("app")).get("displayName")),
        source=words.address(actor.get("ipAddress")),
        outcome=_outcome(text(item.get("result"))),
        mailbox=about or text(actor.get("userPrincipalName")),
        target=next((name[:_MOST] for target in targets if (name := text(target.get("displayName")))), None)
        if kind in ("consent", "role")
        else None,
        permissions=permissions,
        words=whose,
    )


def _logon(batches: Batches, item: dict[str, Any], ts: tuple[int | None, str], number: int) -> None:
    said = text(item.get("LogonError"))
    code = words.number(item.get("ErrorNumber"))
    if item.get("Operation") == "UserLoggedIn":
        code = code or 0
    elif not code:
        code = words.code_of(said)
    action = words.action_of(code)
    extended = {text(entry.get("Name")): _plain(entry.get("Value")) for entry in mappings(item.get("ExtendedProperties"))}
    batches.add(
        "logon",
        **values.place(ts, number),
        device=words.DEVICE,
        vendor=words.VENDOR,
        message_id=None if code is None else str(code),
        action=action,
        outcome=words.outcome_of(action),
        user=text(item.get("UserId")),
        source=words.address(item.get("ClientIP") or item.get("ActorIpAddress")),
        service=text(item.get("ApplicationDisplayName")) or text(item.get("ApplicationId")),
        authentication=extended.get("RequestType"),
        reason=said or None,
    )


def _pairs(item: dict[str, Any], *keys: str) -> Iterator[dict[str, Any]]:
    """Entries of Name and Value; some exports have them as text of JSON."""
    for key in keys:
        value = item.get(key)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        yield from mappings(value)[:64]


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(texts(value))[:4000]
    return value[:4000] if isinstance(value, str) else "" if value is None else str(value)[:100]


def _address(written: str) -> str | None:
    found = _ADDRESS.search(written[:500])
    return found[0] if found else None


def _application(item: dict[str, Any]) -> str | None:
    return next((text(target.get("ID"))[:_MOST] for target in mappings(item.get("Target")) if target.get("Type") == 1), None)


def _role(item: dict[str, Any]) -> str | None:
    changed = mappings(item.get("ModifiedProperties"))
    return next((_plain(entry.get("NewValue"))[:_MOST] for entry in changed if entry.get("Name") == "Role.DisplayName"), None)


def _service(workload: str) -> str:
    return {"azureactivedirectory": "entra"}.get(workload.lower(), workload.lower()[:40])


def _outcome(status: str) -> str | None:
    plain = status.lower()
    return (
        "success"
        if plain in ("succeeded", "success", "true", "partiallysucceeded")
        else "failure"
        if plain in ("failed", "failure", "false")
        else None
    )


READER: Reader = M365AuditReader()
