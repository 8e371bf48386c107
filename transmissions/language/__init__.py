"""The template language of contract 40: text in, compiled program out; no Django, no database."""
