"""Tests of intake: the door, the steps after it, the rows that were not loaded, the pages and the API."""
