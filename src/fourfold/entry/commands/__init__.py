"""Commands by room. Each parses, makes one call and prints what came of it."""
