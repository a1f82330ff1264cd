"""What others may do to a pair at any moment, in the world of tests/world.py: `tests/between.py` puts it into the
middle of a request. A press of somebody's, by its route; or a verb that no single press is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from partnerships.models import Invitation, Partnership, Person, SignIn
from retros.lifecycle import ending, erasure, retention
from retros.models import Jot, KindWord, OwnTemplate, Prompt, Session
from tests.retros.play import CLOSE, CONCLUDE, LOOK_BACK, PULSE, WRITE, Participant, go_on, reveal
from tests.world import World

# Who presses what. What a phase refuses is left out there.
PRESSED = {
    "tom": (
        "entry_delete entry_update entry_restore entry_table entry_talk entry_pick_create step_ready_create step_open"
        " step_ready_delete step_next_create step_extend session_pause session_discard session_start session_move"
        " session_skip session_restore session_met session_next session_reopen session_create session_create_now"
        " series_change series_update series_pause series_end series_resume action_create action_update"
        " action_done_create action_done_delete action_delete action_restore agreement_create agreement_close"
        " agreement_review agreement_reopen version_withdraw dream_team_create agreement_session entry_clause"
        " learning_clause clause_link_update review_update review_clause surprise_create decision_create"
        " sentence_update decision_settle summary_update note_update entry_note_update learning_create learning_update"
        " learning_delete room_action_delete release_withdraw release_create need_create need_update measure_list"
        " measure_update measure_delete kind_word_create kind_word_delete jot_delete handover_update offer_accept"
        " offer_decline health_interval_update partnership_end exercise_detail farewell_create person_update"
        " entry_create answer_update notice_dismiss partnership_resume"
    ),
    "ines": (
        "version_sign version_counter version_defer proposal_sign release_confirm invitation_delete session_end_all"
        " account_logout step_next_create step_ready_create entry_delete draft_update jot_delete"
    ),
    "sara": "offer_create need_answer",
    "ada": (
        "lead_create lead_delete person_deactivate person_role_update admin_session_create admin_session_move"
        " admin_session_skip admin_partnership_update admin_partnership_roles admin_partnership_end template_retire"
        " template_update template_step_update template_usual template_clone organisation_update mail_retry"
        " admin_invitation_delete"
    ),
}


class Refused(Exception):
    """There is no such change in this phase."""


def press(world: World, clients: dict[str, Client], who: str, name: str) -> None:
    answer = clients[who].post(world.url(name, who), world.data(name, who))
    if answer.status_code >= 400:
        raise Refused(name)


def changes(world: World, clients: dict[str, Client]) -> dict[str, Callable[[], object]]:
    """By their names. `clients`: of those in PRESSED, signed in."""
    pressed: dict[str, Callable[[], object]] = {
        f"{who} {name}": partial(press, world, clients, who, name)
        for who, names in PRESSED.items()
        for name in names.split()
    }
    verbs: dict[str, Callable[[], object]] = {
        function.__name__.strip("_"): transaction.atomic(partial(function, world)) for function in VERBS
    }
    return pressed | verbs


def _tom_is_erased(world: World) -> None:
    erasure.erase(Person.objects.get(pk=world.cast.tom.pk))


def _ines_is_erased(world: World) -> None:
    erasure.erase(Person.objects.get(pk=world.cast.ines.pk))


def _sara_is_erased(world: World) -> None:
    erasure.erase(Person.objects.get(pk=world.cast.sara.pk))


def _tom_leaves(world: World) -> None:
    ending.end(world.cast.checkout, by=world.cast.tom, leaving=True)


def _ines_leaves(world: World) -> None:
    ending.end(world.cast.checkout, by=world.cast.ines, leaving=True)


def _ines_is_switched_off(world: World) -> None:
    Person.objects.get(pk=world.cast.ines.pk).deactivate(by=world.cast.ada)


def _sara_is_switched_off(world: World) -> None:
    Person.objects.get(pk=world.cast.sara.pk).deactivate(by=world.cast.ada)


def _everybody_is_signed_out(world: World) -> None:
    SignIn.objects.all().delete()


def _a_retro_goes_its_course(world: World) -> None:
    """To its end, from wherever it is."""
    if not Session.objects.get(pk=world.session.pk).is_running:
        raise Refused
    for step, do in ((LOOK_BACK, go_on), (PULSE, reveal), (PULSE, go_on), (WRITE, reveal), (WRITE, go_on)):
        _unless_done(world, step, do)
    for step, do in ((CONCLUDE, go_on), (CLOSE, reveal), (CLOSE, go_on)):
        _unless_done(world, step, do)


def _unless_done(world: World, step: int, do: Any) -> None:
    session = Session.objects.get(pk=world.session.pk)
    done = session.position > step or (do is reveal and session.steps[step].is_revealed)
    if not done:
        do(session, step)


def _both_reopen(world: World) -> None:
    for who in ("ines", "tom"):
        Participant(world.people[who], world.session.pk).session.reopen(by=world.people[who])


def _the_writing_goes(world: World) -> None:
    """As it does two years later: of what is over, each under its lock."""
    for session in world.sessions.values():
        held = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
        retention._remove_writing(held)


def _what_was_agreed_goes(world: World) -> None:
    retention._remove_agreed(Partnership.objects.select_for_update(no_key=True).get(pk=world.cast.checkout.pk))


def _what_is_their_own_goes(world: World) -> None:
    Jot.objects.all().delete()
    KindWord.objects.all().delete()


def _a_sitting_goes(world: World) -> None:
    """No verb does that; but a backup that is restored is an earlier one."""
    Session.objects.filter(pk=world.session.pk).delete()


def _questions_go(world: World) -> None:
    Prompt.objects.filter(named_by__isnull=False).delete()


def _templates_go(world: World) -> None:
    OwnTemplate.objects.all().delete()


def _an_invitation_is_accepted(world: World) -> None:
    invitation = Invitation.objects.get(pk=world.ids["invitation"])
    Person.objects.filter(pk=world.cast.mei.pk).update(email=invitation.email)
    _own_address(world.cast.mei, invitation.email)
    invitation.accept(by=Person.objects.get(pk=world.cast.mei.pk))


def _own_address(person: Person, email: str) -> None:
    from allauth.account.models import EmailAddress  # its models need ours first

    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)


def _time_passes(world: World) -> None:
    """What the clock does to a retro that was left open."""
    session = Session.objects.get(pk=world.session.pk)
    if not session.is_running:
        raise Refused
    session.close_unasked(timezone.now())
    session.save()


VERBS = (
    _tom_is_erased, _ines_is_erased, _sara_is_erased, _tom_leaves, _ines_leaves, _ines_is_switched_off,
    _sara_is_switched_off, _everybody_is_signed_out, _a_retro_goes_its_course, _both_reopen, _the_writing_goes,
    _what_was_agreed_goes, _what_is_their_own_goes, _a_sitting_goes, _questions_go, _templates_go,
    _an_invitation_is_accepted, _time_passes,
)  # fmt: skip
