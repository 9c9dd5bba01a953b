"""The master list: which threats there are, of which kind, who owns them and who is in them."""
