"""Linux and ESXi: audit records, Sysmon for Linux, the journal, ESXi's shell and events; and Sigma rules over them."""

# Lines of evidence are easier to compare when each stands on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wardround.detect.matcher import Matcher
from wardround.detect.sigma import parse_rules
from wardround.readers import identify, journal, linux_audit, syslog

AUDIT = """type=SYSCALL msg=audit(1772409600.123:4711): arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=55d1 a2=55d2 a3=8 items=2 ppid=2000 pid=2001 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm="rm" exe="/usr/bin/rm" subj=unconfined key="delete"\x1dARCH=x86_64 SYSCALL=execve AUID="anna" UID="root"
type=EXECVE msg=audit(1772409600.123:4711): argc=4 a0="rm" a1="-rf" a2=2F6D6E742F6261636B7570206F6C64 a3="/mnt/x"
type=CWD msg=audit(1772409600.123:4711): cwd="/root"
type=PATH msg=audit(1772409600.123:4711): item=0 name="/usr/bin/rm" inode=1 dev=fd:00 mode=0100755 nametype=NORMAL
type=PATH msg=audit(1772409601.000:4712): item=1 name="/tmp/x.sh" inode=2 nametype=CREATE
type=USER_AUTH msg=audit(1772409602.000:4713): pid=3 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication grantors=? acct="anna" exe="/usr/sbin/sshd" hostname=10.1.1.9 addr=10.1.1.9 terminal=ssh res=failed'
type=SERVICE_STOP msg=audit(1772409603.000:4714): pid=1 uid=0 msg='unit=auditd comm="systemd" exe="/usr/lib/systemd/systemd" res=success'
"""
SYSMON = (
    "Mar  2 00:00:00 srv1 sysmon: <Event><System><Provider Name=\"Linux-Sysmon\" Guid=\"{ff032593-a8d3-4f13-b0d6-01fc615a0f97}\"/>"
    "<EventID>1</EventID><Version>5</Version><TimeCreated SystemTime=\"2026-03-02T00:00:00.123456000Z\"/><EventRecordID>7</EventRecordID>"
    "<Channel>Linux-Sysmon/Operational</Channel><Computer>srv1</Computer><Security UserId=\"0\"/></System><EventData>"
    "<Data Name=\"RuleName\">-</Data><Data Name=\"Image\">/usr/bin/curl</Data><Data Name=\"CommandLine\">curl http://x &amp;&amp; sh</Data>"
    "<Data Name=\"User\">root</Data><Data Name=\"ParentImage\">/bin/bash</Data></EventData></Event>"
)  # fmt: skip
ESXI = """2026-03-02T02:00:00Z shell[2099001]: [root]: esxcli vm process kill --type=force --world-id=12
2026-03-02T02:00:01.5Z esx1 ESXShell: [root]: vim-cmd vmsvc/getallvms
2026-03-02T02:00:02.000Z info hostd[2098] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 221 : pacs1 on esx1 in ha-datacenter is powered off
2026-03-02T02:00:03.000Z: [UserLevelCorrelator] 123us: [esx.audit.ssh.enabled] SSH access has been enabled.
"""
VCENTER = """<134>1 2026-03-02T02:00:00.1Z vc1.chu.example vpxd 4321 - - Event [3481177] [1-1] [2026-03-02T02:00:00.123Z] [vim.event.VmPoweredOffEvent] [info] [VSPHERE.LOCAL\\adm] [DC-CHU] [3481170] [pacs-db on  esx1.chu.example in DC-CHU is powered off]
<134>1 2026-03-02T02:00:01.1Z vc1.chu.example vpxd 4321 - - Event [3481178] [1-1] [2026-03-02T02:00:01.123Z] [vim.event.UserLoginSessionEvent] [info] [VSPHERE.LOCAL\\svc] [] [3481178] [User VSPHERE.LOCAL\\svc@192.168.10.10 logged in as pyvmomi]
<134>1 2026-03-02T02:00:02.1Z vc1.chu.example vpxd 4321 - - Event [3481179] [2-3] [what is left of a long event
2026-03-02T02:00:03.123Z info vpxd[07213] [Originator@6876 sub=vpxLro opID=kx1] [VpxLRO] -- BEGIN task-3092 -- vm-43 -- vim.VirtualMachine.powerOff -- 52e1(528)
2026-03-02T02:00:04.123Z info hostd[2099656] [Originator@6876 sub=Vimsvc.TaskManager opID=x user=root] Task Created : haTask-12-vim.VirtualMachine.powerOff-123456
"""
RULES = r"""
title: kill
id: 11111111-1111-4111-8111-111111111111
logsource: {product: linux, category: process_creation}
detection:
  selection: {Image|endswith: /esxcli, CommandLine|contains|all: [vm process, kill]}
  condition: selection
---
title: audit
id: 22222222-2222-4222-8222-222222222222
logsource: {product: linux, service: auditd}
detection:
  selection: {type: EXECVE, a0: rm, a1|contains: rf}
  condition: selection
"""


