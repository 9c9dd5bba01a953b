"""The events that reduced a threat: recorded once, checked, and measured against the aims they serve."""
