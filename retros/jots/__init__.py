"""What one person keeps between retros for themselves. Never anything that the other one could notice."""
