"""Workbooks and CSV files: written under a layout, and read as text whatever a spreadsheet made of them, bounded."""
