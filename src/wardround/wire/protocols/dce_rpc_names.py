"""Names of DCE/RPC interfaces and of their operations, as analysts and Zeek call them.

The facts are in ``dce_rpc.tsv``: a line per interface with its name, its uuid, the number of its first named operation, and
the names of the operations from there on (``-`` where one has no name). Sources: Microsoft's open specifications (MS-ATSVC,
MS-DCOM, MS-DRSR, MS-EFSR, MS-EVEN, MS-LSAD, MS-NRPC, MS-RPRN, MS-RRP, MS-SAMR, MS-SCMR, MS-SRVS, MS-TSCH, MS-WKST, MS-WMI
and their kin) and, for the spelling, Zeek.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

#: Calls that are frequent and say little; Zeek leaves them out too.
LEFT_OUT: dict[str, frozenset[str]] = {
    "winreg": frozenset(
        {
            "BaseRegCloseKey",
            "BaseRegGetVersion",
            "BaseRegOpenKey",
            "BaseRegQueryValue",
            "BaseRegDeleteKeyEx",
            "OpenLocalMachine",
            "BaseRegEnumKey",
            "OpenClassesRoot",
        }
    ),
    "spoolss": frozenset({"RpcSplOpenPrinter", "RpcClosePrinter"}),
    "wkssvc": frozenset({"NetrWkstaGetInfo"}),
}

#: Interfaces that are the only one of a pipe, by its name: so a call is understood of which the binding was not seen.
_OF_PIPE = ("atsvc", "netdfs", "samr", "spoolss", "srvsvc", "svcctl", "winreg", "wkssvc")


@cache
def _table() -> tuple[dict[str, str], dict[tuple[str, int], str], dict[str, str]]:
    """Names of interfaces by uuid, of operations by uuid and number, and uuids by the name of the pipe."""
    interfaces: dict[str, str] = {}
    operations: dict[tuple[str, int], str] = {}
    text = files(__package__).joinpath("dce_rpc.tsv").read_text("utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        name, uuid, first, names = [*line.split("\t"), ""][:4]
        interfaces[uuid] = name
        for number, operation_name in enumerate(names.split(), int(first)):
            if operation_name != "-":
                operations[uuid, number] = operation_name
    by_name = {name: uuid for uuid, name in interfaces.items()}
    return interfaces, operations, {pipe: by_name[pipe] for pipe in _OF_PIPE}


def endpoint(uuid: str) -> str:
    """The name of an interface, ``unknown-UUID`` when it has none here."""
    return _table()[0].get(uuid) or f"unknown-{uuid}"


def operation(uuid: str, number: int) -> str:
    """The name of an operation of an interface, ``unknown-NUMBER`` when it has none here."""
    return _table()[1].get((uuid, number)) or f"unknown-{number}"


def usual_interface(pipe: str) -> str | None:
    """The uuid of the interface that a named pipe is known for, None when there is no such."""
    return _table()[2].get(pipe) if pipe else None


#: Who asks a directory for its secrets first has the controller described and the name looked up, then replicates
#: (MS-DRSR: DRSDomainControllerInfo, DRSCrackNames, DRSGetNCChanges). No other interface is called in that order.
_REPLICATION = (16, 12, 3)
_DRSUAPI = "e3514235-4b06-11d1-ab04-00c04fc2dcd2"


def interface_by_calls(numbers: list[int]) -> str | None:
    """The uuid of the interface whose binding was not seen, told by the order of its calls; None where it cannot be told."""
    remaining = iter(numbers)
    return _DRSUAPI if all(number in remaining for number in _REPLICATION) else None
