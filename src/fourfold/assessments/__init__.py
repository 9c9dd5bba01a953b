"""How serious a threat is: scored by a force, moderated by the regional unit, under a model that is data."""
