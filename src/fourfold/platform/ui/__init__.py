"""What every page is made of: the shell around it, the list pattern, the form pattern and the components.

A room's view builds a frozen page object (`pages`, `lists`, `components`), and its template prints only that.
Design: GOV.UK Frontend and the Ministry of Justice's patterns, without the crest, the GOV.UK logo and the GDS font.
"""
