"""Measures: figures as recorded on a date, with the rows behind each."""
