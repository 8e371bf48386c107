"""The pages of recipient lists in the admin (contract 90 §12)."""
