"""The metrics API (contract 80): parameters to questions, answers to rows."""
