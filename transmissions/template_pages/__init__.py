"""The pages of stored templates in the admin: list, editor, preview, test sends, preflight (contract 90 §11)."""
