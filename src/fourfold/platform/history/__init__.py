"""What was: a governed table keeps its past in a twin that the database alone writes, to be read as of any date."""
