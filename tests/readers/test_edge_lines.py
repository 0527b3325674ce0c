"""Lines of the edge with the fields that somebody wrote down from them before any reader saw them.

The aim is 98 % of the fields, vendor by vendor; docs/verification.md says what is not reached and why. Here a vendor may not
fall behind what its readers get right.
"""

from __future__ import annotations

import pytest

from .edge_lines import check, lines

#: Fields right and fields asked for, by file.
REACHED = {
    "checkpoint": (111, 111),
    "cisco": (438, 438),
    "citrix": (117, 117),
    "fortinet": (456, 456),
    "ivanti": (93, 93),
    "openssh": (53, 53),
    "openvpn": (60, 60),
    "paloalto": (308, 308),
    "pfsense": (100, 100),
    "radius_accounting": (115, 115),
    "sonicwall": (203, 203),
    "sophos": (203, 203),
    "stormshield": (177, 177),
    "strongswan": (36, 36),
    "web_servers": (339, 339),
    "wireguard": (24, 24),
}


@pytest.mark.parametrize("vendor", sorted(REACHED))
def test_fields_that_were_right_stay_right(vendor: str) -> None:
    checked = [field for line in lines() if line.vendor == vendor for field in check(line)]
    right, asked = REACHED[vendor]
    assert len(checked) <= asked, "more fields are asked for, or filled without being stated: write the new number down"
    assert sum(field.right for field in checked) >= right


def test_every_file_is_asked() -> None:
    assert {line.vendor for line in lines()} == set(REACHED)
