"""Planning: the verbs that change a pair's dates, and their pages. Never what happens inside a retro."""
