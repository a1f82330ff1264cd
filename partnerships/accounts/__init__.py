"""Signing in and one's own settings. Never who may read what."""
