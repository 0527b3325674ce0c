"""A hospital's local network made of Linux network namespaces: real stacks on a bridge, and what passes it captured.

Nothing leaves: the namespaces have no way to the machine they run on. Needs root, ``ip``, ``tcpdump``, ``dnsmasq`` and
BusyBox (its udhcpc, nslookup, wget, httpd and ping).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

NEEDED = ("ip", "tcpdump", "dnsmasq", "busybox")

_SECONDS = 30
_ROGUE = Path(__file__).with_name("rogue.py")
_numbers = count()


def missing() -> str:
    """Why no network can be made here; empty where one can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "only root may make network namespaces"
    absent = [tool for tool in NEEDED if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    name = f"wr{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        linked = ["ip", "-n", name, "link", "add", "wr0", "type", "bridge"]
        made = subprocess.run(linked, capture_output=True, check=False).returncode == 0
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return "" if made else "network namespaces and bridges are not allowed here"


@dataclass(frozen=True, slots=True)
class Host:
    """A host on the network: its name within it, its namespace and its hardware address."""

    name: str
    namespace: str
    mac: str


class LocalNetwork:
    """One bridge and its hosts. ``folder`` takes captures, leases and logs. Use as a context manager: it cleans up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._prefix = f"wr{os.getpid()}-{next(_numbers)}"
        self._hosts: list[Host] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self.switch = f"{self._prefix}-sw"

    def __enter__(self) -> LocalNetwork:
        _run("ip", "netns", "add", self.switch)
        # Without spanning tree's delay, and with every frame handed to the bridge itself, where the capture is taken.
        _run("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        self._quiet(self.switch)
        _run("ip", "-n", self.switch, "link", "set", "br0", "promisc", "on", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            _end(process)
        for name in [host.namespace for host in self._hosts] + [self.switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def host(self, name: str, *addresses: str, v6: bool = False, gateway: str | None = None) -> Host:
        """Plug a host in, with these addresses (CIDR). Without ``v6`` it does not speak IPv6."""
        number = len(self._hosts) + 1
        host = Host(name, f"{self._prefix}-{name}", f"02:00:5e:10:00:{number:02x}")
        _run("ip", "netns", "add", host.namespace)
        self._hosts.append(host)
        self._quiet(host.namespace, v6=v6)
        link = ["ip", "-n", host.namespace, "link"]
        port = f"p{number}"
        _run(*link, "add", "eth0", "address", host.mac, "type", "veth", "peer", "name", port, "netns", self.switch)
        _run("ip", "-n", self.switch, "link", "set", port, "master", "br0", "up")
        _run(*link, "set", "lo", "up")
        _run(*link, "set", "eth0", "up")
        for address in addresses:
            _run("ip", "-n", host.namespace, "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        if gateway:
            _run("ip", "-n", host.namespace, "route", "add", "default", "via", gateway)
        return host

    def outside(self, router: Host, *addresses: str) -> Host:
        """A machine behind the router, not on this network, with these addresses (CIDR)."""
        host = Host("outside", f"{self._prefix}-out", "02:00:5e:20:00:01")
        _run("ip", "netns", "add", host.namespace)
        self._hosts.append(host)
        self._quiet(host.namespace)
        _run(
            "ip", "-n", host.namespace, "link", "add", "eth0", "type", "veth", "peer", "name", "up0", "netns", router.namespace
        )
        for name, end, address in ((host.namespace, "eth0", "192.0.2.2/30"), (router.namespace, "up0", "192.0.2.1/30")):
            _run("ip", "-n", name, "address", "add", address, "dev", end)
            _run("ip", "-n", name, "link", "set", end, "up")
        _run("ip", "-n", host.namespace, "link", "set", "lo", "up")
        _run("ip", "-n", host.namespace, "route", "add", "default", "via", "192.0.2.1")
        for address in addresses:
            _run("ip", "-n", host.namespace, "address", "add", address, "dev", "lo")
            _run("ip", "-n", router.namespace, "route", "add", address, "via", "192.0.2.2")
        return host

    def flood(self) -> None:
        """Send every frame to every port from now on, as a switch does whose table was filled by force."""
        _run("ip", "-n", self.switch, "link", "set", "br0", "type", "bridge", "ageing_time", "0")

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End what ``start`` or ``names`` started."""
        _end(process)

    def route(self, host: Host, *words: str) -> None:
        """Change the routes of a host: the words of ``ip route``."""
        _run("ip", "-n", host.namespace, "route", *words)

    def set(self, host: Host, setting: str, value: str) -> None:
        """Set a kernel parameter of the host's network stack (``net.ipv4.ip_forward``)."""
        _run("ip", "netns", "exec", host.namespace, "sysctl", "-qw", f"{setting}={value}")

    def run(self, host: Host, *command: str, fails: bool = False) -> str:
        """Run a command on the host; gives what it prints."""
        return _run("ip", "netns", "exec", host.namespace, *command, fails=fails)

    def start(self, host: Host, *command: str, ready: float = 0.3) -> subprocess.Popen[bytes]:
        """Run a command on the host until the end; ``ready``: seconds it gets to come up."""
        log = self.folder / f"{host.name}-{len(self._processes)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                ["ip", "netns", "exec", host.namespace, *command], stdout=stream, stderr=stream, stdin=subprocess.DEVNULL
            )
        self._processes.append(process)
        time.sleep(ready)
        if process.poll() is not None:
            raise RuntimeError(f"{' '.join(command[:4])}: {log.read_text(errors='replace')[-400:]}")
        return process

    def rogue(self, host: Host, *words: str) -> str:
        """Run one command of ``rogue.py`` on the host to its end."""
        return self.run(host, sys.executable, str(_ROGUE), *words)

    def rogue_stays(self, host: Host, *words: str) -> subprocess.Popen[bytes]:
        """Start one command of ``rogue.py`` on the host."""
        return self.start(host, sys.executable, str(_ROGUE), *words, ready=0.6)

    def names(self, host: Host, *options: str) -> subprocess.Popen[bytes]:
        """Start a DHCP, name or router advertisement server (dnsmasq) with these options, and no others."""
        lease = self.folder / f"{host.name}-{len(self._processes)}.leases"
        return self.start(
            host, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            f"--dhcp-leasefile={lease}", "--pid-file=", "--log-facility=-", "--no-ping", *options,
        )  # fmt: skip

    def lease(self, host: Host, *options: str) -> str:
        """Ask for an address and keep it; gives the address."""
        script = self.folder / f"{host.name}.sh"
        script.write_text(_LEASED)
        script.chmod(0o755)
        out = self.run(
            host, "busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "8", "-T", "1", "-s", str(script), *options
        )
        return next(line.split()[1] for line in out.splitlines() if line.startswith("leased "))

    def look_up(self, host: Host, name: str, resolver: str) -> None:
        """Look up IPv4 and IPv6 addresses of a name; an unknown name is no error."""
        command = ["ip", "netns", "exec", host.namespace, "busybox", "nslookup", name, resolver]
        subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)

    @contextmanager
    def captured(self, path: Path) -> Iterator[None]:
        """Capture what passes the bridge."""
        command = [
            "ip",
            "netns",
            "exec",
            self.switch,
            "tcpdump",
            "-i",
            "br0",
            "-s",
            "0",
            "--immediate-mode",
            "-U",
            "-w",
            str(path),
            "-Z",
            "root",
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        assert process.stderr is not None
        process.stderr.readline()  # "listening on br0"
        time.sleep(0.2)
        try:
            yield
        finally:
            time.sleep(0.7)
            _end(process)
            process.stderr.close()

    def _quiet(self, namespace: str, *, v6: bool = False) -> None:
        """No IPv6 of the kernel's own unless wanted."""
        if not v6:
            _run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
            _run("ip", "netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")


_LEASED = """#!/bin/sh
case "$1" in
bound|renew)
    ip address flush dev "$interface" scope global
    ip address add "$ip/$mask" dev "$interface"
    [ -n "$router" ] && ip route replace default via "${router%% *}"
    echo "leased $ip $router $dns"
    ;;
esac
"""


def _run(*command: str, fails: bool = False) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if bool(result.returncode) is not fails:
        raise RuntimeError(f"{' '.join(command[:8])}: {result.returncode} {result.stderr[-300:]}{result.stdout[-300:]}")
    return result.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
