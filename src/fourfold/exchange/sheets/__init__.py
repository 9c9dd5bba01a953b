"""What each sheet holds: its facts, how records become lines, and how lines become records through their room."""
