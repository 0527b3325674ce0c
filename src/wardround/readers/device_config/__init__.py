"""Readers of the configurations of routers, switches, firewalls and Windows, one format per module.

All fill ``device_config_item``. They keep every setting, not only those a detection asks for today, so that two
configurations of one device can be compared; secrets are replaced while reading.
"""

from __future__ import annotations
