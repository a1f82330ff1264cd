"""Letters, the outbox that sends them, the reader's settings. Never decides what is due."""
