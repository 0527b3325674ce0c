"""Readers of mail: messages and mailboxes, and reports and records about mail. One format each."""
