"""The pages of the suppression list in the admin."""
