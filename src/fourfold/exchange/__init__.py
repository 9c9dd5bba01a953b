"""Threats, assessments and disruptions to and from the national system's workbook.

Serves those who exchange with it, and forces that key a spreadsheet instead of many screens. The layout is data,
because the real one is not public. Nothing is written but by the services of the rooms that own the records: a line of
a file meets the rules that the screens meet. See `rules` for cells and sentences, `files` for workbooks and CSV,
`sheets` for what each sheet holds, `importing` for a file's way.
"""
