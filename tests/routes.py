"""Every route of the site, and what each of the cast is answered by each of its methods.

A route that is missing from TABLE fails, and so does a row without a route (docs/rules/visibility.md V2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.world import PHASES

MEMBERS = ("ines", "tom")
OTHERS = ("priya", "sara", "mei", "ada", "lena", "former_lead")  # signed in, and not of this pair
STRANGERS = ("nobody", "suspended")
ADMINS = ("ada", "lena")  # Lena is also a member, elsewhere
HOMELESS = ("mei", "former_lead")


@dataclass(frozen=True)
class Row:
    """What a route answers. A member's statuses stand for each of PHASES, or once for all; "200/404": Ines's, Tom's."""

    get: str
    post: str = "405"
    other_get: int = 404
    other_post: int = 404
    stranger_get: int = 302
    stranger_post: int = 302
    admin: tuple[str, str] | None = None  # what an admin gets, where that is more than the others do
    lead: tuple[str, str] | None = None  # what the lead gets, where that is more than the others do

    def expected(self, who: str, method: str, phase: str) -> int:
        if who in STRANGERS:
            return self.stranger_get if method == "GET" else self.stranger_post
        if self is TABLE["home"] and method == "GET" and who in HOMELESS:
            return 200  # the invitation to begin; the others go on to what is theirs
        more = self.lead if who == "sara" else self.admin if who in ADMINS else None
        if who in OTHERS and more is None:
            return self.other_get if method == "GET" else self.other_post
        statuses = (more or (self.get, self.post))[method == "POST"].split()
        found = statuses[PHASES.index(phase)] if len(statuses) > 1 else statuses[0]
        return int(found.split("/")[-1 if who == "tom" else 0])


def page(get: str = "200", post: str = "405", **more: Any) -> Row:
    return Row(get, post, other_post=405 if post == "405" else 404, **more)


def leads(get: str, post: str, *, members: tuple[str, str] = ("404", "404")) -> Row:
    """For the lead; what the two get of it stands in `members`."""
    return Row(*members, other_post=405 if members[1] == "405" else 404, lead=(get, post))


def press(post: str) -> Row:
    """Only pressed: a look at it is refused whoever looks, and tells nobody whether there is such a thing."""
    return Row("405", post, other_get=405)


def admins(get: str = "200", post: str = "405") -> Row:
    """A page of the admins, or a press (405 to every look). To all others, the pair too, there is no such thing."""
    others = (405 if get == "405" else 404, 405 if post == "405" else 404)
    return Row(str(others[0]), str(others[1]), *others, admin=(get, post))


def account(get: int = 200, post: int = 200, stranger_get: int = 200, stranger_post: int = 200) -> Row:
    return Row(str(get), str(post), get, post, stranger_get, stranger_post)


