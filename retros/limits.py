"""The limits of retros, in one place, beside `partnerships/limits.py` (docs/rules/reliability.md R13).

Lengths are counted in characters.
"""

from datetime import timedelta

ENTRIES_PER_PERSON = 200  # per session
DRAFTS = 200  # unfinished texts of one person
JOTS = 200  # of one person, in all partnerships
ROWS_AT_ONCE = 200  # cards or actions that are brought in
SEARCHED_CHARACTERS = 2_000_000  # of one's own jots and drafts that one search reads
OPEN_ACTIONS = 500  # of a pair
IMPORT_LINES = 5_000  # of one file of partnerships
IMPORT_BYTES = 950_000  # of its rows as text, which one form sends back
IMPORT_HEAD = 1_000  # characters of a first line that are looked at
IMPORT_UNPACKED_BYTES = 24_000_000  # of a spreadsheet, which is an archive
IMPORT_ELEMENTS = 1_000_000  # of all XML in it
IMPORT_CELLS = 400_000  # of one sheet, the empty ones between them too
TOLD_KEPT = 4  # of what each of the two did in a room: so many may come with one push, and are said
DECISIONS = 12  # that a pair names in one contract sitting, beside those of the template
PAIRS_AT_ONCE = 300  # in one press of an admin
PAIRS_NAMED = 100  # of them, one by one: a form has 200 fields
MEASURES = 5  # of its own that a pair rates in each pulse
CARD_NAME_LENGTH = 120  # of a card's text that the buttons on the card are called after; of a longer one its start
PREVIEW_LENGTH = 40  # of a text inside the accessible name of a button
STEP_MINUTES = 240  # of a step, however often it is extended
UNDO_BULK_WITHIN = timedelta(minutes=10)
REOPEN_WITHIN = timedelta(hours=24)
ALONE_AFTER = timedelta(minutes=5)  # ready for the next step this long: one may go on alone
START_ASKED_AHEAD = timedelta(days=1)  # whoever starts a retro earlier than this is asked once
AWAY_AFTER = timedelta(seconds=60)
PRESENCE_EVERY = timedelta(seconds=20)
KIND_WORD_LENGTH = 280
TEMPLATE_LENGTH = 100_000  # of one template as text
TEMPLATE_KEY_LENGTH = 50  # with what marks its short form it fits a session
TEMPLATE_WORDS = 1_000  # of a help, a lede, a source
TEMPLATE_STEPS = 12
TEMPLATE_QUESTIONS = 24  # of one step: six fields each, of the 200 that a form may have
TEMPLATE_CHOICES = 10
TEMPLATE_MINUTES = 180  # of one step
TEMPLATES = 200  # of an installation
