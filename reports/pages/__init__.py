"""The report pages of the admin site (contract 90): the same engine as the API, every state in the URL."""
