"""Threats, assessments and disruptions to and from the national system's workbook."""
