"""The demo: the cast, a believable year, and a way in without a password. Nothing here works without TWOFOLD_DEMO."""
