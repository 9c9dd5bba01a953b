"""Pages about disruptions: parse, ask, show; a change is one call of one service."""
