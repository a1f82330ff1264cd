"""All of the database as one file, made while people write, and the way back. Never a rule of the product."""
