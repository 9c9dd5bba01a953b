"""The pages of assessment and moderation, built whole before they are drawn."""
