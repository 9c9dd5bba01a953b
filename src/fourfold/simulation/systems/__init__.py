"""The record systems of the six forces: what each makes of the same world, and the extract it hands over."""
