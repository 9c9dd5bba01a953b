"""The way in: settings, addresses, commands. The only place that knows every room."""
