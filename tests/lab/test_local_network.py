"""Real stacks on a real bridge, captured: the intruder is found, and the same network without him is silent.

Skipped where network namespaces cannot be made. Every network has the traps of an ordinary one: two DHCP servers in
failover, two routers that announce the same and redirect to each other, an address that moves with a gratuitous ARP, a
computer that answers for its own name.
"""

from __future__ import annotations

import datetime
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.lab.network import Host, LocalNetwork, missing

from wardround import readers, schema, store
from wardround.detect.decide import decide
from wardround.detect.detection import shipped
from wardround.detect.rule import ParsedRules
from wardround.detect.tables import Tables
from wardround.evidence import FileSource
from wardround.model import Finding
from wardround.site import Site

_WHY_NOT = missing()
pytestmark = pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT)

_SITE = Site.model_validate({"sensitive_names": {"portal.hospital.example": ["10.71.0.0/24"]}})
_ROUTERS, _RESOLVER, _PORTAL = "10.71.0.1,10.71.0.2", "10.71.0.53", "10.71.0.80"
_WEB, _OUTSIDE, _TRAP = "198.51.100.80", "203.0.113.53", "203.0.113.80"
_PORTAL_NAME, _WEB_NAME = "portal.hospital.example", "www.example.org"


@dataclass
class _Ward:
    """The ordinary network while its capture runs."""

    net: LocalNetwork
    router: Host
    portal: Host
    outside: Host
    dhcp: list[subprocess.Popen[bytes]]
    tls: subprocess.Popen[bytes]
    clients: list[tuple[Host, str]]
    certificates: Path

    def day(self) -> None:
        """What people do: look up names, open the portal and a site, ask for a colleague's computer."""
        for host, own in self.clients:
            self.net.look_up(host, _PORTAL_NAME, _RESOLVER)
            self.net.look_up(host, _WEB_NAME, _RESOLVER)
            self.net.run(host, "busybox", "wget", "-q", "-O", "/dev/null", f"http://{_WEB}/")
            self.net.rogue(host, "visit_tls", _PORTAL, _PORTAL_NAME, "1.2")
            self.net.rogue(host, "ask_neighbours", own, "ct2", "oldprinter")


def _certificate(path: Path, name: str, issuer: str) -> None:
    """Write a certificate for ``name``, with its key; signed by itself when ``issuer`` is its own name."""
    key = rsa.generate_private_key(65537, 2048)
    by = key if issuer == name else rsa.generate_private_key(65537, 2048)
    start = datetime.datetime.now(datetime.UTC)
    issued = [x509.NameAttribute(NameOID.COMMON_NAME, issuer), x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)]
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name(issued))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - datetime.timedelta(days=1))
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


def _ward(net: LocalNetwork, certificates: Path) -> _Ward:
    router = net.host("router", "10.71.0.1/24", "2001:db8:71::1/64", v6=True)
    twin = net.host("twin", "10.71.0.2/24", "2001:db8:71::2/64", v6=True)
    directions = ["--port=0", f"--dhcp-option=3,{_ROUTERS}", f"--dhcp-option=6,{_RESOLVER}"]
    announced = ["--enable-ra", "--dhcp-range=2001:db8:71::,ra-only", "--ra-param=eth0,4,1800"]
    dhcp = []
    for host, pool in ((router, "10.71.0.100,10.71.0.140"), (twin, "10.71.0.150,10.71.0.190")):
        net.set(host, "net.ipv4.ip_forward", "1")
        dhcp.append(net.names(host, *directions, *announced, f"--dhcp-range={pool},255.255.255.0,1h"))
    outside = net.outside(router, f"{_WEB}/32", f"{_OUTSIDE}/32", f"{_TRAP}/32")
    net.route(twin, "add", "default", "via", "10.71.0.1")
    resolver = net.host("resolver", f"{_RESOLVER}/24", gateway="10.71.0.1")
    net.names(resolver, f"--address=/{_PORTAL_NAME}/{_PORTAL}", f"--address=/{_WEB_NAME}/{_WEB}", "--local=/#/")
    portal = net.host("portal", f"{_PORTAL}/24", gateway="10.71.0.1")
    web = net.folder / "web"
    web.mkdir()
    (web / "index.html").write_text("ready\n")
    net.start(outside, "busybox", "httpd", "-f", "-p", f"{_WEB}:80", "-h", str(web))
    tls = net.rogue_stays(portal, "serve_tls", _PORTAL, str(certificates / "portal.pem"), "1.2", "60")
    hosts = [net.host(f"ct{number}", v6=number == 1) for number in (1, 2, 3)]
    return _Ward(net, router, portal, outside, dhcp, tls, [(host, net.lease(host)) for host in hosts], certificates)


