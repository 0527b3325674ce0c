"""The table of what Linux and ESXi record of processes, files and connections, with the field names of the Sigma taxonomy."""

from __future__ import annotations

from wardround.schema import table

LINUX_EVENT = table(
    "linux_event",
    "One row per record of the Linux audit system, of Sysmon for Linux, or of ESXi's and vCenter's logs. Fields have the names "
    "that the source gives them, as Sigma rules use them.",
    """
host        text   Host that wrote it
channel     label  auditd, sysmon, edr, esxi_shell, esxi_event, esxi_vob, esxi_task, vcenter_event, vcenter_task
kind        label  process, file, network where the record tells of one, else unset
type        label  Record type of auditd (SYSCALL, EXECVE, PATH …)
EventID     int    Event number of Sysmon
key         text   Key of the audit rule
SYSCALL     label  Name of the system call
success     label  yes or no, as auditd says
exe         text   Program (auditd)
comm        text   Name of the process (auditd)
cwd         text   Working directory (auditd)
name        text   Path of a PATH record, or name of the kind of event or task (ESXi, vCenter)
nametype    label  NORMAL, CREATE, DELETE, PARENT
a0          text   Argument 0 of EXECVE or of the system call
a1          text   Argument 1
a2          text   Argument 2
a3          text   Argument 3
a4          text   Argument 4
a5          text   Argument 5
a6          text   Argument 6
a7          text   Argument 7
uid         text   User id
auid        text   Login user id
euid        text   Effective user id
unit        text   systemd unit
acct        text   Account of an authentication
addr        address Address of an authentication
op          text   Operation
res         label  Its result: success, failed
Image       text   Program of a process
CommandLine text   Command line of a process
CurrentDirectory text Its working directory
ParentImage text   Program that started it
ParentCommandLine text Its command line
User        text   Account
LogonId     text   Logon session
ProcessId   text   Number of the process
ParentProcessId text Number of the process that started it
TargetFilename text File created or deleted
Protocol    label  tcp or udp
Initiated   label  true when the host opened the connection
SourceIp    address Source
DestinationIp address Destination
DestinationHostname text Its name
DestinationPort text Its port
message     text   Text of the event, or what a task is done to (ESXi, vCenter)
""",
)

TABLES = (LINUX_EVENT,)
