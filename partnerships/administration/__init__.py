"""The admin's pages of people and partnerships, and the record. Frames, never content."""
