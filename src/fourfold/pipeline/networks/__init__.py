"""Who is central, who is close, who stands together: measures of any network, of a file or of a reader's own picture.

Knows no database and no web page. Read `graph.py` first: a `Network` is nodes by name and ties between them.
"""
