"""Actions between retros: their page and forms. Never those that are agreed in a room."""