def _traps(ward: _Ward) -> None:
    net = ward.net
    # The twin is asked for what lies behind the first router: its kernel says so with a redirect.
    host, own = ward.clients[0]
    net.route(host, "add", "198.51.100.0/24", "via", "10.71.0.2")
    net.run(host, "busybox", "wget", "-q", "-O", "/dev/null", f"http://{_WEB}/")
    net.route(host, "del", "198.51.100.0/24")
    # A service moves to its second machine and says so to everybody.
    spare = net.host("spare", "10.71.0.81/24")
    net.run(spare, "busybox", "arping", "-A", "-c", "2", "-I", "eth0", "10.71.0.81")
    # A computer answers for its own name.
    second, second_own = ward.clients[1]
    net.rogue_stays(second, "respond", second_own, "ct2", "4")
    net.rogue(host, "ask_neighbours", own, "ct2", "scanner")
    ward.day()


def _second_dhcp_server(ward: _Ward) -> None:
    net = ward.net
    rogue = net.host("rogue", "10.71.0.66/24")
    net.names(rogue, "--port=0", "--dhcp-range=10.71.0.200,10.71.0.220,255.255.255.0,1h", "--dhcp-authoritative",
              "--dhcp-option=3,10.71.0.66", "--dhcp-option=6,10.71.0.66")  # fmt: skip
    for number in (1, 2, 3):
        net.lease(net.host(f"mr{number}"))


def _server_changes_its_mind(ward: _Ward) -> None:
    net = ward.net
    (host, _), *_ = ward.clients
    net.stop(ward.dhcp[1])
    net.lease(host)
    net.stop(ward.dhcp[0])
    net.names(ward.router, "--port=0", "--dhcp-range=10.71.0.100,10.71.0.140,255.255.255.0,1h", f"--dhcp-option=3,{_ROUTERS}",
              f"--dhcp-option=6,{_OUTSIDE}", "--dhcp-authoritative")  # fmt: skip
    net.lease(host)


def _starvation(ward: _Ward) -> None:
    ward.net.rogue(ward.net.host("rogue"), "exhaust", "300")


def _arp_poisoning(ward: _Ward) -> None:
    net, (host, own) = ward.net, ward.clients[0]
    rogue = net.host("rogue", "10.71.0.66/24", gateway="10.71.0.1")
    net.set(rogue, "net.ipv4.ip_forward", "1")
    net.set(rogue, "net.ipv4.conf.all.send_redirects", "0")
    net.set(rogue, "net.ipv4.conf.eth0.send_redirects", "0")
    net.run(rogue, "busybox", "ping", "-c", "1", own)
    net.rogue_stays(rogue, "poison", "20", "10.71.0.1", own, host.mac, own, "10.71.0.1", ward.router.mac)
    for _ in range(3):
        net.run(host, "busybox", "wget", "-q", "-O", "/dev/null", f"http://{_WEB}/")


def _forged_answers(ward: _Ward) -> None:
    rogue = ward.net.host("rogue", "10.71.0.66/24")
    ward.net.flood()
    ward.net.rogue_stays(rogue, "forge", _WEB_NAME, "10.71.0.66", "10")
    for host, _ in ward.clients:
        ward.net.look_up(host, _WEB_NAME, _RESOLVER)


