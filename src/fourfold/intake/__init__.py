"""The door: what arrived, from whom, under what agreement, what was loaded and what was refused.

Serves the people who answer for a force's data, and the source systems that deliver it. Each delivery becomes a batch
that goes through landing, the canonical contract, resolution and publishing, and is visible whole or not at all.
Every row of a file is accounted for: in = loaded + quarantined + held + reference.
"""
