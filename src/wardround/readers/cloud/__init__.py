"""What cloud services record of logons, mailboxes and messages. One format each."""
