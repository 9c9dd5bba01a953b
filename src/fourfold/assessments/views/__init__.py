"""What answers at the addresses of this room: parse, one call, a page."""