def _diverging_resolver(ward: _Ward) -> None:
    """A resolver outside sends everything to one address, where a false portal waits."""
    net = ward.net
    names = (_PORTAL_NAME, "www.paypal.com", "login.live.com", "mail.google.com", "www.ameli.fr", "www.facebook.com")
    net.names(ward.outside, f"--listen-address={_OUTSIDE}", "--bind-interfaces", "--local=/#/",
              *(f"--address=/{name}/{_TRAP}" for name in names))  # fmt: skip
    net.rogue_stays(ward.outside, "serve_tls", _TRAP, str(ward.certificates / "false.pem"), "1.2", "30")
    for host, _ in ward.clients[1:]:
        for name in names:
            net.look_up(host, name, _OUTSIDE)
        net.rogue(host, "visit_tls", _TRAP, _PORTAL_NAME, "1.2")
    net.rogue(ward.clients[0][0], "visit_tls", _PORTAL, _PORTAL_NAME, "1.2")


def _clients_switch_resolver(ward: _Ward) -> None:
    net = ward.net
    net.names(
        ward.outside, f"--listen-address={_OUTSIDE}", "--bind-interfaces", f"--address=/{_WEB_NAME}/{_WEB}", "--local=/#/"
    )
    for resolver in (_RESOLVER, _OUTSIDE):
        for _ in range(6):
            for host, _ in ward.clients:
                net.look_up(host, _WEB_NAME, resolver)


def _neighbour_answers_for_all(ward: _Ward) -> None:
    net = ward.net
    rogue = net.host("rogue", "10.71.0.66/24")
    net.rogue_stays(rogue, "respond", "10.71.0.66", "*", "15")
    for host, own in ward.clients:
        net.rogue(host, "ask_neighbours", own, "filesrv", "wpad", "pacs-old")


def _icmp_redirects(ward: _Ward) -> None:
    rogue, (host, own) = ward.net.host("rogue", "10.71.0.66/24"), ward.clients[0]
    ward.net.rogue(rogue, "redirect", "10.71.0.1", own, host.mac, _WEB, "10.71.0.66", "4")


def _router_advertisements(ward: _Ward) -> None:
    net = ward.net
    rogue = net.host("rogue", "2001:db8:66::1/64", v6=True)
    net.names(rogue, "--port=0", "--enable-ra", "--dhcp-range=2001:db8:66::,ra-only", "--ra-param=eth0,4,1800")
    net.host("late", v6=True)
    time.sleep(3)


def _name_server_over_dhcpv6(ward: _Ward) -> None:
    net = ward.net
    rogue = net.host("rogue", "fe80::66/64", v6=True)
    net.rogue_stays(rogue, "lease_v6", "fe80::66", "10")
    host = net.host("windows", "fe80::77/64", v6=True)
    net.rogue(host, "ask_v6")


def _downgrade(ward: _Ward) -> None:
    net = ward.net
    net.stop(ward.tls)
    net.rogue_stays(ward.portal, "serve_tls", _PORTAL, str(ward.certificates / "portal.pem"), "1.0", "30")
    net.rogue(ward.clients[0][0], "visit_tls", _PORTAL, _PORTAL_NAME, "1.2")


#: The intruder's act, the detections that must name it with a subject, and those that may speak as well.
_ACTS: dict[str, tuple[Callable[[_Ward], None], dict[str, str], set[str]]] = {
    "a second DHCP server": (_second_dhcp_server, {"RT-A01": "10.71.0.66"}, set()),
    "the DHCP server names another resolver": (_server_changes_its_mind, {"RT-A02": "10.71.0.1"}, {"RT-A01"}),
    "addresses are used up": (_starvation, {"RT-A03": ""}, set()),
    "ARP poisoning": (_arp_poisoning, {"INT-A01": "02:00:5e:10:00:09"}, set()),
    "forged answers": (_forged_answers, {"RT-A07": _WEB_NAME}, set()),
    "a resolver that lies": (
        _diverging_resolver, {"RT-A04": _TRAP, "RT-A05": _TRAP, "RT-A14": _PORTAL_NAME, "INT-A03": _PORTAL_NAME}, set()
    ),
    "clients switch resolver": (_clients_switch_resolver, {"RT-A08": _OUTSIDE}, set()),
    "a neighbour answers for all names": (_neighbour_answers_for_all, {"INT-A05": "10.71.0.66"}, set()),
    "ICMP redirects": (_icmp_redirects, {"RT-A12": "10.71.0.66"}, set()),
    "router advertisements": (_router_advertisements, {"RT-A13": "02:00:5e:10:00:09"}, set()),
    "a name server over DHCPv6": (_name_server_over_dhcpv6, {"RT-A15": "fe80::66"}, set()),
    "downgrade": (_downgrade, {"INT-A04": _PORTAL}, set()),
}  # fmt: skip


