"""Names that imitate a meeting service, looked up, opened or sent by mail (VC-A01).

A name is judged by whom it belongs to (its organizational domain) and by what the owner wrote into it. What carries the maker's
names for a reason is left out: networks that deliver content, lists of bad names that mail gateways ask, and the suffix that
computers of a domain append to every name they do not find.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wardround.detect.tables import Tables
from wardround.mail.domains import kind_of, suffix_kind
from wardround.mail.folding import skeleton
from wardround.mail.suffixes import ascii_domain, is_address, organization, within
from wardround.site import Site

_MOST = 200_000

#: Cheap, and lets through every name that :func:`judged` could call false.
_SEEN = r"""
    WITH seen AS (
      SELECT 'dns' AS tab, ts, evidence_id, record, "id.orig_h" AS client, lower(rtrim(query, '.')) AS name FROM dns
      WHERE query IS NOT NULL AND coalesce(rcode_name, '') <> 'NXDOMAIN'
        -- lists of bad names answer with 127.0.0.x
        AND (coalesce(len(answers), 0) = 0 OR NOT starts_with(answers[1], '127.'))
      UNION ALL
      SELECT 'ssl', ts, evidence_id, record, "id.orig_h", lower(rtrim(server_name, '.')) FROM ssl
      UNION ALL
      SELECT 'quic', ts, evidence_id, record, "id.orig_h", lower(rtrim(server_name, '.')) FROM quic
      UNION ALL
      SELECT 'http', ts, evidence_id, record, "id.orig_h", lower(regexp_replace(host, ':[0-9]+$', '')) FROM http
      UNION ALL
      SELECT 'firewall_event', ts, evidence_id, record, source,
        regexp_extract(lower(url), '^(?:[a-z]+://)?([a-z0-9._-]+)', 1) FROM firewall_event
    )
    SELECT name AS domain, count(DISTINCT client) AS clients, min(client) AS host, min(ts) AS first_ts, max(ts) AS last_ts,
      count(*) AS events, pointers(tab, evidence_id, record, ts) AS evidence, bool_or(tab <> 'dns') AS opened
    FROM seen
    WHERE contains(name, '.') AND length(name) < 254
      AND regexp_matches(name, 'z[o0]|[o0]{2}m|[o0]{2}rn|web|vveb|[e3]x|teams|te[a4]rns|micr|m[i1l]cr|rnicr|xn--')
    GROUP BY name
"""

_MAIL = """
    SELECT coalesce(l.host, '?') AS domain, count(DISTINCT m.recipient) AS clients, min(m.recipient) AS host,
      min(m.ts) AS first_ts, max(m.ts) AS last_ts, count(*) AS events,
      pointers('mail_message', m.evidence_id, m.record, m.ts) AS evidence, 'high' AS level
    FROM mail_message m LEFT JOIN (
      SELECT evidence_id, record, min(host) AS host FROM mail_link
      WHERE verdict IN ('fraud', 'suspicious') AND organization <> coalesce(from_organization, '') GROUP BY 1, 2
    ) l USING (evidence_id, record)
    WHERE m.verdict IN ('fraud', 'suspicious') AND list_contains(m.signals, 'meeting_link_imitates')
    GROUP BY 1
"""

#: Domains of Windows networks: computers look for their controllers there.
_DOMAINS = r"""
    SELECT DISTINCT regexp_extract(lower(rtrim(query, '.')), '(?:_tcp|_udp)\.(?:.*_msdcs\.)?([a-z0-9.-]+)$', 1) AS domain
    FROM dns WHERE regexp_matches(lower(query), '^_(ldap|kerberos|gc|kpasswd)\._(tcp|udp)\.')