def test_audit_records(read_bytes: Any) -> None:
    assert identify(AUDIT.encode())[1].name == "linux_audit"  # type: ignore[index]
    found = read_bytes(linux_audit.READER, AUDIT.encode())
    rows = found.rows["linux_event"]
    assert [row["type"] for row in rows] == ["SYSCALL", "EXECVE", "CWD", "PATH", "PATH", "USER_AUTH", "SERVICE_STOP"]
    assert rows[0]["SYSCALL"] == "execve"
    execve = rows[1]
    assert (execve["kind"], execve["Image"], execve["User"]) == ("process", "/usr/bin/rm", "root")
    assert execve["CommandLine"] == "rm -rf /mnt/backup old /mnt/x"
    assert execve["ts"] == 1772409600123000000
    assert (rows[4]["kind"], rows[4]["TargetFilename"], rows[4]["Image"]) == ("file", "/tmp/x.sh", None)
    assert (rows[5]["acct"], rows[5]["addr"], rows[5]["res"]) == ("anna", "10.1.1.9", "failed")
    assert rows[6]["unit"] == "auditd"
    assert found.diagnostics == []


def test_fields_cannot_pretend_to_be_columns(read_bytes: Any) -> None:
    line = b"type=SYSCALL msg=audit(1772409600.123:1): record=5 ts=1 kind=x channel=x EventID=z type=q host=h Image=i evidence_id=e9\n"
    (row,) = read_bytes(linux_audit.READER, line).rows["linux_event"]
    assert (row["record"], row["channel"], row["kind"], row["EventID"], row["type"], row["Image"]) == (
        1,
        "auditd",
        None,
        None,
        "SYSCALL",
        None,
    )


def test_system_calls_have_names_without_enrichment(read_bytes: Any) -> None:
    line = b"type=SYSCALL msg=audit(1772409600.123:1): arch=c000003e syscall=313 success=yes comm=6120 exe=2F746D702F6120\n"
    (row,) = read_bytes(linux_audit.READER, line).rows["linux_event"]
    assert (row["SYSCALL"], row["exe"]) == ("finit_module", "/tmp/a ")


def test_sysmon_for_linux_has_the_fields_of_sysmon(read_bytes: Any) -> None:
    found = read_bytes(syslog.READER, (SYSMON + "\n").encode())
    (row,) = found.rows["linux_event"]
    assert (row["EventID"], row["kind"], row["host"], row["Image"]) == (1, "process", "srv1", "/usr/bin/curl")
    assert row["CommandLine"] == "curl http://x && sh"
    assert row["ts"] == 1772409600123456000


def test_esxi(read_bytes: Any) -> None:
    rows = read_bytes(syslog.READER, ESXI.encode()).rows["linux_event"]
    assert [row["channel"] for row in rows] == ["esxi_shell", "esxi_shell", "esxi_event", "esxi_vob"]
    assert rows[0]["Image"] == "/bin/esxcli"
    assert rows[0]["User"] == "root"
    assert [row["host"] for row in rows] == [None, "esx1", None, None]
    assert rows[2]["message"].endswith("is powered off")
    assert rows[3]["name"] == "esx.audit.ssh.enabled"
    assert [row["record"] for row in rows] == [1, 2, 3, 4]


