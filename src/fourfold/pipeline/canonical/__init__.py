"""Canonical: landed text becomes persons, objects, locations, events and links, or goes to quarantine with a reason."""