"""
#: What computers append to names: suffixes behind so many public names that have nothing to do with meetings.
_APPENDED = 3
_SUFFIXES = rf"""
    WITH asked AS (SELECT DISTINCT lower(rtrim(query, '.')) AS name FROM dns), behind AS (
      SELECT regexp_extract(name, '\.(?:com|net|org|fr|eu|de|be|ch|io|gov|edu)\.(.+\..+)$', 1) AS suffix
      FROM asked WHERE NOT regexp_matches(name, 'zoom|webex|teams')
    )
    SELECT suffix FROM behind WHERE suffix <> '' GROUP BY suffix HAVING count(*) >= {_APPENDED}
"""  # noqa: S608 - only a number of ours is put in

_MAKERS = (
    "zoom.us", "zoom.com", "zoomgov.com", "zoomcdn.net", "zoomdev.us", "webex.com", "webex.com.cn", "wbx2.com",
    "webexcontent.com", "webexconnect.io", "ciscospark.com", "cisco.com", "microsoft.com", "microsoftonline.com",
    "live.com", "office.com", "office365.com", "office.net", "skype.com", "sharepoint.com", "cloud.microsoft",
    "microsoftstream.com", "msteams.com", "google.com", "apple.com",
)  # fmt: skip

#: Whose names carry those of others: delivery networks, clouds, and lists that are asked about names.
_CARRIERS = (
    "azure.com", "azureedge.net", "azurefd.net", "windows.net", "trafficmanager.net", "msedge.net", "akadns.net",
    "akamai.net", "akamaiedge.net", "akamaihd.net", "akamaized.net", "edgekey.net", "edgesuite.net", "cloudfront.net",
    "amazonaws.com", "fastly.net", "cloudflare.net", "cdn77.org", "lldns.net", "footprint.net", "spamhaus.org",
    "spamhaus.net", "spamhaus.com", "surbl.org", "uribl.com", "spameatingmonkey.net", "mailspike.org", "mailspike.net",
    "barracudacentral.org", "mcafee.com", "sophosxl.net", "sophos.com", "cloudmark.com", "e5.sk", "senderbase.org",
    "trendmicro.com", "fortinet.net", "abuse.ch", "dnswl.org", "invaluement.com",
)  # fmt: skip

#: Ends of names that exist inside only (RFC 2606, 6762, 8375, and what networks use).
_INSIDE = re.compile(r"\.(local|lan|home|internal|intra|intranet|corp|arpa|localdomain)$")

#: The maker's domain followed by a domain of somebody else, or by a hyphen.
_IN_FRONT = re.compile(r"(?:^|\.)(zoom\.(?:us|com)|teams\.(?:microsoft|live)\.com|webex\.com)[.-](.+)$")

#: Domains as which another is disguised.
_DISGUISED = ("zoom.us", "zoom.com", "webex.com", "microsoft.com", "microsoftonline.com", "live.com")
_DISGUISES = tuple(".".join(map(skeleton, name.split("."))) for name in _DISGUISED)
_BRANDS = frozenset(map(skeleton, ("zoom", "webex", "msteams", "microsoft")))
_WHOLE = frozenset(map(skeleton, ("microsoftteams", "teamsmicrosoft", "msteams", "webex")))

_WORDS = (
    "meet|meets|meeting|meetings|join|joins|invite|invites|invitation|invitations|conference|conferences|call|"
    "calls|webinar|webinars|login|logon|signin|update|updates|updater|install|installs|installer|setup|download|"
    "downloads|launcher|client|voicemail|reunion"
)
_MEETING = re.compile(rf"(?:{_WORDS})$")
#: Words that only with the name of a conference program mean one.
_OWN = re.compile(r"(?:us|web|app|us\d{0,2}web|\d+)$")
_TEAMS_WORDS = re.compile(
    r"(?:meet|meeting|meetings|join|invite|invitation|login|signin|update|install|installer|setup|download|voicemail|app)s?$"
)

#: What a bought name is when it is written in one word.
_GLUED = re.compile(
    rf"(?:(?:{_WORDS}|us\d\d(?:web)?|my|the)?(?:zoom|webex|msteams|microsoftteams)(?:{_WORDS}|us|web)|"
    rf"(?:{_WORDS}|us\d\d(?:web)?)(?:zoom|webex|msteams|microsoftteams)|(?:join|install|download)teams|"
    r"teams(?:meeting|meetings|download|install|installer|invite|voicemail|update))\d*$"
)
_ZOOM_SERVER = re.compile(r"(?:^|[.-])us\d\dweb(?:[.-]|$)|us\d\dweb-?zoom|zoom-?us\d\dweb")
_MISSPELT = frozenset({"zooom", "zoomm", "zoonm", "zomo", "ozom", "webexx", "weebex", "webbex", "webx", "wbex", "wevex"})


def analyse(tables: Tables, site: Site) -> Iterator[dict[str, Any]]:
    """One row per false name that computers looked up or opened, and per host that false invitations led to."""
    own = frozenset(map(ascii_domain, (*site.mail.domains, *site.mail.partners)))
    false = [row for row in tables.query(_SEEN, most=_MOST) if not within(row["domain"], own) and judged(row["domain"])]
    if false:
        inside = frozenset(found["domain"] for found in tables.query(_DOMAINS, most=1_000) if "." in found["domain"])
        suffixes = frozenset(found["suffix"] for found in tables.query(_SUFFIXES, most=_MOST))
        for row in false:
            if not within(row["domain"], inside) and not _is_appended(row["domain"], suffixes):
                # a look-up alone may be a mail gateway that checks links
                yield {**row, "level": "high" if row.pop("opened") else "medium"}
    yield from tables.query(_MAIL, most=_MOST)


def _is_appended(name: str, suffixes: frozenset[str]) -> bool:
    """Whether what follows the maker's domain is a suffix that computers here append to other names as well."""
    found = _IN_FRONT.search(name)
    return found is not None and found[2] in suffixes


