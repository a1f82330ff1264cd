"""A session while it is held: its page, cards, dock and presses. Never the dates, never what a lead reads."""
