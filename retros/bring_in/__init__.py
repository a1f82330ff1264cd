"""What one of the two had elsewhere: cards of a board, actions of a spreadsheet. Never anything of the other one's."""
