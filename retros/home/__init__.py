"""What one person comes to: the home of a pair, the list of pairs. Never a verb."""
