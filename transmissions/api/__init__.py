"""The endpoints of contract 10, 20 and 30: each parses, calls one action, presents."""
