"""From stored recipients to settled messages: claim, generate, deliver, settle (DESIGN §3)."""
