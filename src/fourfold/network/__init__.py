"""Links and networks: what connects people, what surrounds them, who is key in a threat, who could be helped out of it.

Everything is worked out when it is read, from links that the reader may see. What is kept is only what somebody
decided about a person at the edge of a group (docs/decisions/0123). Read `rules.py` first.
"""
