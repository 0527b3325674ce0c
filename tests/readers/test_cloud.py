"""Entra ID's sign-ins, the unified audit log, Entra's audit, and traces of messages: rows, faults, and hostile bytes."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.readers.conftest import Found, damaged

from wardround.readers import identify
from wardround.readers.cloud import entra_signins, m365_audit, mail_trace, words

Read = Callable[..., Found]


def nanos(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


def signin(code: int, **more: Any) -> dict[str, Any]:
    return {
        "id": "66ea54eb-0000",
        "createdDateTime": "2026-03-02T08:00:00Z",
        "userPrincipalName": "anna@chu.example",
        "appDisplayName": "Office 365 Exchange Online",
        "ipAddress": "203.0.113.9",
        "clientAppUsed": "IMAP4",
        "authenticationRequirement": "singleFactorAuthentication",
        "status": {
            "errorCode": code,
            "failureReason": "Invalid username or password" if code else None,
            "additionalDetails": None,
        },
        "location": {"city": "Lagos", "state": "Lagos", "countryOrRegion": "NG"},
        **more,
    }


PORTAL = (
    '"Date (UTC)","Request ID","User agent","User","Username","Application","Resource","IP address","Location","Status","Sign-in error code","Failure reason","Client app","Authentication requirement"\r\n'
    '"2026-03-02T08:00:00Z","r1","Mozilla","Anna","anna@chu.example","Office 365","","203.0.113.9","Lyon, Rhone, FR","Success","","Other.","Browser","Multifactor authentication"\r\n'
    '"2026-03-02T08:01:00Z","r2","Mozilla","Paul","paul@chu.example","Office 365","","203.0.113.9","Lagos, Lagos, NG","Failure","50126","Error validating credentials","Browser","Single-factor authentication"\r\n'
    '"2026-03-02T08:02:00Z","r3","Mozilla","Paul","paul@chu.example","Office 365","","203.0.113.9","","Interrupted","50074","Strong authentication is required","Browser",""\r\n'
)


def audit(operation: str, **more: Any) -> dict[str, Any]:
    return {
        "CreationTime": "2026-03-02T08:00:00",
        "Id": "1",
        "Operation": operation,
        "OrganizationId": "2",
        "RecordType": 1,
        "ResultStatus": "True",
        "UserKey": "k",
        "UserType": 2,
        "Version": 1,
        "Workload": "Exchange",
        "ClientIP": "203.0.113.9:41234",
        "UserId": "anna@chu.example",
        **more,
    }


RULE = audit(
    "New-InboxRule",
    Parameters=[
        {"Name": "Name", "Value": "."},
        {"Name": "SubjectOrBodyContainsWords", "Value": "virement;facture"},
        {"Name": "MoveToFolder", "Value": "Flux RSS"},
        {"Name": "ForwardTo", "Value": "smtp:x91@mail.example;y@mail.example"},
        {"Name": "StopProcessingRules", "Value": "True"},
    ],
)
OUTLOOK = audit(
    "UpdateInboxRules",
    ClientIP="[2001:db8::9]:443",
    MailboxOwnerUPN="paul@chu.example",
    OperationProperties=[
        {"Name": "RuleOperation", "Value": "AddMailboxRule"},
        {"Name": "RuleName", "Value": ","},
        {"Name": "RuleCondition", "Value": '(SubjectProperty SubString(FullString, IgnoreCase) "facture")'},
        {"Name": "RuleActions", "Value": '[{"ActionType":"Forward","Recipients":["z@mail.example"]},{"ActionType":"Delete"}]'},
    ],
)
CONSENT = audit(
    "Consent to application.",
    Workload="AzureActiveDirectory",
    ObjectId="mail helper",
    ModifiedProperties=[
        {
            "Name": "ConsentAction.Permissions",
            "NewValue": "[] => [[Id: 1, ClientId: 2, PrincipalId: 3, ResourceId: 4, ConsentType: Principal, Scope: Mail.Read offline_access, CreatedDateTime: ]]",
            "OldValue": "",
        }
    ],
)
SECRET = audit("Send", Item={"Subject": "DUPONT Jean scanner"}, AffectedItems=[{"Subject": "DUPONT Jean"}])
FILE = audit(
    "FileAccessed", Workload="SharePoint", ObjectId="https://chu.example/Docs/DUPONT Jean.pdf", SourceFileName="DUPONT Jean.pdf"
)
LOGONS = [
    audit("UserLoggedIn", Workload="AzureActiveDirectory", ErrorNumber="0", ResultStatus="Success"),
    audit(
        "UserLoginFailed",
        Workload="AzureActiveDirectory",
        ErrorNumber="50126",
        LogonError="InvalidUserNameOrPassword",
        ResultStatus="Failed",
    ),
    audit("UserLoginFailed", Workload="AzureActiveDirectory", LogonError="InvalidUserNameOrPassword", ResultStatus="Failed"),
    audit(
        "UserLoginFailed", Workload="AzureActiveDirectory", ErrorNumber="500121", LogonError="AuthenticationFailedSasRequired"
    ),
    audit(
        "UserLoginFailed", Workload="AzureActiveDirectory", ErrorNumber="50074", LogonError="UserStrongAuthClientAuthNRequired"
    ),
]
ENTRA = {
    "activityDisplayName": "User registered security info",
    "activityDateTime": "2026-03-02T08:00:00.123Z",
    "result": "success",
    "initiatedBy": {"user": {"userPrincipalName": "anna@chu.example", "ipAddress": "203.0.113.9"}, "app": None},
    "targetResources": [
        {"displayName": "Anna", "userPrincipalName": "anna@chu.example", "type": "User", "modifiedProperties": []}
    ],
}


def table(
    *records: dict[str, Any],
    header: tuple[str, ...] = ("RecordId", "CreationDate", "RecordType", "Operation", "UserId", "AuditData"),
) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for record in records:
        writer.writerow(
            ["1", "02/03/2026 08:00:00", "1", record["Operation"], record["UserId"], json.dumps(record)][: len(header)]
        )
    return out.getvalue()


TRACKING = """#Software: Microsoft Exchange Server
#Version: 15.01.2507.006
#Log-type: Message Tracking Log
#Date: 2026-03-02T00:00:05.123Z
#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,event-id,internal-message-id,message-id,network-message-id,recipient-address,recipient-status,total-bytes,recipient-count,related-recipient-address,reference,message-subject,sender-address,return-path,message-info,directionality,tenant-id,original-client-ip
2026-03-02T08:00:00.123Z,10.1.0.7,ws7,10.1.0.5,mail1,,,STOREDRIVER,DELIVER,12,<a1@chu.example>,n1,anna@chu.example;paul@chu.example,,5321,2,,,"DUPONT Jean, scanner",eva@chu.example,eva@chu.example,,Originating,,
2026-03-02T08:00:01.000Z,,,,mail1,,,ROUTING,REDIRECT,12,<a1@chu.example>,n1,x@mail.example,,5321,1,anna@chu.example,,x,eva@chu.example,eva@chu.example,,Incoming,,203.0.113.9
"""
TRACE = (
    '"PSComputerName","Organization","MessageId","Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageTraceId","StartDate","EndDate","Index"\r\n'
    '"x","chu.example","<b1@x.example>","3/2/2026 8:00:00 AM","Eva@chu.example","anna@chu.example","DUPONT Jean","Delivered","","203.0.113.9","4096","t1","","","0"\r\n'
)
PORTAL_TRACE = (
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority\n"
    "2026-03-02T08:00:00.0000000Z,eva@chu.example,anna@chu.example##Receive, Deliver,DUPONT Jean,4096,<b1@x.example>,n1,203.0.113.9,Originating,,Normal\n"
).replace("anna@chu.example##Receive, Deliver", '"anna@chu.example##Receive, Deliver;paul@chu.example##Receive, Deliver"')


@pytest.mark.parametrize(
    ("text", "name"),
    [(json.dumps({"value": [signin(0)]}), "entra_signins"), (json.dumps([signin(0)], indent=2), "entra_signins"), (json.dumps(signin(0)), "entra_signins"), (PORTAL, "entra_signins"),
     (json.dumps(RULE), "m365_audit"), (json.dumps([RULE]), "m365_audit"), (table(RULE), "m365_audit"), (json.dumps([ENTRA]), "m365_audit"),
     (TRACKING, "mail_trace"), (TRACE, "mail_trace"), (PORTAL_TRACE, "mail_trace")],
)  # fmt: skip
def test_each_is_known(text: str, name: str) -> None:
    known = identify(text.encode())
    assert known is not None
    assert known[1].name == name


@pytest.mark.parametrize(
    ("code", "action", "outcome"),
    [(0, "login", "success"), (50126, "login_failed", "failure"), (50034, "login_failed", "failure"), (50053, "login_failed", "failure"), (500121, "second_factor_failed", "failure"),
     (53003, "policy", "failure"), (50074, "message", None), (65001, "message", None)],
)  # fmt: skip
def test_what_a_number_means(read_bytes: Read, code: int, action: str, outcome: str | None) -> None:
    (row,) = read_bytes(entra_signins.READER, json.dumps([signin(code)]).encode()).rows["logon"]
    assert (row["action"], row["outcome"], row["message_id"]) == (action, outcome, str(code))
    assert (row["user"], row["source"], row["source_country"], row["factor"]) == (
        "anna@chu.example",
        "203.0.113.9",
        "NG",
        "first",
    )
    assert (row["ts"], row["ts_zone"], row["vendor"], row["service"]) == (
        nanos("2026-03-02T08:00:00"),
        "stated",
        "entra",
        "Office 365 Exchange Online",
    )


def test_streamed_by_diagnostic_settings(read_bytes: Read) -> None:
    lines = "\n".join(
        json.dumps(
            {"time": "2026-03-02T08:00:00Z", "category": "SignInLogs", "resultType": "50126", "properties": signin(50126)}
        )
        for _ in range(3)
    )
    found = read_bytes(entra_signins.READER, lines.encode())
    assert [(row["action"], row["record"]) for row in found.rows["logon"]] == [
        ("login_failed", 1),
        ("login_failed", 2),
        ("login_failed", 3),
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_envelope_of_records_on_one_line_or_on_many(read_bytes: Read, indent: int | None) -> None:
    logons = read_bytes(entra_signins.READER, json.dumps({"records": [signin(0), signin(50126)]}, indent=indent).encode())
    assert [row["action"] for row in logons.rows["logon"]] == ["login", "login_failed"]
    audits = read_bytes(m365_audit.READER, json.dumps({"records": [RULE, RULE]}, indent=indent).encode())
    assert len(audits.rows["cloud_event"]) == 2


def test_the_portals_table(read_bytes: Read) -> None:
    rows = read_bytes(entra_signins.READER, PORTAL.encode("utf-8-sig")).rows["logon"]
    assert [(r["action"], r["user"], r["source_country"], r["factor"], r["ts_zone"], r["record"]) for r in rows] == [
        ("login", "anna@chu.example", "FR", "second", "utc", 2),
        ("login_failed", "paul@chu.example", "NG", "first", "utc", 3),
        ("message", "paul@chu.example", None, None, "utc", 4),
    ]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RULE) + "\n",
        json.dumps([RULE]),
        table(RULE),
        json.dumps([{"Operations": "New-InboxRule", "AuditData": json.dumps(RULE)}]),
    ],
)
def test_a_rule_that_forwards_and_hides(read_bytes: Read, text: str) -> None:
    (row,) = read_bytes(m365_audit.READER, text.encode()).rows["cloud_event"]
    assert (row["kind"], row["target"], row["hides"]) == ("rule", "x91@mail.example, y@mail.example", "Flux RSS")
    assert row["words"] == "SubjectOrBodyContainsWords: virement;facture"
    assert (row["source"], row["mailbox"], row["outcome"], row["ts_zone"]) == (
        "203.0.113.9",
        "anna@chu.example",
        "success",
        "utc",
    )


def test_a_rule_of_outlook(read_bytes: Read) -> None:
    (row,) = read_bytes(m365_audit.READER, json.dumps(OUTLOOK).encode()).rows["cloud_event"]
    assert (row["kind"], row["target"], row["hides"], row["mailbox"], row["source"]) == (
        "rule",
        "z@mail.example",
        "delete",
        "paul@chu.example",
        "2001:db8::9",
    )
    assert "facture" in row["words"]


def test_a_program_let_in(read_bytes: Read) -> None:
    (row,) = read_bytes(m365_audit.READER, json.dumps(CONSENT).encode()).rows["cloud_event"]
    assert (row["kind"], row["service"], row["target"], row["words"], row["permissions"]) == (
        "consent",
        "entra",
        "mail helper",
        "Principal",
        "Mail.Read offline_access",
    )


def granted(old: str, new: str, **more: Any) -> dict[str, Any]:
    return audit(
        "Add delegated permission grant.",
        Workload="AzureActiveDirectory",
        ModifiedProperties=[
            {"Name": "DelegatedPermissionGrant.Scope", "OldValue": old, "NewValue": new},
            {"Name": "DelegatedPermissionGrant.ConsentType", "OldValue": "", "NewValue": "Principal"},
        ],
        **more,
    )


def test_only_what_a_consent_adds_counts(read_bytes: Read) -> None:
    grant = "[[Id: 1, ConsentType: Principal, Scope:  Mail.Read, CreatedDateTime: , LastModifiedDateTime ]]"
    again = audit(
        "Consent to application.",
        ModifiedProperties=[{"Name": "ConsentAction.Permissions", "NewValue": f"{grant} => {grant}; "}],
    )
    changed = [{"displayName": "ConsentAction.Permissions", "oldValue": None, "newValue": f'"[] => {grant}; "'}]
    entra = ENTRA | {
        "activityDisplayName": "Consent to application",
        "targetResources": [{"displayName": "mail helper", "type": "ServicePrincipal", "modifiedProperties": changed}],
    }
    lines = "\n".join(json.dumps(record) for record in (again, granted(" User.Read", " User.Read Mail.Send"), entra))
    rows = read_bytes(m365_audit.READER, lines.encode()).rows["cloud_event"]
    assert [(row["kind"], row["permissions"], row["words"]) for row in rows] == [
        ("consent", None, "Principal"),
        ("consent", "Mail.Send", "Principal"),
        ("consent", "Mail.Read", "Principal"),
    ]
    assert rows[2]["target"] == "mail helper"


@pytest.mark.parametrize(
    ("record", "kind", "target"),
    [(audit("Set-Mailbox", Parameters=[{"Name": "Identity", "Value": "anna@chu.example"}, {"Name": "ForwardingSmtpAddress", "Value": "smtp:x@mail.example"}]), "forwarding", "x@mail.example"),
     (audit("Set-Mailbox", Parameters=[{"Name": "Identity", "Value": "anna@chu.example"}, {"Name": "AuditEnabled", "Value": "True"}]), "forwarding", None),
     (audit("Add-MailboxPermission", Parameters=[{"Name": "User", "Value": "x@mail.example"}, {"Name": "AccessRights", "Value": "FullAccess"}]), "permission", "x@mail.example"),
     (audit("Update user.", ObjectId="anna@chu.example", ModifiedProperties=[{"Name": "StrongAuthenticationMethod", "NewValue": "[6]", "OldValue": "[]"}]), "second_factor", None),
     (audit("Update user.", ObjectId="anna@chu.example", ModifiedProperties=[{"Name": "Department", "NewValue": "x", "OldValue": ""}]), "other", None),
     (audit("MailItemsAccessed"), "access", None), (audit("Set-AdminAuditLogConfig"), "audit", None)],
)  # fmt: skip
def test_kinds_of_operations(read_bytes: Read, record: dict[str, Any], kind: str, target: str | None) -> None:
    (row,) = read_bytes(m365_audit.READER, json.dumps(record).encode()).rows["cloud_event"]
    assert (row["kind"], row["target"], row["mailbox"]) == (kind, target, "anna@chu.example")


def test_logons_of_the_unified_log(read_bytes: Read) -> None:
    rows = read_bytes(m365_audit.READER, "\n".join(map(json.dumps, LOGONS)).encode()).rows["logon"]
    assert [row["action"] for row in rows] == ["login", "login_failed", "login_failed", "second_factor_failed", "message"]
    assert {row["source"] for row in rows} == {"203.0.113.9"}


def test_entras_audit(read_bytes: Read) -> None:
    (row,) = read_bytes(m365_audit.READER, json.dumps({"value": [ENTRA]}).encode()).rows["cloud_event"]
    assert (row["kind"], row["user"], row["source"], row["mailbox"], row["service"]) == (
        "second_factor",
        "anna@chu.example",
        "203.0.113.9",
        "anna@chu.example",
        "entra",
    )


def test_files_and_subjects_are_not_kept(read_bytes: Read) -> None:
    found = read_bytes(m365_audit.READER, table(SECRET, FILE).encode())
    assert [row["operation"] for row in found.rows["cloud_event"]] == ["Send", "FileAccessed"]
    for text in (TRACKING, TRACE, PORTAL_TRACE):
        found.rows |= read_bytes(mail_trace.READER, text.encode()).rows
        assert "DUPONT" not in str(found.rows) + str(found.diagnostics)


def test_broken_audit_data_is_told(read_bytes: Read) -> None:
    found = read_bytes(
        m365_audit.READER,
        b'CreationDate,UserIds,Operations,AuditData\n2026-03-02,a,b,"{broken"\n2026-03-02,a,b,"{""Operation"":""x""}"\n',
    )
    assert found.codes() == ["bad_record", "no_time"]


def test_exchanges_tracking_log(read_bytes: Read) -> None:
    rows = read_bytes(mail_trace.READER, TRACKING.encode()).rows["mail_trace"]
    assert [
        (r["event"], r["via"], r["sender"], r["recipient"], r["recipients"], r["related"], r["source"], r["record"])
        for r in rows
    ] == [
        ("deliver", "storedriver", "eva@chu.example", "anna@chu.example", 2, None, None, 6),
        ("deliver", "storedriver", "eva@chu.example", "paul@chu.example", 2, None, None, 6),
        ("redirect", "routing", "eva@chu.example", "x@mail.example", 1, "anna@chu.example", "203.0.113.9", 7),
    ]
    assert (rows[0]["ts"], rows[0]["bytes"], rows[0]["server"], rows[0]["message_id"]) == (
        nanos("2026-03-02T08:00:00") + 123_000_000,
        5321,
        "mail1",
        "<a1@chu.example>",
    )


def test_traces_of_exchange_online(read_bytes: Read) -> None:
    (row,) = read_bytes(mail_trace.READER, TRACE.encode("utf-16")).rows["mail_trace"]
    assert (row["event"], row["sender"], row["recipient"], row["source"], row["ts"]) == (
        "delivered",
        "eva@chu.example",
        "anna@chu.example",
        "203.0.113.9",
        nanos("2026-03-02T08:00:00"),
    )
    rows = read_bytes(mail_trace.READER, PORTAL_TRACE.encode()).rows["mail_trace"]
    assert [(r["recipient"], r["recipients"], r["source"]) for r in rows] == [
        ("anna@chu.example", 2, "203.0.113.9"),
        ("paul@chu.example", 2, "203.0.113.9"),
    ]


@pytest.mark.parametrize(
    "header",
    ["Date,User,IP,Status", "Received,Sender,Subject", "Username,Application,Status", "Message,Source,EventId,TimeCreated"],
)
def test_other_tables_are_left_alone(header: str) -> None:
    data = f"{header}\n1,2,3,4\n".encode()
    assert not any(reader.sniff(data) for reader in (entra_signins.READER, m365_audit.READER, mail_trace.READER))


@pytest.mark.parametrize(
    ("written", "expected"),
    [("203.0.113.9:41234", "203.0.113.9"), ("[2001:db8::9]:443", "2001:db8::9"), ("[2001:db8::9]", "2001:db8::9"), ("2001:db8::9", "2001:db8::9"), ("::ffff:10.1.1.1", "10.1.1.1"), ("", None), (7, None)],
)  # fmt: skip
def test_addresses(written: object, expected: str | None) -> None:
    assert words.address(written) == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Name", "Value", "user", "userPrincipalName", "NewValue", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_stands_in_records_only_rows_and_diagnostics_come_out(read_bytes: Read, data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([signin(0), RULE, OUTLOOK, CONSENT, ENTRA, *LOGONS]))
    changed = {key: data.draw(_JSON) if data.draw(st.integers(0, 3)) == 0 else value for key, value in base.items()}
    text = json.dumps(
        data.draw(
            st.sampled_from([changed, [changed], {"value": [changed]}, {"Operations": "x", "AuditData": json.dumps(changed)}])
        )
    ).encode()
    for reader in (entra_signins.READER, m365_audit.READER):
        read_bytes(reader, text)
        read_bytes(reader, damaged(data, text))
    for lines in (PORTAL, table(RULE, CONSENT), TRACKING, TRACE, PORTAL_TRACE):
        for reader in (entra_signins.READER, m365_audit.READER, mail_trace.READER):
            broken = damaged(data, lines.encode())
            reader.sniff(broken)
            read_bytes(reader, broken)
