"""The kind words that one person got, and giving one. Never what became of one that was given."""
