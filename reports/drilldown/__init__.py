"""From a figure to the recipients behind it, and from a recipient to what happened to one message."""
