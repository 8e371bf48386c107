"""From bytes to a remote server: SMTP, the table of replies, the retry rule; no Django, no database."""
