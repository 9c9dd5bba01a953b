"""Who sees which row: a label on each row, a set of labels for each person, one policy in the database."""
