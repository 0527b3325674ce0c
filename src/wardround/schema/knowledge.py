"""Tables of knowledge about vulnerabilities that the user brought along: what is known, by whom and from when."""

from __future__ import annotations

from wardround.schema import table

FEED = table(
    "feed",
    "One row per list of vulnerabilities among the evidence.",
    """
kind     label  kev, nvd, cve, epss, csaf, osv
title    text   Its title
version  text   Its version or number
date     time   When it was made
entries  count  Vulnerabilities in it
""",
)

VULNERABILITY = table(
    "vulnerability",
    "One row per vulnerability and range of versions of a product, as a list says.",
    """
cve               label  CVE id, else the id of the list
source            label  kev, nvd, cve, epss, csaf, osv, sbom
published         time   When it was published, or listed as exploited
title             text   What it is, in a few words
vendor            text   Manufacturer of the product
product           text   Product
cpe               text   CPE name of the product
purl              text   Package URL of the product
status            label  affected, fixed, not_affected, under_investigation
version_from      text   First version concerned; unset from the very first
version_to        text   Last version concerned, or the first that is not
to_excluded       flag   Whether version_to itself is no longer concerned
versions          text   The range as written, where it is neither a version nor a pair of them
known_exploited   flag   Whether the list says that it is exploited
ransomware        flag   Whether the list says that ransomware uses it
epss              real   Probability of exploitation in the next 30 days, 0 to 1
severity          label  low, medium, high, critical
score             real   CVSS base score
""",
)

TABLES = (FEED, VULNERABILITY)
