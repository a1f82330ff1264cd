"""Every route, with every method, for each of the cast: what they get, and that a look changes nothing.

A route that is missing from TABLE fails, and so does a row without a route (docs/rules/visibility.md V2).
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from partnerships import limits
from partnerships.models import Person
from retros.lifecycle import ending
from retros.models import Entry
from tests.world import PHASES, World, leave, parameters, routes

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

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
# Tables in which a look may leave something: who is in the room, which lead looked, the sign-in, the counters.
LOOKED = {
    "retros_presence",
    "partnerships_look",
    "partnerships_audit",
    "partnerships_signin",
    "shared_cache",
    "partnerships_ratecounter",
}


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 10**6)
    monkeypatch.setattr(limits, "INVITATIONS_PER_HOUR", 10**6)
    logging.disable(logging.ERROR)  # a line for each of thousands of answers
    yield
    logging.disable(logging.NOTSET)


def object_routes() -> list[tuple[str, str]]:
    """The routes and methods that lead to something of the pair: to others there is no such thing."""
    rows = [(name, method, row) for name, row in TABLE.items() if not row.admin for method in ("GET", "POST")]
    return [
        (name, method)
        for name, method, row in rows
        if (row.other_get if method == "GET" else row.other_post) == 404 and not name.startswith(ANYBODYS)
    ]


def observed(world: World, client: Client, method: str, name: str, who: str) -> Any:
    """One request, and whatever it changed taken back: in the database, and in the browser's cookies."""
    data = {} if who in STRANGERS or method == "GET" else world.data(name, who)
    cookies = client.cookies.output()
    with transaction.atomic():
        answer = getattr(client, method.lower())(world.url(name, who), data)
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer


def asked(who: str, name: str, method: str, phase: str) -> bool:
    """Whether the table is tried here. What no phase can change is tried in one of them, where all is open: a method
    that the route does not take, whoever comes; and what names nothing of the pair, to those whom it does not concern.
    """
    row = TABLE[name]
    refused = row.expected(who, method, phase) == 405
    if who in INSIDE and method == "GET" and row.get != "405":
        return False  # tests/test_canary.py
    concerned = row.lead if who == "sara" else row.admin if who in ADMINS else who in MEMBERS and not row.admin
    return phase == "revealed" or not (refused or (not concerned and OF_PAIR.isdisjoint(parameters(name))))


def client_of(world: World, who: str) -> Client:
    client = world.client(who)
    if who == "suspended":
        Person.objects.filter(pk=world.cast.tom.pk).update(is_active=False)
    return client


def checksum() -> dict[str, str]:
    """Of every table but those in LOOKED."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in LOOKED:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def masked(answer: Any) -> tuple[int, str, dict[str, str]]:
    """Without what is new in each answer: nonces and tokens."""
    hidden = re.compile(r"nonce-[\w+/=-]+|nonce=\"[^\"]*\"|name=\"csrfmiddlewaretoken\" value=\"[^\"]*\"")
    headers = {name: hidden.sub("~", value) for name, value in answer.items()}
    return answer.status_code, hidden.sub("~", answer.text), headers


def test_every_route_has_a_row() -> None:
    assert set(TABLE) == set(routes())


def test_the_public_list_is_exact() -> None:
    public = {name for name, route in routes().items() if not getattr(route.callback, "login_required", True)}
    own = {name for name in public if not name.startswith("account_")}
    assert own == {
        "invitation_detail", "sign_in_here", "sign_in_undo", "sign_in_link", "unsubscribe", "calendar_feed", "healthz",
        "metrics", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback",
    }  # fmt: skip
    closed_by_allauth = {"account_reauthenticate", "account_email", "account_change_password", "account_set_password"}
    assert public - closed_by_allauth == PUBLIC


@pytest.mark.parametrize("made_world", PHASES, indirect=True)
def test_the_table(world: World) -> None:
    """Everybody, everywhere: the statuses, no word that is not theirs to read, and no look changes another table."""
    phase, wrong = world.phase, []

    def judge(answer: Any, who: str, method: str, name: str) -> None:
        if answer.status_code != TABLE[name].expected(who, method, phase):
            wrong.append(f"{who} {method} {name}: {answer.status_code}")
        wrong.extend(f"{who} {method} {name}: {mark}" for mark in world.marks(answer) if who not in world.words[mark])

    for who in MEMBERS + OTHERS + STRANGERS:
        client = client_of(world, who)
        before = checksum()
        for name in TABLE:
            if asked(who, name, "GET", phase):
                judge(client.get(world.url(name, who)), who, "GET", name)
        assert checksum() == before, f"A look by {who} changed something."
        client = client_of(world, who)
        for name in TABLE:
            if asked(who, name, "POST", phase):
                judge(observed(world, client, "POST", name, who), who, "POST", name)
    assert wrong == []


def test_strangers_are_led_to_the_sign_in(world: World) -> None:
    client = client_of(world, "nobody")
    login = reverse("account_login")
    for name in set(routes()) - PUBLIC:
        url = world.url(name)
        assert client.get(url)["Location"] == f"{login}?next={quote(url)}"
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 401
        kept = client.post(url, {"text": "what I typed"})
        assert (kept.status_code, "what I typed</textarea>" in kept.text) == (401, True)
    assert client.get("/no/such/page/").status_code == 404


@pytest.mark.parametrize("made_world", ["folded"], indirect=True)
@pytest.mark.parametrize("who", [*OTHERS, "ines"])
def test_unknown_and_forbidden_look_the_same(world: World, who: str) -> None:
    """The pair's own things, and things that never were: the same 404, byte for byte. To Ines, what Tom folded."""
    client = client_of(world, who)
    owner = "tom" if who == "ines" else "ines"
    seen = 0
    for name, method in object_routes():
        if who == "sara" and TABLE[name].lead:
            continue
        keys = set(parameters(name)) - {"position"} if who != "ines" else set(parameters(name)) & {"entry_id"}
        data = world.data(name, owner) if method == "POST" else {}
        send = getattr(client, method.lower())
        real = send(world.url(name, owner), data) if keys else None
        for key in keys:
            none = send(world.url(name, owner, **{key: uuid.uuid4()}), data)
            assert real is not None
            assert real.status_code == 404, f"{who} {method} {name}"
            assert masked(none) == masked(real), f"{who} {method} {name} {key}"
            seen += 1
        if "position" in parameters(name):
            assert masked(send(world.url(name, owner, position=99), data))[0] == 404
    assert seen > (5 if who == "ines" else 60)


