"""From content and recipient to the bytes of one message; no Django, no database."""
