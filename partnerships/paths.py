"""Parts of addresses that several packages share."""

PERSON = "admin/people/<uuid:person_id>"
FRAME = "admin/partnerships/<uuid:partnership_id>"
INVITATION = "admin/invitations/<uuid:invitation_id>"
