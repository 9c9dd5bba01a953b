"""Casework of a simulated region: who listed, scored, planned and disrupted what, and when."""
