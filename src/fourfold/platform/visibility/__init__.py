"""Who sees which row: one label on each row, one set of labels for each person, one policy in the database for every table."""
