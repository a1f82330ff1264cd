"""Choosing what a pair needs today, and each exercise of the catalogue from choosing to closing."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Partnership
from partnerships.wording import Wording
from retros.catalogue import Catalogue, Template, templates
from retros.lifecycle.take_along import actions_table
from retros.models import Action, Entry, Note, Prompt, Session, creation
from tests.cast import client_of
from tests.retros import play
from tests.retros.play import CONCLUDE, WRITE, Pair, Participant, at, make_pair, reveal

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

KNOWN = Catalogue(templates())
KINDS = [kind for kind, _label in Partnership.Kind.choices]
# Each template with the first kind of pair that may choose it: the kind decides which are offered, not how one goes.
CHOICES = list({template.key: kind for kind in reversed(KINDS) for template in KNOWN.choices(kind)}.items())
ALONE = ("pulse", "write", "questions", "close")


def of_kind(pair: Pair, kind: str) -> Client:
    Partnership.objects.filter(pk=pair.partnership.pk).update(kind=kind)
    return client_of(pair.ines)


def url_of(pair: Pair, key: str) -> str:
    return reverse("exercise_detail", args=[pair.partnership.pk, key])


def begun(client: Client, pair: Pair, key: str) -> Session:
    """By the press on its page."""
    sent = {"client_id": str(uuid.uuid4()), "topic": "The new onboarding"}
    answer = client.post(url_of(pair, key), sent)
    session = Session.objects.get(partnership=pair.partnership, started_at__isnull=False)
    assert answer.headers["location"] == reverse("session_detail", args=[session.pk])
    return session


def write_something(person: Participant, prompts: list[Prompt]) -> None:
    for prompt in prompts:
        if prompt.takes_cards:
            person.fold(f"A card to {prompt.key} by {person.person.first_name}", prompt.key)
        elif prompt.choices and prompt.kind != Prompt.Kind.TAGS:
            person.answer(prompt.key, value=int(prompt.choices[-1][0]))
        elif prompt.kind == Prompt.Kind.TEXT:
            person.answer(prompt.key, f"An answer to {prompt.key} by {person.person.first_name}")


def test_every_exercise_that_ships_is_there() -> None:
    assert {"retro-classic", "retro-em-pm", "retro-em-pm-extended", "retro-four-questions"} <= set(templates())
    assert {"retro-start-stop-continue", "retro-change-check", "retro-quick", "retro-farewell"} <= set(templates())
    assert {"health-check", "health-check:short", "difference"} <= set(templates())


def test_a_pair_chooses_among_what_fits_it_the_usual_one_first() -> None:
    assert KNOWN.choices("pm_designer")[0].key == "retro-classic"
    assert KNOWN.choices("em_pm")[0].key == "retro-em-pm"
    assert "retro-em-pm-extended" not in [template.key for template in KNOWN.choices("pm_designer")]
    assert "retro-farewell" not in [template.key for kind in KINDS for template in KNOWN.choices(kind)]


def test_every_choice_says_when_one_wants_it_and_where_it_comes_from() -> None:
    for key, _kind in CHOICES:
        assert templates()[key].need
        assert templates()[key].source


def test_a_lead_suggests_no_topic() -> None:
    assert not [template for kind in KINDS for template in KNOWN.exercises(kind) if template.asks_topic]


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_leads_to_each_of_them(pair: Pair, kind: str) -> None:
    client = of_kind(pair, kind)
    page = client.get(reverse("exercise_list", args=[pair.partnership.pk])).content.decode()
    for template in KNOWN.choices(kind):
        assert url_of(pair, template.key) in page
        shown = client.get(url_of(pair, template.key)).content.decode()
        for prompt in asked(template):
            assert prompt in shown


def asked(template: Template) -> list[str]:
    return [prompt.text or prompt.title for step in template.steps for prompt in step.prompts]


@pytest.mark.parametrize(("key", "kind"), CHOICES)
def test_each_goes_from_choosing_to_closing(pair: Pair, key: str, kind: str) -> None:
    client = of_kind(pair, kind)
    tom = client_of(pair.tom)
    session = begun(client, pair, key)
    hands = pair.hands(session)
    for step in session.steps:
        page = reverse("step_detail", args=[session.pk, step.position])
        if step.kind in ALONE:
            for person in hands:
                write_something(person, step.prompts)
            secret = f"by {pair.tom.first_name}"
            assert secret not in client.get(page).content.decode()
            for person in hands:
                person.ready(step.position)
            shown = client.get(page).content.decode()
            assert (secret in shown) == any(p.takes_cards or p.kind == Prompt.Kind.TEXT for p in step.prompts)
        assert [c.get(page).status_code for c in (client, tom)] == [200, 200]
        for person in hands:
            person.next()
    session.refresh_from_db()
    assert session.is_closed


def test_the_topic_is_of_both_from_the_start(pair: Pair) -> None:
    session = begun(of_kind(pair, "pm_designer"), pair, "difference")
    tom = client_of(pair.tom)
    assert "The new onboarding" in tom.get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    assert Note.objects.visible_to(pair.tom).get(step__session=session).text == "The new onboarding"


def test_without_a_topic_the_page_says_what_is_missing(pair: Pair) -> None:
    answer = of_kind(pair, "pm_designer").post(url_of(pair, "difference"), {"client_id": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert "Say in a sentence what it is about." in answer.content.decode()
    assert not Session.objects.filter(partnership=pair.partnership).exists()


def test_both_who_begin_at_once_sit_in_one(pair: Pair) -> None:
    client = of_kind(pair, "pm_designer")
    first = begun(client, pair, "health-check")
    assert begun(client, pair, "health-check") == first


@pytest.mark.parametrize("name", ["review_update", "review_clause"])
def test_where_nothing_is_looked_back_at_a_review_is_refused_and_not_kept(pair: Pair, name: str) -> None:
    client = of_kind(pair, "pm_designer")
    session = begun(client, pair, "health-check")
    action = play.agree(pair.partnership)
    answer = client.post(reverse(name, args=[session.pk, action.pk]), {"verdict": "done", "helped": "yes"})
    assert answer.status_code == 409
    action.refresh_from_db()
    assert action.is_open


def test_it_stands_beside_a_retro_that_is_open(pair: Pair) -> None:
    retro = pair.started()
    client = of_kind(pair, "pm_designer")
    client.post(url_of(pair, "difference"), {"client_id": str(uuid.uuid4()), "topic": "Scope"})
    retro.refresh_from_db()
    assert retro.is_running
    assert Session.objects.filter(partnership=pair.partnership, kind="difference").running().exists()


def test_the_places_of_a_health_check_stand_side_by_side_without_a_total(pair: Pair) -> None:
    session = begun(of_kind(pair, "pm_designer"), pair, "health-check")
    ines, tom = pair.hands(session)
    ines.answer("outcomes", value=5)
    tom.answer("outcomes", value=3)
    for person in (ines, tom):
        person.ready(0)
    client = client_of(pair.tom)
    page = client.get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    assert "Ines: Yes. Tom: Partly. 2 places apart." in page


def test_what_does_not_fit_this_kind_of_pair_is_not_there(pair: Pair) -> None:
    client = of_kind(pair, "pm_designer")
    for key in ("retro-em-pm", "retro-farewell", "dream-team-em-pm", "no-such"):
        assert client.get(url_of(pair, key)).status_code == 404
        assert client.post(url_of(pair, key), {"client_id": str(uuid.uuid4())}).status_code == 404


def test_a_retro_of_another_kind_can_be_planned(pair: Pair) -> None:
    client = of_kind(pair, "pm_designer")
    url = reverse("session_create", args=[pair.partnership.pk])
    assert '<option value="retro-quick" selected>' in client.get(url, {"exercise": "retro-quick"}).content.decode()
    sent = {"day": f"{play.next_year(3, 2):%Y-%m-%d}", "time": "14:00", "zone": "UTC", "exercise": "retro-quick"}
    client.post(url, sent | {"client_id": str(uuid.uuid4())})
    session = Session.objects.get(partnership=pair.partnership)
    assert session.template_key == "retro-quick"
    assert [step.title for step in session.steps] == ["Last time", "One of each", "Conclusions", "Wrap-up"]


# --- how often a health check is offered ---------------------------------------------------------------------------


def offers_one(pair: Pair) -> set[bool]:
    """Whether home says that it is time, to each of the two."""
    said = set()
    for person in (pair.ines, pair.tom):
        client = client_of(person)
        home = client.get(reverse("partnership_detail", args=[pair.partnership.pk])).content.decode()
        said.add("It is time for a health check." in home)
    return said


def held_ago(pair: Pair, days: int, kind: str = "retro") -> None:
    on = timezone.now() - timedelta(days=days)
    session = creation.start_now(
        pair.partnership, by=pair.ines, template_key="health-check" if kind == "health" else ""
    )
    Session.objects.filter(pk=session.pk).update(status="held", start_utc=on, closed_at=on, held_on=on.date())


def test_a_health_check_is_offered_after_as_many_retros_as_the_two_said(pair: Pair) -> None:
    for days in (90, 80):
        held_ago(pair, days)
    assert offers_one(pair) == {False}  # nobody said so
    url = reverse("health_interval_update", args=[pair.partnership.pk])
    client = of_kind(pair, "pm_designer")
    assert client.post(url, {"every": "2"}).headers["location"] == url_of(pair, "health-check")
    assert '<option value="2" selected>' in client.get(url_of(pair, "health-check")).content.decode()
    assert offers_one(pair) == {True}
    held_ago(pair, 70, "health")
    assert offers_one(pair) == {False}
    held_ago(pair, 60)
    assert offers_one(pair) == {False}
    held_ago(pair, 50)
    assert offers_one(pair) == {True}
    creation.start_now(pair.partnership, by=pair.tom, template_key="health-check")
    assert offers_one(pair) == {False}  # it stands there, open


def test_an_interval_that_is_not_offered_is_refused(pair: Pair) -> None:
    url = reverse("health_interval_update", args=[pair.partnership.pk])
    assert of_kind(pair, "pm_designer").post(url, {"every": "5"}).status_code == 422


# --- X versus Y about something --------------------------------------------------------------------------------------


def about(pair: Pair, kind: str, thing: object) -> str:
    return f"{url_of(pair, 'difference')}?{kind}={thing}"


def opened_card(pair: Pair, text: str = "Scope before or after the sketch?") -> Entry:
    session = pair.started()
    hands = pair.hands(session)
    card = hands[0].fold(text)
    hands[1].fold("Mine alone", "bad", only_me=True)
    at(session, WRITE)
    reveal(hands[0].session)
    card.refresh_from_db()
    return card


def test_it_begins_from_a_card_and_both_see_its_words(pair: Pair) -> None:
    card = opened_card(pair)
    card.put_on_table(by=pair.tom)
    client = of_kind(pair, "pm_designer")
    board = client.get(reverse("step_detail", args=[card.step.session_id, WRITE])).content.decode()
    address = about(pair, "card", card.pk)
    assert address in board
    form = client.get(address).content.decode()
    assert "Scope before or after the sketch?" in form
    client.post(address, {"client_id": str(uuid.uuid4()), "topic": card.text})
    session = Session.objects.get(partnership=pair.partnership, kind="difference")
    tom = client_of(pair.tom)
    assert card.text in tom.get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    home = tom.get(reverse("partnership_detail", args=[pair.partnership.pk])).content.decode()
    assert reverse("session_detail", args=[session.pk]) in home


def test_it_begins_from_a_card_of_a_closed_retro_while_they_work_together(pair: Pair) -> None:
    card = opened_card(pair)
    url = reverse("step_detail", args=[card.step.session_id, WRITE])
    client = of_kind(pair, "pm_designer")
    assert about(pair, "card", card.pk) not in client.get(url).content.decode()  # it lies there, to be talked about
    Session.objects.update(status="held")
    assert about(pair, "card", card.pk) in client.get(url).content.decode()
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    assert about(pair, "card", card.pk) not in client.get(url).content.decode()


def test_it_begins_from_a_learning_and_from_home(pair: Pair) -> None:
    card = opened_card(pair)
    learned = Note.learn(card.step.session.steps[CONCLUDE], by=pair.tom, text="Silence is no yes", id=uuid.uuid4())
    client = of_kind(pair, "pm_designer")
    page = client.get(reverse("step_detail", args=[card.step.session_id, CONCLUDE])).content.decode()
    assert about(pair, "learning", learned.pk) in page
    assert "Silence is no yes" in client.get(about(pair, "learning", learned.pk)).content.decode()
    assert (
        url_of(pair, "difference")
        in client.get(reverse("partnership_detail", args=[pair.partnership.pk])).content.decode()
    )


def test_it_begins_from_a_clause_and_a_decision(pair: Pair) -> None:
    agreement = Agreement.begin(pair.partnership, by=pair.ines, kind="contract", title="Refunds", id=uuid.uuid4())
    line = uuid.uuid4()
    version = agreement.propose([Wording("Ines decides scope", line=line)], by=pair.ines, reason="")
    version.sign(by=pair.tom, digest=version.digest)
    client = of_kind(pair, "pm_designer")
    page = client.get(reverse("agreement_detail", args=[agreement.pk])).content.decode()
    assert about(pair, "clause", line) in page
    assert "Ines decides scope" in client.get(about(pair, "clause", line)).content.decode()
    sitting = creation.begin(agreement, by=pair.ines)
    decision = next(p for step in sitting.steps for p in step.prompts if p.kind == Prompt.Kind.PLACE)
    assert decision.title in client.get(about(pair, "decision", decision.pk)).content.decode()


def test_what_lies_open_for_both_and_nothing_else_becomes_a_topic(pair: Pair) -> None:
    """A card of the other one that is folded is to her as if there was none; and so is one of another pair."""
    session = pair.planned()
    hands = pair.hands(session)
    cards = [hand.fold("Folded") for hand in hands] + [hands[1].fold("Hidden", only_me=True)]
    elsewhere = make_pair()
    cards.append(opened_card(elsewhere, "Of others"))
    client = of_kind(pair, "pm_designer")
    answers = {client.get(about(pair, "card", each)).status_code for each in [*(c.pk for c in cards), uuid.uuid4(), 7]}
    assert answers == {404}
    for kind in ("learning", "decision", "clause"):
        assert client.get(about(pair, kind, uuid.uuid4())).status_code == 404


def test_another_topic_than_the_open_one_is_refused_and_kept_in_the_box(pair: Pair) -> None:
    """Pressed by both with the same words it is one."""
    first = begun(of_kind(pair, "pm_designer"), pair, "difference")
    tom = client_of(pair.tom)
    answer = tom.post(url_of(pair, "difference"), {"client_id": str(uuid.uuid4()), "topic": "The release day"})
    assert answer.status_code == 409
    assert "is open already, about something else" in answer.content.decode()
    assert "The release day" in answer.content.decode()
    again = tom.post(url_of(pair, "difference"), {"client_id": str(uuid.uuid4()), "topic": "The new onboarding"})
    assert again.headers["location"] == reverse("session_detail", args=[first.pk])


def test_what_is_parked_can_name_who_decides(pair: Pair) -> None:
    """Somebody outside the two: a name, which they read wherever the action stands, and can change."""
    client = of_kind(pair, "pm_designer")
    session = begun(client, pair, "difference")
    ines, tom = pair.hands(session)
    for hand in (ines, tom):
        hand.ready(0)
    for hand in (ines, tom):
        hand.next(0)
    place = reverse("step_detail", args=[session.pk, 1])
    assert 'name="decider"' in client.get(place).content.decode()
    usual = reverse("step_detail", args=[pair.planned().pk, CONCLUDE])
    assert 'name="decider"' not in client.get(usual).content.decode()
    sent = {"text": "The release day", "decider": "Vera from sales", "owner": "b", "due": "2030-01-02"}
    client.post(reverse("room_action_create", args=[session.pk, 1]), {**sent, "client_id": str(uuid.uuid4())})
    action = Action.objects.visible_to(pair.ines).get()
    change = reverse("action_update", args=[action.pk])
    for url in (place, reverse("action_list", args=[pair.partnership.pk]), reverse("session_print", args=[session.pk])):
        assert "Decided by: <bdi>Vera from sales</bdi>" in client.get(url).content.decode(), url
    found = client.get(reverse("search", args=[pair.partnership.pk]), {"q": "vera"}).content.decode()
    assert change in found
    assert client.post(change, {**sent, "decider": "Ada", "version": action.version}).status_code == 302
    assert "Ada</textarea>" in client.get(change).content.decode()
    row = actions_table(pair.partnership, pair.tom).splitlines()[1]
    assert row.startswith('"Tom Keller","The release day","","","","Ada",')


def test_then_guesses_are_corrected_and_it_is_decided_tested_or_parked(pair: Pair) -> None:
    client = of_kind(pair, "pm_designer")
    session = begun(client, pair, "difference")
    ines, tom = pair.hands(session)
    tom.answer("guess", "You protect your weekend")
    for hand in (ines, tom):
        hand.ready(0)
    page = client.get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    assert "Correct the guess" in page
    guess = Entry.objects.visible_to(pair.ines).get(step__session=session)
    Note.surprise(guess, by=pair.ines, text="The users’ weekend", id=uuid.uuid4())
    assert "Ines corrected it" in client.get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    for hand in (ines, tom):
        hand.next(0)
    page = client.get(reverse("step_detail", args=[session.pk, 1])).content.decode()
    for words in ("What did you decide?", "To test first", "Parked, and who gets it decided by when", "Park it"):
        assert words in page
    assert "The one thing to try" not in page
