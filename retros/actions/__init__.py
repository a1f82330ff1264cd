"""Actions between retros: their page and forms."""