def test_events_and_tasks_of_vcenter(read_bytes: Any) -> None:
    found = read_bytes(syslog.READER, VCENTER.encode())
    event, task, own = found.rows["linux_event"]
    assert (event["channel"], event["name"], event["User"], event["host"]) == (
        "vcenter_event",
        "VmPoweredOffEvent",
        "VSPHERE.LOCAL\\adm",
        "vc1.chu.example",
    )
    assert event["message"] == "pacs-db on  esx1.chu.example in DC-CHU is powered off"
    assert (task["channel"], task["name"], task["message"], task["host"]) == (
        "vcenter_task",
        "vim.VirtualMachine.powerOff",
        "vm-43",
        None,
    )
    assert (own["channel"], own["name"], own["message"], own["User"]) == (
        "esxi_task",
        "vim.VirtualMachine.powerOff",
        "12",
        "root",
    )
    assert [(row["user"], row["action"]) for row in found.rows["logon"]] == [("VSPHERE.LOCAL\\svc", "login")]


def test_the_journal_is_read_as_syslog(read_bytes: Any) -> None:
    entries = [
        {"__REALTIME_TIMESTAMP": "1772409600000001", "_HOSTNAME": "srv1", "SYSLOG_IDENTIFIER": "sshd", "MESSAGE": "Failed password for root from 10.1.1.9 port 22 ssh2"},
        {"__REALTIME_TIMESTAMP": "1772409601000001", "_HOSTNAME": "srv1", "SYSLOG_IDENTIFIER": "sysmon", "MESSAGE": SYSMON.partition(": ")[2]},
        {"__REALTIME_TIMESTAMP": "1772409602000001", "_HOSTNAME": "srv1", "MESSAGE": [1, 2, 300, "x"]},
    ]  # fmt: skip
    data = "\n".join(json.dumps(entry) for entry in entries).encode()
    assert identify(data)[1].name == "journal"  # type: ignore[index]
    found = read_bytes(journal.READER, data + b"\n{broken\n")
    (logon,) = found.rows["logon"]
    assert (logon["device"], logon["user"], logon["source"], logon["ts"]) == ("srv1", "root", "10.1.1.9", 1772409600000001000)
    assert found.rows["linux_event"][0]["Image"] == "/usr/bin/curl"
    assert "bad_record" in found.codes()


def test_sigma_rules_for_linux_match(read_bytes: Any, tmp_path: Any) -> None:
    rules = parse_rules(RULES, "test").rules
    matcher = Matcher(rules, paranoid=True)
    for data, reader, expected in ((ESXI, syslog.READER, [0]), (AUDIT, linux_audit.READER, [1])):
        rows = read_bytes(reader, data.encode()).rows["linux_event"]
        batch = pa.table({name: pa.array([row[name] for row in rows]) for name in rows[0]})
        assert matcher.match("linux_event", batch).rule.tolist() == expected


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_bytes_break_the_readers(read_bytes: Any, data: st.DataObject) -> None:
    for reader, text in (
        (linux_audit.READER, AUDIT),
        (syslog.READER, SYSMON + "\n" + ESXI + VCENTER),
        (journal.READER, json.dumps({"__REALTIME_TIMESTAMP": "1772409600000001", "MESSAGE": AUDIT})),
    ):
        whole = bytearray(text.encode())
        for _ in range(data.draw(st.integers(0, 8))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        read_bytes(reader, bytes(whole[: data.draw(st.integers(0, len(whole)))]))


@pytest.mark.parametrize("text", ["type=1 msg=hello\n", "date=2026-03-02 type=traffic\n", "{}\n"])
def test_other_lines_are_left_alone(text: str) -> None:
    assert linux_audit.READER.sniff(text.encode()) is None
    assert journal.READER.sniff(text.encode()) is None
