"""The limits of a session, in one place. Lengths are counted in characters."""

from datetime import timedelta

ENTRIES_PER_PERSON = 200  # per session
IMPORT_LINES = 5_000  # of one file of partnerships
IMPORT_BYTES = 950_000  # of its rows as text, which one form sends back
IMPORT_UNPACKED_BYTES = 24_000_000  # of a spreadsheet, which is an archive
IMPORT_CELLS = 400_000  # of one sheet, the empty ones between them too
TOLD_KEPT = 4  # of what each of the two did in a room: so many may come with one push, and are said
DECISIONS = 12  # that a pair names in one contract sitting, beside those of the template
MEASURES = 5  # of its own that a pair rates in each pulse
PREVIEW_LENGTH = 40  # of a card's text inside the accessible name of its buttons
REOPEN_WITHIN = timedelta(hours=24)
ALONE_AFTER = timedelta(minutes=5)  # ready for the next step this long: one may go on alone
START_ASKED_AHEAD = timedelta(days=1)  # whoever starts a retro earlier than this is asked once
AWAY_AFTER = timedelta(seconds=60)
PRESENCE_EVERY = timedelta(seconds=20)
