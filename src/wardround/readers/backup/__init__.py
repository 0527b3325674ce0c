"""Logs and lists of backup programs. One format each."""
