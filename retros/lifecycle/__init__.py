"""How a partnership ends, how long words are kept, export and erasure. Never what happens in between."""
