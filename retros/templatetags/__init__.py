"""What the templates of retros can be asked for beyond Django's own tags. Never a question to the database."""
