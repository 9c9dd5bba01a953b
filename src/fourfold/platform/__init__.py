"""What every room stands on: who may see a row, what it used to say, who looked, and how pages look."""
