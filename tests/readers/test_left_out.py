"""Messages of the edge that must give no row: what people type in sessions, and what only looks like a refused logon."""

from __future__ import annotations

import pytest

from .edge_lines import Line, read

BASTION = "<14>1 2026-03-10T08:00:00+01:00 bastion1 rdpproxy 4711 - - [RDP Session] "
SESSION = (
    'session_id="19b" client_ip="10.20.1.5" target_ip="10.30.0.5" user="m.dupont" device="ris1" service="RDP" account="admin"'
)
KEYCLOAK = "2026-03-10 08:00:00,000 WARN  [org.keycloak.events] (executor-thread-6) "


@pytest.mark.parametrize(
    "text",
    [
        f'{BASTION}type="KBD_INPUT" {SESSION} data="S3cret!"',
        f'{BASTION}type="CB_COPYING_PASTING_DATA_FROM_REMOTE_SESSION_EX" {SESSION} partial_data="MARTIN Jeanne 1954"',
        f'{BASTION}{SESSION} type="NEW_PROCESS" command_line="cmd.exe /c dir"',
        f'{BASTION}{SESSION} type="FOREGROUND_WINDOW_CHANGED" text="MARTIN Jeanne - report"',
        f'{KEYCLOAK}type="LOGIN_ERROR", clientId="null", userId="null", ipAddress="10.20.1.5", error="expired_code"',
        f'{KEYCLOAK}type="LOGIN_ERROR", clientId="viewer", ipAddress="10.20.1.5", error="invalid_redirect_uri"',
        f'{KEYCLOAK}type="REFRESH_TOKEN_ERROR", clientId="viewer", ipAddress="10.20.1.5", error="invalid_token"',
    ],
)  # fmt: skip
def test_no_row_comes_of_it(text: str) -> None:
    assert read(Line("", 0, "", "", text, ())).rows == []
