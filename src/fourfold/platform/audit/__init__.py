"""The ledger of who did what and why (Data Protection Act 2018, section 62), sealed so that a change to it shows."""
