"""Pages of the master list: parse, ask, show; a change is one call of one service."""
