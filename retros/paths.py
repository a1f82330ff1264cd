"""Parts of addresses that several packages share."""

SESSION = "sessions/<uuid:session_id>"
PARTNERSHIP = "partnerships/<uuid:partnership_id>"
LEAD = f"{PARTNERSHIP}/leads/<uuid:lead_id>"
ACTION = "actions/<uuid:action_id>"
STEP = f"{SESSION}/steps/<int:position>"
BULK = "admin/schedule/many/<uuid:bulk_id>"
ENTRY = f"{SESSION}/entries/<uuid:entry_id>"
