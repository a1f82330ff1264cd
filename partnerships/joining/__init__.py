"""Partnerships begun, invitations answered."""
