"""Every route of the site: where it leads, what is sent there, and what each of the cast is answered.

One row in TABLE is all that a new route needs: every crawl reads it. A route that is missing fails, and so does a row
without a route (docs/rules/visibility.md V2). A new kind of parameter stands in PARAMETERS.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from partnerships.models import Organisation
from partnerships.seen import version_of
from tests.retros.play import CLOSE, CONCLUDE, PULSE, WRITE

if TYPE_CHECKING:
    from tests.world import World

# The step of the cards: nothing open, Ines's side open, both open; then the session closed, the partnership ended.
PHASES = ("folded", "opened", "revealed", "closed", "archived")
MEMBERS = ("ines", "tom")
OTHERS = ("priya", "sara", "mei", "ada", "lena", "former_lead")  # signed in, and not of this pair
STRANGERS = ("nobody", "suspended")
ADMINS = ("ada", "lena")  # Lena is also a member, elsewhere
HOMELESS = ("mei", "former_lead")


Fields = dict[str, Any]
Made = Fields | Callable[["World", str], Fields]  # by the world, and for somebody of the cast


@dataclass(frozen=True)
class Route:
    """What a route answers. A member's statuses stand for each of PHASES, or once for all; "200/404": Ines's, Tom's."""

    get: str
    post: str = "405"
    other_get: int = 404
    other_post: int = 404
    stranger_get: int = 302
    stranger_post: int = 302
    admin: tuple[str, str] | None = None  # what an admin gets, where that is more than the others do
    lead: tuple[str, str] | None = None  # what the lead gets, where that is more than the others do
    left: dict[str, int] = field(default_factory=dict)  # by method, once one has left: where an ended pair gets another
    args: Made = field(default_factory=dict)  # where PARAMETERS do not lead
    data: Made = field(default_factory=dict)  # what its form sends when all is well
    keeps: str = ""  # the field of a text that is typed there and kept
    needed: bool = False  # it takes no empty one
    public: bool = False  # a stranger may open it
    own: bool = False  # nobody else's, and not the pair's either
    is_file: bool = False  # or a number, but no page

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


def page(get: str = "200", post: str = "405", **more: Any) -> Route:
    return Route(get, post, other_post=405 if post == "405" else 404, **more)


def leads(get: str, post: str, *, members: tuple[str, str] = ("404", "404"), **more: Any) -> Route:
    """For the lead; what the two get of it stands in `members`."""
    return Route(*members, other_post=405 if members[1] == "405" else 404, lead=(get, post), **more)


def press(post: str, **more: Any) -> Route:
    """Only pressed: a look at it is refused whoever looks, and tells nobody whether there is such a thing."""
    return Route("405", post, other_get=405, **more)


def admins(get: str = "200", post: str = "405", **more: Any) -> Route:
    """A page of the admins, or a press (405 to every look). To all others, the pair too, there is no such thing."""
    others = (405 if get == "405" else 404, 405 if post == "405" else 404)
    return Route(str(others[0]), str(others[1]), *others, admin=(get, post), **more)


def account(get: int = 200, post: int = 200, stranger_get: int = 200, stranger_post: int = 200, **more: Any) -> Route:
    return Route(str(get), str(post), get, post, stranger_get, stranger_post, **more)


# --- where ------------------------------------------------------------------------------------------------------------


def session(name: str) -> Made:
    return lambda w, own: {"session_id": w.sessions[name].pk}


def known(**ids: str) -> Made:
    """By their names among the ids of the world."""
    return lambda w, own: {name: w.ids[which.format(own=own)] for name, which in ids.items()}


def surprising(w: World, own: str) -> Fields:
    sitting = w.sessions["folded sitting" if w.phase == "folded" else "open sitting"]
    return {"session_id": sitting.pk, "entry_id": w.ids[f"tom role {sitting.pk}"]}


# --- what is sent -----------------------------------------------------------------------------------------------------

TEXT = {"text": "zzzplain"}


