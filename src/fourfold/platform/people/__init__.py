"""Organisations, the people who use the service, and the roles they hold from one date to another."""
