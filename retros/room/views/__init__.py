"""The presses of the room, by what they change."""
