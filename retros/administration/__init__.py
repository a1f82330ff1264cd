"""The admin's schedule, many pairs at once, the import, the mail log. Frames and dates, never content."""
