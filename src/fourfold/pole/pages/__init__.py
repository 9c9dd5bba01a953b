"""The pages of people, vehicles, phones, places and events: sentences and tables made of what a reader may see."""
