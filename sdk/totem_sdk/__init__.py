"""What a consumer installs: the language, its cost and the reference interpreter."""
