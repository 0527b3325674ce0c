"""Who vouches for a message, and whether that may be believed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Authentication:
    """What may be believed about where a message came from.

    ``spf``, ``dkim``, ``dmarc`` and ``arc`` are results in the words of RFC 8601 (pass, fail, softfail, neutral, none,
    temperror, permerror), empty when nobody who may be believed says anything. ``source`` tells whom they are from:
    ``site`` (a receiver the site file names), ``received`` (the server that the topmost Received headers prove to be the
    receiver), ``verified`` (a DKIM signature checked here) or empty. ``aligned`` is whether a passing SPF or DKIM domain
    has the organizational domain of From (RFC 7489, 3.1), None when that cannot be told.
    """

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    arc: str = ""
    spf_domain: str = ""
    dkim_domains: tuple[str, ...] = ()
    aligned: bool | None = None
    source: str = ""
    receiver: str = ""
    #: The address, name and greeting of the first client outside the receiving organization, as its server saw them.
    external_address: str = ""
    external_name: str = ""
    external_helo: str = ""
    #: Whether that client used TLS; None when the header does not say.
    external_tls: bool | None = None
    #: Position of the external hop among the Received headers, -1 when there is none.
    external_hop: int = -1
    #: inbound, outbound, internal or empty, when the site's domains are not known.
    direction: str = ""
