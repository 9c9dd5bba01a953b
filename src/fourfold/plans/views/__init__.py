"""Pages about plans: parse, ask, show; a change is one call of one service."""