class _Sink:
    """Keeps the rows that the reader writes; no packet of these stacks may be unreadable."""

    def __init__(self) -> None:
        self.parts: dict[str, list[pa.Table]] = {}

    def write(self, table: str, rows: pa.Table) -> None:
        self.parts.setdefault(table, []).append(store.conform(table, rows, "e1"))

    def diagnose(self, code: str, message: str, offset: int = -1, *, recovered: bool = True) -> None:
        raise AssertionError(f"{code}: {message}")


def _found(path: Path) -> list[Finding]:
    """The attacks in a capture, of all detections but those over Windows events."""
    source = FileSource("e1", str(path), path, stored_bytes=path.stat().st_size)
    known = readers.identify(source.head())
    assert known is not None
    sink = _Sink()
    for span in known[1].split(source):
        known[1].read(source, span, sink)
    tables = {name: pa.concat_tables(parts, promote_options="default") for name, parts in sink.parts.items()}
    evidence: dict[str, Any] = {"evidence_id": "e1", "path": path.name, "records": 1}
    tables["evidence"] = pa.Table.from_pylist([evidence], schema=schema.tables()["evidence"].arrow())
    detections = tuple(one for one in shipped() if not one.rules)
    with Tables.of_arrow(tables, _SITE) as opened:
        decision = decide(opened, detections, ParsedRules(), (), [], _SITE)
    assert not decision.diagnostics
    return [finding for finding in decision.findings if finding.kind == "attack"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[Finding]]:
    """What is found in the capture of an act; "" is the ordinary day. All are captured beforehand, a few at a time."""
    folder = tmp_path_factory.mktemp("lab")
    _certificate(folder / "portal.pem", _PORTAL_NAME, "Hospital CA")
    _certificate(folder / "false.pem", _PORTAL_NAME, _PORTAL_NAME)

    def record(number: int, act: Callable[[_Ward], None]) -> Path:
        own = folder / str(number)
        own.mkdir()
        with LocalNetwork(own) as net, net.captured(own / "lan.pcap"):
            ward = _ward(net, folder)
            ward.day()
            act(ward)
        return own / "lan.pcap"

    acts = {"": _traps} | {name: act for name, (act, _, _) in _ACTS.items()}
    with ThreadPoolExecutor(3) as pool:
        captures = dict(zip(acts, pool.map(record, range(len(acts)), acts.values()), strict=True))
    return cache(lambda name: _found(captures[name]))


def test_an_ordinary_network_is_silent(found: Callable[[str], list[Finding]]) -> None:
    """Failover, twin routers, a moved address, a computer that answers for its own name: no attack."""
    assert [(one.detection, [subject.name for subject in one.subjects]) for one in found("")] == []


@pytest.mark.parametrize("name", list(_ACTS))
def test_the_intruder_is_found(name: str, found: Callable[[str], list[Finding]]) -> None:
    """Each act is found by its detection, on the right subject, and nothing else is said."""
    _, wanted, allowed = _ACTS[name]
    told = {one.detection: {subject.name for subject in one.subjects} for one in found(name)}
    for detection, subject in wanted.items():
        assert detection in told, told
        assert not subject or subject in told[detection], told
    assert set(told) <= set(wanted) | allowed, told
