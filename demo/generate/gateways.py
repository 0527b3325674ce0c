"""How three makers' gateways log the sessions of people who work from home, and those of intruders."""

# ruff: noqa: E501 (lines of logs are long)

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from demo.generate import happenings as t
from demo.generate import hospital as h
from demo.generate.chance import Chance

_STAFF = tuple(
    (h.Account(f"{letter}.{name}", 1300 + i), h.Host("", f"198.51.100.{141 + i}"), h.Host("", f"10.20.250.{120 + i}"))
    for i, (letter, name) in enumerate(
        zip("abcdefgh", ("petit", "durand", "moreau", "roux", "blanc", "garnier", "faure", "mercier"), strict=True)
    )
)


def staff(first: datetime.date) -> Iterator[t.VpnSession]:
    """Eight people who work from home in the week before and the normal week, each from one place."""
    chance = Chance(f"replay: staff {first}")
    midnight = int(datetime.datetime.combine(first, datetime.time(), datetime.UTC).timestamp()) * t.SECOND
    for day in range(-7, 7):
        for account, home, pool in _STAFF:
            if chance.share() < 0.7:
                begin = midnight + day * 24 * t.HOUR + chance.whole(6 * 3600, 11 * 3600) * t.SECOND
                yield t.VpnSession(begin, account, home, pool, chance.whole(1800, 9000))


def _sessions(day: Iterable[t.Happening]) -> list[t.VpnSession]:
    return sorted((item for item in day if isinstance(item, t.VpnSession)), key=lambda item: item.at)


def _moment(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at // t.SECOND, datetime.UTC)


def _country(source: h.Host) -> str:
    return "France" if source.address.startswith("198.51.100.") else "Romania"


def _ordered(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    return (line for _, line in sorted(lines))


def fortigate(day: Iterable[t.Happening]) -> Iterator[str]:
    """FortiOS, key=value: a session of SSL VPN is a web logon, then a tunnel, then its end."""

    def line(at: int, session: t.VpnSession, action: str, rest: str) -> tuple[int, str]:
        when = _moment(at)
        return at, (
            f'date={when:%Y-%m-%d} time={when:%H:%M:%S} devname="VPN1" devid="FGT60F0000000001" eventtime={at}000 tz="+0000" '
            f'logid="0101039424" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN" action="{action}" '
            f'remip={session.source.address} srccountry="{_country(session.source)}" user="{session.user.name}" group="TELEWORK" dst_host="N/A" {rest}'
        )

    lines = []
    for session in _sessions(day):
        tunnel = f'tunneltype="ssl-tunnel" tunnelid={session.at // t.SECOND % 100000} tunnelip={session.pool.address}'
        end = session.at + int(session.seconds * t.SECOND)
        lines.append(line(session.at, session, "tunnel-up", 'tunneltype="ssl-web" tunnelid=1 reason="login successfully"'))
        lines.append(line(session.at + 3 * t.SECOND, session, "tunnel-up", f'{tunnel} reason="tunnel established"'))
        rest = f'{tunnel} duration={int(session.seconds)} sentbyte=90000000 rcvdbyte=4000000 reason="User requested termination of service"'
        lines.append(line(end, session, "tunnel-down", rest))
    return _ordered(lines)


def ivanti(day: Iterable[t.Happening]) -> Iterator[str]:
    """Connect Secure, standard format. A session whose user has no number (rid 0) began without a logon: it was stolen."""
    lines = []

    def line(at: int, session: t.VpnSession, message: str) -> None:
        when = _moment(at)
        lines.append(
            (
                at,
                f"<134>{when:%Y-%m-%dT%H:%M:%SZ} VPN1 PulseSecure: - - - {when:%Y-%m-%d %H:%M:%S} - ive - [{session.source.address}] {session.user.name}(STAFF)[Users] - {message}",
            )
        )

    for session in _sessions(day):
        name, source = session.user.name, session.source.address
        if session.user.rid:
            line(session.at, session, f"Primary authentication successful for {name}/AD1 from {source}")
            line(session.at + 6 * t.SECOND, session, f"Secondary authentication successful for {name}/TOTP from {source}")
            line(
                session.at + 8 * t.SECOND,
                session,
                f"Agent login succeeded for {name}/STAFF from {source} with Pulse-Secure/9.1 (Windows 10).",
            )
        line(
            session.at + 11 * t.SECOND,
            session,
            f"VPN Tunneling: Session started for user  (session:{session.at // t.SECOND:x}) with IPv4 address {session.pool.address}, hostname PC-{name.upper()}",
        )
        end = session.at + int(session.seconds * t.SECOND)
        line(end, session, f"VPN Tunneling: Session ended for user with IPv4 address {session.pool.address}")
    return _ordered(lines)


def citrix(day: Iterable[t.Happening]) -> Iterator[str]:
    """NetScaler Gateway: logons at the portal, without a second factor."""
    lines = []
    for number, session in enumerate(_sessions(day)):
        name, source = session.user.name, session.source.address
        who = f'Context {name}@{source} - SessionId: {number} - User {name} - Client_ip {source} - Nat_ip "Mapped Ip" - Vserver {h.PORTAL.address}:443'
        begin, end = _moment(session.at), _moment(session.at + int(session.seconds * t.SECOND))
        head = _relayed(begin)
        lines.append(
            (
                session.at,
                f'{head} LOGIN {2 * number} 0 : {who} - Browser_type "Mozilla/5.0" - SSLVPN_client_type ICA - Group(s) "N/A"',
            )
        )
        head = _relayed(end)
        lines.append(
            (
                session.at + int(session.seconds * t.SECOND),
                f'{head} LOGOUT {2 * number + 1} 0 : {who} - Duration {end - begin} - Total_bytes_send 1000000 - Total_bytes_recv 4000000 - LogoutMethod "Explicit"',
            )
        )
    return _ordered(lines)


def _relayed(when: datetime.datetime) -> str:
    """The head of a line that the hospital's log server took from the gateway."""
    return f"<134>{when:%b %d %Y %H:%M:%S} {h.VPN1.address} {when:%m/%d/%Y:%H:%M:%S} GMT vpn1 0-PPE-0 : default SSLVPN"
