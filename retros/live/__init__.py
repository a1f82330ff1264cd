"""Who hears of what, and when: publishing, the hub, the streams. Never draws, never decides who may read."""
