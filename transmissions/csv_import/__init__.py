"""CSV files of recipients (contract 30 §7): found fit, read row by row, mapped, written; no Django, no database."""
