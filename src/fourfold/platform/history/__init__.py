"""What was: each governed table keeps its past in a twin, written by the database alone, and can be read as recorded on any date."""
