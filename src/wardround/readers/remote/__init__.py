"""Logs of programs for remote control (TeamViewer, AnyDesk) that lie on the computer which was controlled."""
