from django.conf import settings
from django.urls import path

from retros.views import (
    actions,
    admin_ending,
    agreements,
    calendar,
    demo,
    ending,
    entries,
    history,
    home,
    imports,
    leads,
    mails,
    notes,
    own_data,
    plan,
    releases,
    room,
    schedule,
    series,
)

SESSION = "sessions/<uuid:session_id>"
PARTNERSHIP = "partnerships/<uuid:partnership_id>"
LEAD = f"{PARTNERSHIP}/leads/<uuid:lead_id>"  # the person's id
ACTION = "actions/<uuid:action_id>"
STEP = f"{SESSION}/steps/<int:position>"
BULK = "admin/schedule/many/<uuid:bulk_id>"
ENTRY = f"{SESSION}/entries/<uuid:entry_id>"

urlpatterns = [
    # the room, first: it is asked for most
    path(f"{SESSION}/", room.session_detail, name="session_detail"),
    path(f"{SESSION}/live/", room.session_live, name="session_live"),
    path(f"{SESSION}/version/", room.session_version, name="session_version"),
    path(f"{SESSION}/start/", room.session_start, name="session_start"),
    path(f"{SESSION}/pause/", room.session_pause, name="session_pause"),
    path(f"{SESSION}/resume/", room.session_resume, name="session_resume"),
    path(f"{SESSION}/discard/", room.session_discard, name="session_discard"),
    path(f"{SESSION}/reopen/", room.session_reopen, name="session_reopen"),
    path(f"{SESSION}/next/", room.session_next, name="session_next"),
    path(f"{STEP}/", room.step_detail, name="step_detail"),
    path(f"{STEP}/ready/", room.step_ready_create, name="step_ready_create"),
    path(f"{STEP}/ready/delete/", room.step_ready_delete, name="step_ready_delete"),
    path(f"{STEP}/open/", room.step_open, name="step_open"),
    path(f"{STEP}/next/", room.step_next_create, name="step_next_create"),
    path(f"{STEP}/next/delete/", room.step_next_delete, name="step_next_delete"),
    path(f"{STEP}/extend/", room.step_extend, name="step_extend"),
    # entries
    path(f"{SESSION}/prompts/<uuid:prompt_id>/entries/", entries.entry_create, name="entry_create"),
    path(f"{SESSION}/prompts/<uuid:prompt_id>/answer/", entries.answer_update, name="answer_update"),
    path(f"{ENTRY}/", entries.entry_update, name="entry_update"),
    path(f"{ENTRY}/delete/", entries.entry_delete, name="entry_delete"),
    path(f"{ENTRY}/restore/", entries.entry_restore, name="entry_restore"),
    path(f"{ENTRY}/pick/", entries.entry_pick_create, name="entry_pick_create"),
    path(f"{ENTRY}/pick/delete/", entries.entry_pick_delete, name="entry_pick_delete"),
    path(f"{ENTRY}/table/", entries.entry_table, name="entry_table"),
    path(f"{ENTRY}/talk/", entries.entry_talk, name="entry_talk"),
    path("drafts/<str:key>/", entries.draft_update, name="draft_update"),
    # home, planning
    path("", home.home, name="home"),
    path(f"{PARTNERSHIP}/", home.partnership_detail, name="partnership_detail"),
    path(f"{PARTNERSHIP}/sessions/new/", plan.session_create, name="session_create"),
    path(f"{PARTNERSHIP}/sessions/now/", plan.session_create_now, name="session_create_now"),
    path(f"{SESSION}/move/", plan.session_move, name="session_move"),
    # what one person has here
    path("settings/data/", own_data.data_detail, name="data_detail"),
    path("settings/data/export/", own_data.data_export, name="data_export"),
    path("settings/data/erase/", own_data.data_erase, name="data_erase"),
    # what is kept, what is handed over, the end
    path(f"{PARTNERSHIP}/end/", ending.partnership_end, name="partnership_end"),
    path(f"{PARTNERSHIP}/resume/", ending.partnership_resume, name="partnership_resume"),
    path(f"{PARTNERSHIP}/farewell/", ending.farewell_create, name="farewell_create"),
    path(f"{PARTNERSHIP}/handover/", ending.handover_update, name="handover_update"),
    # calendars
    path("cal/<str:token>.ics", calendar.calendar_feed, name="calendar_feed"),
    path(f"{SESSION}/calendar.ics", calendar.session_calendar, name="session_calendar"),
    # what has been
    path(f"{PARTNERSHIP}/history/", history.history_detail, name="history_detail"),
    path(f"{SESSION}/print/", history.session_print, name="session_print"),
    # leads: what they open, and what the two show them
    path("leads/", leads.lead_list, name="lead_list"),
    path(f"{PARTNERSHIP}/offers/new/", leads.offer_create, name="offer_create"),
    path("offers/<uuid:offer_id>/accept/", leads.offer_accept, name="offer_accept"),
    path("offers/<uuid:offer_id>/decline/", leads.offer_decline, name="offer_decline"),
    path("needs/<uuid:need_id>/answer/", leads.need_answer, name="need_answer"),
    path(f"{PARTNERSHIP}/leads/", releases.release_list, name="release_list"),
    path(f"{LEAD}/releases/new/", releases.release_create, name="release_create"),
    path("releases/<uuid:release_id>/", releases.release_detail, name="release_detail"),
    path("releases/<uuid:release_id>/confirm/", releases.release_confirm, name="release_confirm"),
    path("releases/<uuid:release_id>/withdraw/", releases.release_withdraw, name="release_withdraw"),
    path(f"{LEAD}/needs/new/", releases.need_create, name="need_create"),
    path("needs/<uuid:need_id>/", releases.need_update, name="need_update"),
    # the rhythm
    path(f"{PARTNERSHIP}/rhythm/", series.series_detail, name="series_detail"),
    path(f"{PARTNERSHIP}/rhythm/new/", series.series_create, name="series_create"),
    path(f"{PARTNERSHIP}/rhythm/about/", series.series_update, name="series_update"),
    path(f"{PARTNERSHIP}/rhythm/pause/", series.series_pause, name="series_pause"),
    path(f"{PARTNERSHIP}/rhythm/resume/", series.series_resume, name="series_resume"),
    path(f"{PARTNERSHIP}/rhythm/end/", series.series_end, name="series_end"),
    path(f"{SESSION}/following/", series.series_change, name="series_change"),
    path(f"{SESSION}/skip/", series.session_skip, name="session_skip"),
    path(f"{SESSION}/restore/", series.session_restore, name="session_restore"),
    path(f"{SESSION}/met/", series.session_met, name="session_met"),
    # actions between retros
    path(f"{PARTNERSHIP}/actions/", actions.action_list, name="action_list"),
    path(f"{PARTNERSHIP}/actions/new/", actions.action_create, name="action_create"),
    path(f"{ACTION}/", actions.action_update, name="action_update"),
    path(f"{ACTION}/done/", actions.action_done_create, name="action_done_create"),
    path(f"{ACTION}/done/delete/", actions.action_done_delete, name="action_done_delete"),
    path(f"{ACTION}/delete/", actions.action_delete, name="action_delete"),
    path(f"{ACTION}/restore/", actions.action_restore, name="action_restore"),
    # the admin's pages
    path("admin/partnerships/import/", imports.partnership_import, name="partnership_import"),
    path("admin/partnerships/import/new/", imports.partnership_import_create, name="partnership_import_create"),
    path("admin/mail/", mails.mail_list, name="mail_list"),
    path("admin/mail/retry/", mails.mail_retry_all, name="mail_retry_all"),
    path("admin/mail/<uuid:delivery_id>/retry/", mails.mail_retry, name="mail_retry"),
    path("admin/schedule/", schedule.schedule, name="schedule"),
    path("admin/schedule/month/", schedule.schedule_month, name="schedule_month"),
    path("admin/schedule/load/", schedule.schedule_load, name="schedule_load"),
    path("admin/schedule/checks/", schedule.schedule_checks, name="schedule_checks"),
    path("admin/schedule/many/", schedule.bulk_preview, name="bulk_preview"),
    path("admin/schedule/many/new/", schedule.bulk_create, name="bulk_create"),
    path(f"{BULK}/", schedule.bulk_detail, name="bulk_detail"),
    path(f"{BULK}/undo/", schedule.bulk_undo, name="bulk_undo"),
    path(f"admin/{PARTNERSHIP}/end/", admin_ending.admin_partnership_end, name="admin_partnership_end"),
    path(f"admin/{PARTNERSHIP}/resume/", admin_ending.admin_partnership_resume, name="admin_partnership_resume"),
    # agreements in the room and beside it
    path(f"{PARTNERSHIP}/dream-team/", agreements.dream_team_create, name="dream_team_create"),
    path("agreements/<uuid:agreement_id>/", agreements.agreement_detail, name="agreement_detail"),
    path("agreements/<uuid:agreement_id>/session/", agreements.agreement_session, name="agreement_session"),
    path(
        "agreements/<uuid:agreement_id>/clauses/<uuid:line>/", agreements.clause_link_update, name="clause_link_update"
    ),
    path(f"{SESSION}/agree/", agreements.session_agree, name="session_agree"),
    path(f"{SESSION}/agreements/<uuid:agreement_id>/look/", agreements.look_create, name="look_create"),
    path(f"{SESSION}/actions/<uuid:action_id>/clause/", agreements.review_clause, name="review_clause"),
    path(f"{ACTION}/clause/", agreements.action_clause, name="action_clause"),
    path(f"{ENTRY}/clause/", agreements.entry_clause, name="entry_clause"),
    path(f"{SESSION}/learnings/<uuid:note_id>/clause/", agreements.learning_clause, name="learning_clause"),
    # notes, learnings, actions of the day
    path(f"{STEP}/note/", notes.note_update, name="note_update"),
    path(f"{ENTRY}/note/", notes.entry_note_update, name="entry_note_update"),
    path(f"{ENTRY}/surprises/", notes.surprise_create, name="surprise_create"),
    path(f"{STEP}/decisions/", notes.decision_create, name="decision_create"),
    path(f"{SESSION}/prompts/<uuid:prompt_id>/settle/", notes.decision_settle, name="decision_settle"),
    path(f"{STEP}/summary/", notes.summary_update, name="summary_update"),
    path(f"{STEP}/learnings/", notes.learning_create, name="learning_create"),
    path(f"{SESSION}/learnings/<uuid:note_id>/", notes.learning_update, name="learning_update"),
    path(f"{SESSION}/learnings/<uuid:note_id>/delete/", notes.learning_delete, name="learning_delete"),
    path(f"{SESSION}/learnings/<uuid:note_id>/restore/", notes.learning_restore, name="learning_restore"),
    path(f"{STEP}/actions/", notes.room_action_create, name="room_action_create"),
    path(f"{SESSION}/actions/<uuid:action_id>/review/", notes.review_update, name="review_update"),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", demo.demo, name="demo"))