def judged(name: str) -> bool:
    """Whether a name in lower-case ASCII imitates a meeting service."""
    if (
        is_address(name)
        or _INSIDE.search(name)
        or within(name, _MAKERS)
        or within(name, _CARRIERS)
        or kind_of(name) == "meeting"
    ):
        return False
    owner = organization(name)
    label = owner.partition(".")[0]
    if label == "zoom":  # a word of many languages, and the name of shops and magazines
        return False
    shown = _letters(name)
    alike = ".".join(map(skeleton, shown.split(".")))
    if _IN_FRONT.search(name) or _ZOOM_SERVER.search(name) or any(f".{alike}".endswith(f".{known}") for known in _DISGUISES):
        return True
    bought = _letters(label)
    return _is_bought(bought, suffix_kind(owner)) or (kind_of(name) == "hosting" and _is_bought(shown.partition(".")[0], ""))


def _is_bought(label: str, ending: str) -> bool:
    """Whether a label that somebody chose carries the name of a meeting service with what belongs to meetings."""
    folded = skeleton(label)
    if folded in _WHOLE:  # webex.top, microsoft-teams.live, rnsteams.com
        return bool(ending) or label not in ("webex", "msteams")
    if _GLUED.match(label.replace("-", "")):
        return True
    tokens = [token for token in re.split(r"[-_]+", label) if token]
    brands = [token for token in tokens if skeleton(token) in _BRANDS or token in _MISSPELT]
    rest = [token for token in tokens if token not in brands]
    if brands == ["microsoft"] and "teams" not in rest:
        return False
    if brands:
        return any(_MEETING.match(token) or _OWN.match(token) for token in rest)
    return "teams" in tokens and len(tokens) == 2 and any(map(_TEAMS_WORDS.match, set(tokens) - {"teams"}))


def _letters(name: str) -> str:
    """The name as a browser may show it: labels in Punycode (RFC 3492) in their own letters."""
    if "xn--" not in name:
        return name
    shown = []
    for label in name.split("."):
        try:
            shown.append(label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label)
        except (UnicodeError, ValueError):
            shown.append(label)
    return ".".join(shown)