def test_what_the_other_deleted_or_keeps_to_themselves_does_not_exist(world: World) -> None:
    client = client_of(world, "ines")
    hidden = Entry.unrestricted.filter(author=world.cast.tom).exclude(opened_at__isnull=False, deleted_at=None)
    assert hidden.count() >= 4
    for entry in hidden.filter(step__session=world.session):
        url = reverse("entry_update", args=[world.session.pk, entry.pk])
        none = reverse("entry_update", args=[world.session.pk, uuid.uuid4()])
        assert masked(client.get(url)) == masked(client.get(none))


def test_a_superuser_is_nobody_special(world: World) -> None:
    """Nowhere in the pair's things, and there is no other site where rows could be read."""
    assert not apps.is_installed("django.contrib.admin")
    Person.objects.filter(pk=world.cast.mei.pk).update(is_superuser=True)
    client = client_of(world, "mei")
    for name, method in object_routes():
        assert observed(world, client, method, name, "mei").status_code == 404, f"{method} {name}"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_everywhere(world: World, method: str) -> None:
    client = client_of(world, "ines")
    for name in routes():
        if not name.startswith("account_"):
            assert client.generic(method, world.url(name)).status_code == 405, f"{method} {name}"


def world_removed(world: World) -> None:
    leave(world.cast.checkout, world.cast.tom)


def suspend(world: World) -> None:
    Person.objects.filter(pk=world.cast.tom.pk).update(is_active=False)


@pytest.mark.both_databases
@pytest.mark.parametrize("end", [world_removed, suspend])
def test_who_left_or_is_suspended_sees_nothing_of_the_pair(world: World, end: Callable[[World], None]) -> None:
    """Their own account, and no more; at once, in a browser that is signed in. Who left reads on (the next test)."""
    client = world.client("tom")
    assert client.get(world.url("step_detail")).status_code == 200
    end(world)
    for name, method in object_routes():
        if name not in OWN:
            answer = getattr(client, method.lower())(world.url(name, "tom"))
            assert answer.status_code == (404 if end is world_removed else 302), f"{method} {name}"


@pytest.mark.parametrize("who", ["tom", "ines"])
@pytest.mark.parametrize("made_world", ["closed", "folded", "revealed"], indirect=True)
def test_after_one_left_both_read_and_nobody_writes(world: World, who: str) -> None:
    """As in an ended partnership, only that nobody takes it up again, and nothing new is shown to a lead.

    What was folded on that day stays folded, for both, for ever.
    """
    needs_both = {"partnership_resume", "release_create", "release_confirm"}
    if world.phase == "folded":
        needs_both.add("entry_clause")
    called_off = {("session_start", "GET"): 302, ("session_next_move", "POST"): 409}  # nothing is planned any more
    ending.end(world.cast.checkout, by=world.cast.tom, leaving=True)
    client = world.client(who)
    wrong = []
    for name, method in object_routes():
        hidden = TABLE[name].expected(who, method, world.phase) == 404
        expected = 404 if hidden else TABLE[name].expected(who, method, "archived")
        if name in needs_both and method == "POST" and not hidden:
            expected = 409
        if not hidden:
            expected = called_off.get((name, method), expected)
        status = observed(world, client, method, name, who).status_code
        if status != expected:
            wrong.append(f"{method} {name}: {status}, not {expected}")
    assert wrong == []
