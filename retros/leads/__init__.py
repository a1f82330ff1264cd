"""What leads open, what was released to them, what they offer. Never an entry."""