TABLE: dict[str, Row] = {
    # accounts
    "account_login": account(302, 302),
    "account_logout": account(200, 302, 302, 302),
    "account_inactive": account(post=405, stranger_post=405),
    "account_signup": account(302, 302),
    "account_reauthenticate": account(stranger_get=302, stranger_post=302),
    "account_email": account(200, 302, 302, 302),
    "account_email_verification_sent": account(post=405, stranger_post=405),
    "account_change_password": account(stranger_get=302, stranger_post=302),
    "account_set_password": account(302, 302, 302, 302),
    "reauthenticate_by_code": account(302, 302, 302, 302),
    "openid_connect_login": account(405, 404, 405, 404),  # there is no provider
    "openid_connect_callback": account(404, 405, 404, 405),
    "mfa_index": account(200, 405, 302, 302),
    "mfa_authenticate": account(302, 302, 302, 302),
    "mfa_reauthenticate": account(302, 302, 302, 302),
    "mfa_activate_totp": account(302, 302, 302, 302),
    "mfa_app_image": account(302, 405, 302, 302),
    "mfa_deactivate_totp": account(404, 404, 302, 302),
    "mfa_view_recovery_codes": account(302, 302, 302, 302),
    "mfa_generate_recovery_codes": account(302, 302, 302, 302),
    "mfa_login_webauthn": account(404, 404, 404, 404),  # no passkeys on plain http
    "mfa_add_webauthn": account(404, 404, 302, 302),
    "mfa_remove_webauthn": account(404, 404, 302, 302),
    "mfa_reauthenticate_webauthn": account(404, 404, 302, 302),
    "device_list": account(200, 405, 302, 302),
    "device_end": account(405, 404, 302, 302),
    "sign_in_undo": account(),
    "sign_in_link": account(200, 422, 200, 422),
    "sign_in_links": account(200, 302, 302, 302),
    "account_reset_password": account(),
    "account_confirm_login_code": account(302, 302, 302, 302),
    "account_confirm_email": account(200, 404, 200, 404),
    "account_reset_password_from_key": account(),
    "account_reset_password_from_key_done": account(post=405, stranger_post=405),
    "account_reset_password_done": account(post=405, stranger_post=405),
    "account_request_login_code": account(302, 302),
    "sign_in_here": account(405, 200, 405, 422),
    "person_update": account(200, 302, 302, 302),
    "reminder_update": account(200, 302, 302, 302),
    "feed_create": account(405, 200, 302, 302),
    "feed_delete": account(405, 302, 302, 302),
    "notice_dismiss": press("404/302"),
    "unsubscribe": account(),
    "calendar_feed": account(post=405, stranger_post=405),
    "healthz": account(post=405, stranger_post=405),
    "metrics": account(404, 405, 404, 405),
    "guide_detail": account(200, 405, 302, 302),
    "session_end_all": account(405, 302, 302, 302),
    "data_detail": account(200, 405, 302, 302),
    "data_export": account(405, 302, 302, 302),  # confirm the password first
    "data_erase": account(200, 302, 302, 302),
    # invitations, partnerships
    "invitation_waiting": account(404, 405, 302, 302),
    "invitation_waiting_accept": account(405, 409, 302, 302),
    "invitation_detail": account(200, 405, 200, 405),
    "invitation_accept": account(405, 409, 302, 302),
    "invitation_update": press("200/404"),
    "invitation_delete": press("302/404"),
    "partnership_create": account(200, 200, 302, 302),
    "partnership_invite": page(post="409"),
    "partnership_detail": page(),
    "partnership_course": page("302"),
    "together": page("302"),
    "home": Row("200/302", "405", 302, 405),
    "partnership_end": page(post="302"),
    "partnership_export": page(post="302"),  # confirm the password first
    "partnership_resume": press("302"),
    "farewell_create": press("302 302 302 302 409"),
    "handover_update": press("302 302 302 302 403"),
    # history, leads
    "history_detail": leads("200", "405", members=("200", "405")),
    "session_print": page(),
    "search": page(),
    "lead_list": account(200, 405, 302, 302),
    "offer_create": leads("200", "302 302 302 302 409"),
    "offer_accept": press("302 302 302 302 403"),
    "offer_decline": press("302 302 302 302 403"),
    "need_answer": leads("200", "302 302 302 302 409"),
    "release_list": page(),
    "release_create": page(post="302"),
    "release_detail": page(),
    "release_confirm": press("302"),
    "release_withdraw": press("302"),
    "need_create": page(post="302 302 302 302 403"),
    "need_update": page(post="302 302 302 302 403"),
    # planning, actions between retros
    "session_create": page(post="302 302 302 302 403"),
    "session_create_now": press("302 302 302 302 409"),
    "exercise_list": page(),
    "health_interval_update": press("302 302 302 302 403"),
    "jot_create": account(200, 405, 302, 302),
    "jot_list": page(post="302 302 302 302 403"),
    "measure_list": page(post="302 302 302 302 403"),
    "measure_update": page(post="302 302 302 302 403"),
    "measure_delete": press("302 302 302 302 403"),
    "measure_restore": press("302 302 302 302 403"),
    "trend_list": page(),
    "jot_delete": press("302"),
    "jot_restore": press("302"),
    "card_import": page(post="302 409/302 409 302 403"),
    "action_import": page(post="302 302 302 302 403"),
    "shelf_detail": account(200, 405, 302, 302),
    "kind_word_create": page(post="302 302 302 302 403"),
    "kind_word_delete": press("302"),
    "kind_word_restore": press("302"),
    "exercise_detail": page(post="302 302 302 302 409"),
    "session_calendar": page(),
    "session_move": page(post="302 302 302 302 403"),
    "session_skip": page(post="302 302 302 302 403"),
    "session_restore": press("302 302 302 302 403"),
    "session_met": page(post="302 302 302 302 403"),
    "series_detail": page(),
    "series_create": page(post="409 409 409 409 403"),
    "series_change": page(post="200 200 200 200 403"),
    "series_update": press("302 302 302 302 403"),
    "series_pause": press("302 302 302 302 403"),
    "series_resume": press("302 302 302 302 403"),
    "series_end": press("302 302 302 302 403"),
    "action_list": page(),
    "helped_list": page(),
    "action_create": page(post="302 302 302 302 403"),
    "action_update": page(post="302 302 302 302 403"),
    "action_done_create": press("302 302 302 302 403"),
    "action_done_delete": press("302 302 302 302 403"),
    "action_delete": press("302 302 302 302 403"),
    "action_restore": press("302 302 302 302 403"),
    # agreements
    "agreement_list": page(),
    "agreement_create": page(post="302 302 302 302 403"),
    "agreement_detail": page(),
    "agreement_review": press("302 302 302 302 403"),
    "agreement_close": press("302 302 302 302 403"),
    "agreement_reopen": press("302 302 302 302 403"),
    "agreement_export": press("302"),  # confirm the password first
    "agreement_print": page(),
    "version_create": page(post="422 422 422 422 403"),
    "version_detail": page(),
    "version_sign": press("302 302 302 302 403"),
    "version_unsign": press("302 302 302 302 403"),
    "version_counter": page(post="422"),
    "version_defer": press("302 302 302 302 403"),
    "version_withdraw": press("403/302 403/302 403/302 403/302 403"),
    "version_update": page(post="409 409 409 409 403"),
    "dream_team_create": press("302 302 302 302 403"),
    "agreement_session": press("302 302 302 302 409"),
    "entry_clause": page("404/200 404/200 200 200 200", "404/409 404/409 302 302 403"),
    "learning_clause": page(post="302 302 302 302 403"),
    "clause_link_update": page(post="302 302 302 302 403"),
    "look_create": press("302 302 302 409 403"),
    "proposal_sign": press("302 302 302 302 403"),
    "review_clause": press("302 302 302 409 403"),
    "action_clause": press("302 302 302 302 403"),
    "surprise_create": press("404/422 302/422 302/422 302/422 403/422"),
    "decision_create": press("302 302 302 302 403"),
    "sentence_update": press("302 302 302 302 403"),
    "decision_settle": press("302 302 302 302 403"),
    # the room
    "session_detail": page("302"),
    "session_live": page("302"),  # to the page, for a browser without script
    "session_version": page(),
    "step_detail": page(),
    "session_start": page(post="302 302 302 302 403"),
    "session_start_delete": press("302 302 302 302 403"),
    "session_pause": press("302 302 302 409 403"),
    "session_resume": press("302 302 302 409 403"),
    "session_discard": press("302 302 302 302 403"),
    "session_reopen": press("302 302 302 302 403"),
    "session_next": press("302 302 302 302 403"),
    "session_next_move": press("302 302 302 302 403"),
    "step_ready_create": press("302 302 302 409 403"),
    "step_ready_delete": press("302 409/302 409 409 403"),
    "step_open": press("302 302 302 409 403"),
    "step_next_create": press("409 409 302 302 403"),
    "step_next_delete": press("302 302 302 409 403"),
    "step_extend": press("302 302 302 409 403"),
    # entries: those that are pressed on a card of Tom's are hidden from Ines until it is open
    "entry_create": press("302 302 302 409 403"),
    "answer_update": press("302 302 302 409 403"),
    "entry_update": page(post="302 302 302 409 403"),
    "entry_delete": press("302 302 302 409 403"),
    "entry_restore": press("302 302 302 409 403"),
    "entry_pick_create": press("404/409 404/409 302 409 403"),
    "entry_pick_delete": press("404/409 404/409 302 409 403"),
    "entry_table": press("404/409 404/409 302 409 403"),
    "entry_talk": press("404/409 404/409 302 409 403"),
    "draft_update": account(405, 200, 302, 302),
    # notes, learnings, actions of the day
    "summary_update": press("302 302 302 409 403"),
    "note_update": press("302 302 302 409 403"),
    "entry_note_update": press("404/409 404/409 302 409 403"),
    "learning_create": press("302 302 302 409 403"),
    "learning_update": page(post="302 302 302 409 403"),
    "learning_delete": press("302 302 302 409 403"),
    "learning_restore": press("302 302 302 409 403"),
    "room_action_create": press("302 302 302 409 403"),
    "room_action_delete": press("302 302 302 409 403"),
    "room_action_restore": press("302 302 302 409 403"),
    "review_update": press("302 302 302 409 403"),
    # the admin's pages
    "person_list": admins(),
    "audit_list": admins(),
    "person_detail": admins(),
    "person_invite": admins(post="200"),
    "person_role_update": admins("405", "302"),
    "person_admin_create": admins("405", "302"),
    "person_admin_delete": admins("405", "302"),
    "person_deactivate": admins("405", "302"),
    "person_reactivate": admins("405", "302"),
    "person_link_create": admins("405", "200"),
    "person_factor_reset": admins("405", "409"),  # nobody there has one
    "person_sessions_end": admins("405", "302"),
    "admin_invitation_update": admins("405", "200"),
    "admin_invitation_delete": admins("405", "302"),
    "admin_partnership_list": admins(),
    "admin_partnership_detail": admins(),
    "admin_partnership_roles": admins(post="302"),
    "admin_partnership_create": admins(post="200"),
    "lead_create": admins("405", "302 302 302 302 409"),
    "lead_delete": admins("405", "302"),
    "schedule": admins(),
    "schedule_month": admins(),
    "schedule_load": admins(),
    "schedule_checks": admins(),
    "bulk_preview": admins("422"),  # nobody is chosen
    "bulk_create": admins("405", "409"),  # not what a preview showed
    "bulk_detail": admins(),
    "admin_session_create": admins(post="302 302 302 302 403"),
    "admin_session_move": admins("200 200 200 200 404", "302 302 302 302 404"),
    "admin_session_skip": admins("200 200 200 200 404", "302 302 302 302 404"),
    "admin_partnership_update": admins("405", "302"),
    "bulk_resume": admins("405", "302"),
    "bulk_undo": admins("405", "409"),
    "mail_list": admins(),
    "mail_retry": admins("405", "302"),
    "organisation_update": admins("200", "302"),
    "mail_test": admins("405", "409"),  # no mail server
    "mail_retry_all": admins("405", "302"),
    "partnership_import": admins(post="422"),  # no file
    "partnership_import_create": admins("405", "422"),
    "partnership_import_example": admins(),
    "template_list": admins(),
    "template_create": admins(post="422"),  # no text
    "template_detail": admins(),
    "template_export": admins(),
    "template_clone": admins("405", "302"),
    "template_update": admins(post="302"),
    "template_step_update": admins(post="302"),
    "template_retire": admins("405", "302"),
    "template_restore": admins("405", "302"),
    "template_usual": admins("405", "302"),
    "admin_partnership_end": admins("405", "302"),
    "admin_partnership_resume": admins("405", "302"),
    "admin_partnership_dates": admins(),
    "admin_session_met": admins("404", "404"),  # none of the retros there was missed
}
# What a stranger may open: signing in, getting an account or getting it back, the page of an invitation. Nothing else.
PUBLIC = {
    "account_login", "account_logout", "account_inactive", "account_signup", "account_email_verification_sent",
    "account_reset_password", "account_confirm_login_code", "account_confirm_email", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_request_login_code",
    "invitation_detail", "sign_in_here", "sign_in_undo", "sign_in_link", "unsubscribe", "calendar_feed",
    "healthz", "metrics", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback",
}  # fmt: skip
ANYBODYS = (
    "account_",
    "device_",
    "mfa_",
    "openid_connect_",
    "invitation_waiting",
    "metrics",
)  # what they answer hangs on the browser or its token, not on whose it is
OWN = {"notice_dismiss"}  # nobody else's, and not the pair's either
INSIDE = (*MEMBERS, "sara")  # the pages that these three open: tests/test_canary.py, with every mark on them
OF_PAIR = {
    "partnership_id", "session_id", "position", "prompt_id", "entry_id", "note_id", "action_id", "agreement_id",
    "version_id", "line", "lead_id", "release_id", "need_id", "offer_id", "jot_id", "word_id", "measure_id",
}  # fmt: skip
