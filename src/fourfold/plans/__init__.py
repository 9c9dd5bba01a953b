"""4P plans: aims, actions, reviews and how good the plan is."""
