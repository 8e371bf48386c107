"""The pages for people and keys; Django finds them by importing this."""

from accounts.admin import keys, people

__all__ = ["keys", "people"]
