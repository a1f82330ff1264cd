"""What one person may send, and how long it is good for (docs/rules/reliability.md R13); what belongs to a retro stands
in `retros/limits.py`. Lengths are counted in characters.
"""

from datetime import timedelta

HEAD_BYTES = 16_384  # a request's line and headers
BODY_BYTES = 1_000_000
BODIES_BYTES = 64_000_000  # of all requests that arrive or wait at one time
CONTENT_LENGTH = 10_000  # an entry, a note, a jot, an action; no field holds more than AGREEMENT_LENGTH
AGREEMENT_LENGTH = 50_000  # all clauses and headings of one version
CLAUSES = 500  # of one version
PROPOSALS = 20  # that wait on one agreement at a time
CLAUSES_AT_ONCE = 48  # edited on one page: four fields each, of the 200 that a form may have
TITLE_LENGTH = 120
NAME_LENGTH = 60

DRAFT_SAVES_PER_MINUTE = 150
WRITES_PER_MINUTE = 60
INVITATIONS_PER_HOUR = 20
EXPORTS_PER_HOUR = 10
ADDRESS_MAILS_PER_HOUR = 20  # by one person, to addresses that they say are theirs
CODES_PER_HOUR = 5  # of a kind, to one address
RESET_MAILS_PER_HOUR = 5  # to one address
TEST_MAILS_PER_HOUR = 20  # by one admin, to themselves
FEED_READS_PER_HOUR = 60

INVITATION_LIFE = timedelta(days=7)
RESET_LINK_LIFE = timedelta(hours=1)
SIGN_IN_LINK_LIFE = timedelta(hours=24)
TAKE_BACK_WITHIN = timedelta(hours=72)  # a change of how somebody signs in
REMIND_EVERY = timedelta(days=7)  # an admin, one pair
