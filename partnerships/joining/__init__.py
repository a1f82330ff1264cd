"""Partnerships begun, invitations answered. Never what the two do then."""
