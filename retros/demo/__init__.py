"""The demo: the cast, a believable year, and a way in without a password. Never without TWOFOLD_DEMO."""
