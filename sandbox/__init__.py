"""The SMTP server and mailbox that stand in for a relay where none is named."""
