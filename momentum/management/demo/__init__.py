"""An invented month of mail: people with habits, mailings, and what came of each message; seeded."""
