"""The admin's pages of transmissions: the list, and one transmission with its progress, messages and content."""
