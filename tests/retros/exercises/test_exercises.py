"""Choosing what a pair needs today, and each exercise of the catalogue from choosing to closing."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from partnerships.models import Partnership
from retros.catalogue import Catalogue, Template, templates
from retros.models import Note, Prompt, Session
from tests.retros.model import Pair, Participant, make_pair

pytestmark = pytest.mark.django_db

KNOWN = Catalogue(templates())
KINDS = [kind for kind, _label in Partnership.Kind.choices]
CHOICES = [(kind, template.key) for kind in KINDS for template in KNOWN.choices(kind)]
ALONE = ("pulse", "write", "questions", "close")


@pytest.fixture
def pair() -> Pair:
    return make_pair()


def of_kind(pair: Pair, kind: str) -> Client:
    Partnership.objects.filter(pk=pair.partnership.pk).update(kind=kind)
    client = Client()
    client.force_login(pair.ines)
    return client


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
    for _kind, key in CHOICES:
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


@pytest.mark.parametrize(("kind", "key"), CHOICES)
def test_each_goes_from_choosing_to_closing(pair: Pair, kind: str, key: str) -> None:
    client = of_kind(pair, kind)
    tom = Client()
    tom.force_login(pair.tom)
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
    tom = Client()
    tom.force_login(pair.tom)
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
    client = Client()
    client.force_login(pair.tom)
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
    sent = {"day": "2027-03-02", "time": "14:00", "zone": "UTC", "exercise": "retro-quick"}
    client.post(url, sent | {"client_id": str(uuid.uuid4())})
    session = Session.objects.get(partnership=pair.partnership)
    assert session.template_key == "retro-quick"
    assert [step.title for step in session.steps] == ["Last time", "One of each", "Conclusions", "Wrap-up"]
