"""When retros are: the rule of a rhythm, wall times, what was kept. Pure: no rows, no requests."""