def day_in(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def key() -> Fields:
    return {"client_id": uuid.uuid4()}


def worded(w: World, who: str) -> Fields:
    return TEXT | key()


def action(w: World, who: str) -> Fields:
    return {**TEXT, **key(), "owner": "a", "due": "2030-01-02", "cue": "", "because": "", "seen_by": ""}


def clause(w: World, who: str) -> Fields:
    return {"agreement": w.ids["agreement"], **TEXT, "reason": "zzzreason", **key()}


def agreement(w: World, who: str) -> Fields:
    return {"agreement": w.ids["agreement"]}


def proposed(w: World, who: str) -> Fields:
    return {"digest": w.ids["proposal digest"]}


def described(w: World, who: str) -> Fields:
    w.cast.checkout.refresh_from_db()
    return {"label": "zzzlabel", "kind": "other", "version": version_of(w.cast.checkout.details)}


def roles(w: World, who: str) -> Fields:
    now = w.cast.checkout.memberships.order_by("seat").values_list("role_label", flat=True)
    return {"a": "zzzrole", "b": "", "version": version_of(list(now))}


def role(w: World, who: str) -> Fields:
    w.cast.tom.refresh_from_db(fields=["role_label"])
    return {"role_label": "zzzrole", "version": version_of([w.cast.tom.role_label])}


def when(w: World, who: str) -> Fields:
    return {"day": day_in(9).isoformat(), "time": "14:00", "zone": "Europe/Paris"}


def rhythm(w: World, who: str) -> Fields:
    later = w.sessions["slot"].start_local.date()
    return {**when(w, who), "day": later.isoformat(), "cadence": "every_2_weeks", "duration": "60"}


def shown_at(position: int) -> Made:
    """What the page of that step shows, for whoever has a side."""
    return lambda w, who: {"digest": w.session.steps[position].digest(w.people[who])} if who in MEMBERS else {}


# --- the rows ---------------------------------------------------------------------------------------------------------

TABLE: dict[str, Route] = {
    # accounts
    "account_login": account(302, 302, public=True),
    "account_logout": account(200, 302, 302, 302, public=True),
    "account_inactive": account(post=405, stranger_post=405, public=True),
    "account_signup": account(302, 302, public=True),
    "account_reauthenticate": account(stranger_get=302, stranger_post=302),
    "account_email": account(200, 302, 302, 302),
    "account_email_verification_sent": account(post=405, stranger_post=405, public=True),
    "account_change_password": account(stranger_get=302, stranger_post=302),
    "account_set_password": account(302, 302, 302, 302),
    "reauthenticate_by_code": account(302, 302, 302, 302),
    # there is no provider
    "openid_connect_login": account(405, 404, 405, 404, public=True),
    "openid_connect_callback": account(404, 405, 404, 405, public=True),
    "mfa_index": account(200, 405, 302, 302),
    "mfa_authenticate": account(302, 302, 302, 302, public=True),
    "mfa_reauthenticate": account(302, 302, 302, 302),
    "mfa_activate_totp": account(302, 302, 302, 302),
    "mfa_app_image": account(302, 405, 302, 302),
    "mfa_deactivate_totp": account(404, 404, 302, 302),
    "mfa_view_recovery_codes": account(302, 302, 302, 302),
    "mfa_generate_recovery_codes": account(302, 302, 302, 302),
    # no passkeys on plain http
    "mfa_login_webauthn": account(404, 404, 404, 404, public=True),
    "mfa_add_webauthn": account(404, 404, 302, 302),
    "mfa_remove_webauthn": account(404, 404, 302, 302, args={"pk": 1}),
    "mfa_reauthenticate_webauthn": account(404, 404, 302, 302),
    "device_list": account(200, 405, 302, 302),
    "device_end": account(405, 404, 302, 302, args={"device_id": "none"}),
    "sign_in_undo": account(args=known(token="undo"), public=True),
    "sign_in_link": account(200, 422, 200, 422, args=known(token="sign_in_link"), public=True),
    "sign_in_links": account(200, 302, 302, 302),
    "account_reset_password": account(public=True),
    "account_confirm_login_code": account(302, 302, 302, 302, public=True),
    "account_confirm_email": account(200, 404, 200, 404, public=True),
    "account_reset_password_from_key": account(public=True),
    "account_reset_password_from_key_done": account(post=405, stranger_post=405, public=True),
    "account_reset_password_done": account(post=405, stranger_post=405, public=True),
    "account_request_login_code": account(302, 302, public=True),
    "sign_in_here": account(405, 200, 405, 422, public=True),
    "person_update": account(
        200, 302, 302, 302, data={"name": "Zzz Name", "timezone": "UTC", "theme": "dark", "role_label": "zzzrole"}
    ),
    "reminder_update": account(
        200,
        302,
        302,
        302,
        data={
            "calendar_mode": "feed",
            "working_days": ["1", "3"],
            "quiet_from": "21:00",
            "quiet_to": "07:00",
            "wanted": ["day_ahead:email"],
        },
    ),
    "feed_create": account(405, 200, 302, 302, data=lambda w, who: {"seen": w.feed_mark(who)}),
    "feed_delete": account(405, 302, 302, 302),
    "notice_dismiss": press("404/302", own=True),
    "unsubscribe": account(args=known(token="unsubscribe"), public=True),
    "calendar_feed": account(post=405, stranger_post=405, args=known(token="feed"), public=True, is_file=True),
    "healthz": account(post=405, stranger_post=405, public=True, is_file=True),
    "metrics": account(404, 405, 404, 405, public=True),
    "guide_detail": account(200, 405, 302, 302),
    "session_end_all": account(405, 302, 302, 302),
    "data_detail": account(200, 405, 302, 302),
    "data_export": account(405, 302, 302, 302),  # confirm the password first
    "data_erase": account(200, 302, 302, 302, data={"understood": "on"}),
    # invitations, partnerships
    "invitation_waiting": account(404, 405, 302, 302),
    "invitation_waiting_accept": account(405, 409, 302, 302),
    "invitation_detail": account(200, 405, 200, 405, public=True),
    "invitation_accept": account(405, 409, 302, 302),
    "invitation_update": press("200/404"),
    "invitation_delete": press("302/404"),
    "partnership_create": account(
        200, 200, 302, 302, data={"kind": "other", "label": "zzzlabel", "since": "2024-01-02", "email": "x@example.org"}
    ),
    "partnership_invite": page(post="409", data={"email": "x@example.org"}),
    "partnership_detail": page(),
    "partnership_course": page("302"),
    "together": page("302"),
    "home": Route("200/302", "405", 302, 405),
    "partnership_end": page(post="302"),
    # confirm the password first
    "partnership_export": page(post="302", data={"form": "json"}),
    "partnership_resume": press("302", left={"POST": 409}),
    "farewell_create": press("302 302 302 302 409"),
    "handover_update": press("302 302 302 302 403", data={**TEXT, "version": 1}),
    # history, leads
    "history_detail": leads("200", "405", members=("200", "405")),
    "session_print": page(),
    "search": page(),
    "lead_list": account(200, 405, 302, 302),
    "offer_create": leads(
        "200",
        "302 302 302 302 409",
        data=lambda w, who: (
            {"kind": "times"} | {n: f"{day_in(9)}T1{h}:00" for h, n in enumerate(("first", "second", "third"))}
        ),
    ),
    "offer_accept": press("302 302 302 302 403", data={"choice": 1}),
    "offer_decline": press("302 302 302 302 403"),
    "need_answer": leads(
        "200", "302 302 302 302 409", data=lambda w, who: {**TEXT, "version": w.ids["answer version"]}
    ),
    "release_list": page(),
    "release_create": page(
        post="302",
        data=lambda w, who: {"kind": "need", "thing": w.ids["need"], "digest": w.ids["need digest"]},
        left={"POST": 409},
    ),
    "release_detail": page(),
    "release_confirm": press("302", data=lambda w, who: {"digest": w.ids["waiting digest"]}, left={"POST": 409}),
    "release_withdraw": press("302"),
    "need_create": page(post="302 302 302 302 403", data=worded),
    "need_update": page(post="302 302 302 302 403", data={**TEXT, "version": 2}),
    # planning, actions between retros
    "session_create": page(post="302 302 302 302 403", data=lambda w, who: {**when(w, who), **key()}),
    "session_create_now": press("302 302 302 302 409"),
    "exercise_list": page(),
    "health_interval_update": press("302 302 302 302 403", data={"every": 2}),
    "jot_create": account(200, 405, 302, 302),
    "jot_list": page(post="302 302 302 302 403", data=worded),
    "measure_list": page(post="302 302 302 302 403", data=worded),
    "measure_update": page(post="302 302 302 302 403", data={**TEXT, "version": 1}),
    "measure_delete": press("302 302 302 302 403"),
    "measure_restore": press("302 302 302 302 403"),
    "trend_list": page(),
    "jot_delete": press("302"),
    "jot_restore": press("302"),
    "card_import": page(post="302 409/302 409 302 403", data=worded),
    "action_import": page(
        post="302 302 302 302 403", data=lambda w, who: {"text": "action,due\nzzzplain,2030-01-02", **key()}
    ),
    "shelf_detail": account(200, 405, 302, 302),
    "kind_word_create": page(post="302 302 302 302 403", data=worded),
    "kind_word_delete": press("302"),
    "kind_word_restore": press("302"),
    "exercise_detail": page(post="302 302 302 302 409"),
    "session_calendar": page(args=session("next"), is_file=True),
    "session_move": page(post="302 302 302 302 403", args=session("next"), data=when),
    "session_skip": page(post="302 302 302 302 403", args=session("slot"), data={"reason": "holiday"}),
    "session_restore": press("302 302 302 302 403", args=session("skipped")),
    "session_met": page(
        post="302 302 302 302 403", args=session("gone"), data=lambda w, who: {"day": day_in(-2).isoformat()}
    ),
    "series_detail": page(),
    "series_create": page(post="409 409 409 409 403", data=lambda w, who: {**rhythm(w, who), "pattern": "weekday"}),
    "series_change": page(post="200 200 200 200 403", args=session("slot"), data=rhythm),
    "series_update": press(
        "302 302 302 302 403", data={"title": "zzztitle", "meeting_url": "https://meet.example.org/zzz"}
    ),
    "series_pause": press("302 302 302 302 403", data=lambda w, who: {"from_date": day_in(9).isoformat()}),
    "series_resume": press("302 302 302 302 403"),
    "series_end": press("302 302 302 302 403", data=lambda w, who: {"last": day_in(9).isoformat()}),
    "action_list": page(),
    "helped_list": page(),
    "action_create": page(post="302 302 302 302 403", data=action, keeps="text", needed=True),
    "action_update": page(
        post="302 302 302 302 403", data=lambda w, who: {**action(w, who), "version": 1}, keeps="text", needed=True
    ),
    "action_done_create": press("302 302 302 302 403", data={"closed_as": "done", "helped": "helped"}),
    "action_done_delete": press("302 302 302 302 403"),
    "action_delete": press("302 302 302 302 403"),
    "action_restore": press("302 302 302 302 403", args=known(action_id="deleted action")),
    # agreements
    "agreement_list": page(),
    "agreement_create": page(
        post="302 302 302 302 403", data=lambda w, who: {"kind": "contract", "title": "zzztitle", **key()}
    ),
    "agreement_detail": page(),
    "agreement_review": press("302 302 302 302 403", data=lambda w, who: {"until": day_in(40).isoformat()}),
    "agreement_close": press("302 302 302 302 403"),
    "agreement_reopen": press("302 302 302 302 403"),
    "agreement_export": press("302"),  # confirm the password first
    "agreement_print": page(),
    "version_create": page(post="422 422 422 422 403"),
    "version_detail": page(),
    "version_sign": press("302 302 302 302 403", data=proposed),
    "version_unsign": press("302 302 302 302 403"),
    "version_counter": page(post="422"),
    "version_defer": press("302 302 302 302 403"),
    "version_withdraw": press("403/302 403/302 403/302 403/302 403"),
    "version_update": page(post="409 409 409 409 403"),
    "dream_team_create": press("302 302 302 302 403"),
    "agreement_session": press("302 302 302 302 409"),
    "entry_clause": page(
        "404/200 404/200 200 200 200", "404/409 404/409 302 302 403", args=known(entry_id="tom card"), data=clause
    ),
    "learning_clause": page(post="302 302 302 302 403", data=clause),
    "clause_link_update": page(post="302 302 302 302 403", data={"tags": ["life", "career"]}),
    "look_create": press("302 302 302 409 403"),
    "proposal_sign": press("302 302 302 302 403", data=proposed),
    "review_clause": press("302 302 302 409 403", args=known(action_id="experiment"), data=agreement),
    "action_clause": press("302 302 302 302 403", args=known(action_id="experiment"), data=agreement),
    "surprise_create": press("404/422 302/422 302/422 302/422 403/422", args=surprising, data=worded),
    "decision_create": press(
        "302 302 302 302 403",
        args=lambda w, own: {"session_id": w.sessions["folded sitting"].pk, "position": 0},
        data=worded,
    ),
    "sentence_update": press(
        "302 302 302 302 403",
        args=lambda w, own: {"session_id": w.sessions["open sitting"].pk, "prompt_id": w.ids["question"]},
        data={**TEXT, "version": 1},
        keeps="text",
    ),
    "decision_settle": press(
        "302 302 302 302 403",
        args=lambda w, own: {"session_id": w.sessions["open sitting"].pk, "prompt_id": w.ids["decision"]},
        data={"value": 2},
    ),
    # the room
    "session_detail": page("302"),
    "session_live": page("302"),  # to the page, for a browser without script
    "session_version": page(is_file=True),
    "step_detail": page(),
    "session_start": page(post="302 302 302 302 403", args=session("next"), data={"sure": "1"}, left={"GET": 302}),
    "session_start_delete": press("302 302 302 302 403", args=session("next")),
    "session_pause": press("302 302 302 409 403", data={"reason": "another_day"}),
    "session_resume": press("302 302 302 409 403"),
    "session_discard": press("302 302 302 302 403", args=session("next")),
    "session_reopen": press("302 302 302 302 403"),
    "session_next": press("302 302 302 302 403", data=lambda w, who: {"start": f"{day_in(69)}T14:00", **key()}),
    "session_next_move": press(
        "302 302 302 302 403",
        data=lambda w, who: {"start": f"{day_in(9)}T14:00", "zone": "Europe/Paris"},
        left={"POST": 409},
    ),
    "step_ready_create": press("302 302 302 409 403", data=shown_at(WRITE)),
    "step_ready_delete": press("302 409/302 409 409 403"),
    "step_open": press("302 302 302 409 403", args={"position": CLOSE}, data=shown_at(CLOSE)),
    "step_next_create": press("409 409 302 302 403"),
    "step_next_delete": press("302 302 302 409 403"),
    "step_extend": press("302 302 302 409 403", data={"known": 25}),
    # entries: those that are pressed on a card of Tom's are hidden from Ines until it is open
    "entry_create": press("302 302 302 409 403", data=worded, keeps="text", needed=True),
    "answer_update": press(
        "302 302 302 409 403", args=known(prompt_id="appreciation"), data={**TEXT, "version": 1}, keeps="text"
    ),
    "entry_update": page(
        post="302 302 302 409 403",
        data=lambda w, who: {**TEXT, "version": w.card("entry_update", who).version},
        keeps="text",
        needed=True,
    ),
    "entry_delete": press("302 302 302 409 403"),
    "entry_restore": press("302 302 302 409 403", args=known(entry_id="{own} deleted")),
    "entry_pick_create": press("404/409 404/409 302 409 403", args=known(entry_id="tom card")),
    "entry_pick_delete": press("404/409 404/409 302 409 403", args=known(entry_id="tom card")),
    "entry_table": press("404/409 404/409 302 409 403", args=known(entry_id="tom card")),
    "entry_talk": press("404/409 404/409 302 409 403", args=known(entry_id="tom card"), data={"talk": "parked"}),
    "draft_update": account(405, 200, 302, 302, data={**TEXT, "version": 0}, keeps="text"),
    # notes, learnings, actions of the day
    "summary_update": press("302 302 302 409 403", args={"position": CLOSE}, data={**TEXT, "version": 1}),
    "note_update": press("302 302 302 409 403", args={"position": PULSE}, data={**TEXT, "version": 1}, keeps="text"),
    "entry_note_update": press(
        "404/409 404/409 302 409 403",
        args=known(entry_id="tom card"),
        data=lambda w, who: {**TEXT, "version": int(w.phase not in {"folded", "opened"})},
        keeps="text",
    ),
    "learning_create": press(
        "302 302 302 409 403", args={"position": CONCLUDE}, data=worded, keeps="text", needed=True
    ),
    "learning_update": page(post="302 302 302 409 403", data={**TEXT, "version": 1}, keeps="text"),
    "learning_delete": press("302 302 302 409 403"),
    "learning_restore": press("302 302 302 409 403", args=known(note_id="deleted learning")),
    "room_action_create": press("302 302 302 409 403", data=action, keeps="text", needed=True),
    "room_action_delete": press("302 302 302 409 403"),
    "room_action_restore": press("302 302 302 409 403", args=known(action_id="deleted action")),
    "review_update": press(
        "302 302 302 409 403",
        args=known(action_id="earlier action"),
        data={"verdict": "going", "helped": "helped", "remark": "zzzremark", "version": 1},
        keeps="remark",
    ),
    # the admin's pages
    "person_list": admins(),
    "audit_list": admins(),
    "person_detail": admins(),
    "person_invite": admins(post="200", data={"email": "y@example.org", "role_label": "zzzrole"}),
    "person_role_update": admins("405", "302", data=role),
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
    "admin_partnership_roles": admins(post="302", data=roles),
    "admin_partnership_create": admins(
        post="200",
        data=lambda w, who: {
            "kind": "other",
            "label": "zzzlabel",
            "since": "2024-01-02",
            "email_a": "mei@example.org",
            "email_b": "x@example.org",
            **key(),
        },
    ),
    "lead_create": admins("405", "302 302 302 302 409", data={"email": "mei@example.org"}),
    "lead_delete": admins("405", "302"),
    "schedule": admins(),
    "schedule_month": admins(),
    "schedule_load": admins(),
    "schedule_checks": admins(),
    "bulk_preview": admins("422"),  # nobody is chosen
    # not what a preview showed
    "bulk_create": admins(
        "405",
        "409",
        data=lambda w, who: {
            "act": "plan",
            "pick": f"{w.cast.checkout.pk}:0",
            "first_day": day_in(9),
            "cadence": "monthly",
            "duration_min": 60,
            "key": uuid.uuid4(),
            "digest": "x",
        },
    ),
    "bulk_detail": admins(),
    "admin_session_create": admins(post="302 302 302 302 403", data=when),
    "admin_session_move": admins(
        "200 200 200 200 404",
        "302 302 302 302 404",
        args=session("next"),
        data=lambda w, who: {**when(w, who), "zone": "UTC"},
    ),
    "admin_session_skip": admins(
        "200 200 200 200 404", "302 302 302 302 404", args=session("slot"), data={"reason": "leave"}
    ),
    "admin_partnership_update": admins("405", "302", data=described),
    "bulk_resume": admins("405", "302"),
    "bulk_undo": admins("405", "409"),
    "mail_list": admins(),
    "mail_retry": admins("405", "302", args=known(delivery_id="failed")),
    "organisation_update": admins(
        "200",
        "302",
        data=lambda w, who: {"name": "Zzz Organisation", "version": version_of([Organisation.bare_name()])},
    ),
    "mail_test": admins("405", "409"),  # no mail server
    "mail_retry_all": admins("405", "302"),
    "partnership_import": admins(post="422"),  # no file
    "partnership_import_create": admins("405", "422"),
    "partnership_import_example": admins(is_file=True),
    "template_list": admins(),
    "template_create": admins(post="422"),  # no text
    "template_detail": admins(),
    "template_export": admins(is_file=True),
    "template_clone": admins("405", "302"),
    "template_update": admins(post="302", data={"title": "Zzz", "source": "zzzsource", "version": 1}),
    "template_step_update": admins(
        post="302",
        data={
            "title": "Zzz",
            "heading": "zzzheading",
            "minutes": 5,
            "place": 2,
            "version": 1,
            "q0_title": "zzzasked",
            "q0_kind": "talk",
            "q1_kind": "good",
            "q2_kind": "good",
            "q3_kind": "good",
        },
    ),
    "template_retire": admins("405", "302"),
    "template_restore": admins("405", "302"),
    "template_usual": admins("405", "302", data={"pair_kind": "em_pm"}),
    "admin_partnership_end": admins("405", "302"),
    "admin_partnership_resume": admins("405", "302"),
    "admin_partnership_dates": admins(),
    "admin_session_met": admins("404", "404"),  # none of the retros there was missed
}
# What a stranger may open: signing in, getting an account or getting it back, the page of an invitation. Nothing else.
PUBLIC = {name for name, route in TABLE.items() if route.public}
ANYBODYS = (
    "account_",
    "device_",
    "mfa_",
    "openid_connect_",
    "invitation_waiting",
    "metrics",
)  # what they answer hangs on the browser or its token, not on whose it is
INSIDE = (*MEMBERS, "sara")  # the pages that these three open: tests/test_canary.py, with every mark on them
OF_PAIR: dict[str, Callable[[World, str], Any]] = {  # what leads to something of the pair
    "partnership_id": lambda w, own: w.cast.checkout.pk,
    "session_id": lambda w, own: w.session.pk,
    "position": lambda w, own: WRITE,
    "prompt_id": lambda w, own: w.ids["good"],
    "entry_id": lambda w, own: w.ids[f"{own} card"],
    "note_id": lambda w, own: w.ids["learning"],
    "action_id": lambda w, own: w.ids["action"],
    "agreement_id": lambda w, own: w.ids["agreement"],
    "version_id": lambda w, own: w.ids["proposal"],
    "line": lambda w, own: w.ids["line"],
    "lead_id": lambda w, own: w.cast.sara.pk,
    "release_id": lambda w, own: w.ids["waiting release"],
    "need_id": lambda w, own: w.ids["need"],
    "offer_id": lambda w, own: w.ids["offer"],
    "jot_id": lambda w, own: w.ids[f"{own} jot"],
    "word_id": lambda w, own: w.ids[f"{own} word"],
    "measure_id": lambda w, own: w.ids["measure"],
}
PARAMETERS = OF_PAIR | {
    "invitation_id": lambda w, own: w.ids["invitation"],
    "token": lambda w, own: w.ids["token"],
    "delivery_id": lambda w, own: w.ids["notice"],
    "key": lambda w, own: "card:of-a-box-without-a-draft",
    "uidb36": lambda w, own: "1",
    "person_id": lambda w, own: w.cast.tom.pk,
    "bulk_id": lambda w, own: w.ids["bulk"],
    "exercise": lambda w, own: "retro-quick",
    "template": lambda w, own: "retro-quick-2",
}
