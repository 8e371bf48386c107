"""The suppression list (contract 95 §1): what it holds, who asks it, and how it follows the event log."""
