"""Fourfold: one picture of serious and organised crime threats for every force in a region."""
