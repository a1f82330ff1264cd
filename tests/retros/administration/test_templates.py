"""Templates for admins: cloned, changed, retired, made the usual one, brought in; what was begun keeps its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Audit, Person
from partnerships.refusals import Invalid, Refusal, Stale
from retros.catalogue import templates
from retros.catalogue.text import read, written
from retros.dates import rhythm
from retros.models import OwnTemplate, Prompt, Session, UsualTemplate, creation
from retros.models.template import catalogue
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast
from tests.retros import play

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def admin(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.ada)
    return client


def clone(cast: Cast, key: str = "retro-quick") -> OwnTemplate:
    return OwnTemplate.clone(templates()[key], by=cast.ada)


class Form(HTMLParser):
    """The fields of the form that a page ends with, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._area = self._select = ""
        self.feed(page[page.index("<main") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        name = held.get("name", "")
        if tag == "form":
            self.fields = {}
        elif tag == "textarea":
            self._area = name
            self.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in held or self._select not in self.fields):
            self.fields[self._select] = held["value"]
        elif tag == "input" and held.get("type") == "checkbox":
            if "checked" in held:
                self.fields.setdefault(name, []).append(held.get("value") or "on")
        elif tag == "input" and name != "csrfmiddlewaretoken":
            self.fields[name] = held.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self._area] = self.fields[self._area].removeprefix("\n")
            self._area = ""


def fields_of(answer: Any) -> dict[str, Any]:
    """What the form of a page sends when nothing is changed."""
    return Form(answer.text).fields


def asked(session: Session) -> list[str]:
    return list(
        Prompt.objects.filter(step__session=session)
        .order_by("step__position", "position")
        .values_list("title", flat=True)
    )


def test_each_is_listed_and_looked_at_as_a_pair_sees_it(cast: Cast) -> None:
    own = clone(cast)
    client = admin(cast)
    page = client.get(reverse("template_list")).text
    for key in (own.key, "retro-classic", "dream-team-em-pm", "contract", "health-check"):
        assert reverse("template_detail", args=[key]) in page
    assert "Usual for every kind of pair" in page
    assert "Usual for Engineering manager and product manager" in page
    for key in (own.key, "dream-team-pm-designer"):
        shown = client.get(reverse("template_detail", args=[key])).text
        for step in catalogue().templates[key].steps:
            for prompt in step.prompts:
                assert (prompt.text or prompt.title).replace("'", "&#x27;") in shown
                assert prompt.hint.replace("'", "&#x27;") in shown


def test_a_clone_is_changed_and_a_pair_goes_through_it(cast: Cast) -> None:
    client = admin(cast)
    answer = client.post(reverse("template_clone", args=["retro-quick"]))
    assert answer["Location"] == reverse("template_update", args=["retro-quick-2"])
    url = reverse("template_update", args=["retro-quick-2"])
    sent = fields_of(client.get(url)) | {"title": "Ours", "for_kinds": ["pm_designer"], "source": "Acme"}
    assert client.post(url, sent).status_code == 302
    url = reverse("template_step_update", args=["retro-quick-2", 1])
    sent = fields_of(client.get(url))
    last = max(int(name[1:-6]) for name in sent if name.endswith("_place") and name.startswith("q"))
    sent |= {
        "minutes": 7, "q0_title": "What shone?", "q0_hint": "One thing.", "q0_place": 9,
        f"q{last}_title": "And what else?", f"q{last}_kind": "talk",
    }  # fmt: skip
    assert client.post(url, sent).status_code == 302
    own = OwnTemplate.objects.get(key="retro-quick-2")
    step = own.template.steps[1]
    assert (own.template.title, own.template.for_kinds, step.minutes, own.version) == ("Ours", ("pm_designer",), 7, 3)
    built_in = templates()["retro-quick"].steps[1].prompts
    assert [p.title for p in step.prompts] == [p.title for p in built_in[1:]] + ["And what else?", "What shone?"]
    assert step.prompts[-1].key == built_in[0].key
    assert step.prompts[-1].hint == "One thing."
    session = creation.start_now(cast.checkout, by=cast.ines, template_key=own.key)
    assert asked(session)[:4] == [p.title for p in step.prompts][:4]
    assert templates()["retro-quick"].steps[1].prompts == built_in


def test_steps_are_moved_added_and_left_out(cast: Cast) -> None:
    own, client = clone(cast, "retro-classic"), admin(cast)

    def step(n: int, **other: Any) -> Any:
        url = reverse("template_step_update", args=[own.key, n])
        return client.post(url, fields_of(client.get(url)) | other)

    def kinds() -> list[str]:
        return [s.kind for s in OwnTemplate.objects.get(pk=own.pk).template.steps]

    assert step(1, place=1).status_code == 302
    assert kinds() == ["pulse", "look_back", "write", "conclude", "close"]
    assert step(0, gone="on").status_code == 302
    assert kinds() == ["look_back", "write", "conclude", "close"]
    new = {
        "kind": "questions",
        "title": "One more",
        "heading": "One more",
        "place": 3,
        "q0_title": "How?",
        "q0_kind": "text",
    }
    assert step(4, **new).status_code == 302
    assert kinds() == ["look_back", "write", "questions", "conclude", "close"]
    refused = step(4, place=1)
    assert refused.status_code == 422
    assert "The last step is “close”." in refused.text
    refused = step(1, q0_title="", q1_title="", q2_title="")
    assert "This step asks nothing" in refused.text
    refused = step(2, q0_kind="scale", q0_choices="")
    assert "A scale, places and tags have choices" in refused.text
    assert step(2, q0_kind="scale", q0_choices="No\nYes").status_code == 302
    assert OwnTemplate.objects.get(pk=own.pk).template.steps[2].prompts[0].choices == (("1", "No"), ("2", "Yes"))
    assert client.get(reverse("template_step_update", args=[own.key, 6])).status_code == 404


@pytest.mark.parametrize(
    "key", ["contract", "dream-team-em-pm", "dream-team-pm-designer", "health-check", "retro-change-check"]
)
def test_a_form_that_is_sent_as_it_came_changes_nothing(cast: Cast, key: str) -> None:
    own, client = clone(cast, key), admin(cast)
    for n in range(len(own.template.steps)):
        url = reverse("template_step_update", args=[own.key, n])
        sent = fields_of(client.get(url))
        assert len(sent) < 200
        assert client.post(url, sent).status_code == 302, n
    assert OwnTemplate.objects.get(pk=own.pk).template == own.template
    assert OwnTemplate.objects.get(pk=own.pk).version == 1


def test_what_was_begun_or_planned_keeps_its_words(cast: Cast) -> None:
    own = clone(cast)
    planned = play.plan(cast.checkout)
    UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
    session = creation.start_now(cast.checkout, by=cast.ines, template_key=own.key)
    before = asked(session), asked(planned)
    step = own.template.steps[1]
    other = replace(step, prompts=(replace(step.prompts[0], title="Other words"),))
    own.edit(
        replace(own.template, steps=(own.template.steps[0], other, *own.template.steps[2:])), by=cast.ada, version=1
    )
    own.retire(by=cast.ada)
    assert (asked(session), asked(planned)) == before
    assert Session.objects.get(pk=session.pk).template_key == own.key
    play.go_on(session, "look_back")
    assert Session.objects.get(pk=session.pk).position == 1


def test_the_usual_one_is_what_new_sittings_of_that_kind_of_pair_begin_with(cast: Cast) -> None:
    own, client = clone(cast), admin(cast)
    url = reverse("template_usual", args=[own.key])
    assert client.post(url, {"pair_kind": "pm_designer"}).status_code == 302
    assert client.post(url, {"pair_kind": "pm_designer"}).status_code == 302
    assert UsualTemplate.objects.count() == 1
    assert play.plan(cast.checkout).template_key == own.key
    assert play.plan(cast.search).template_key == "retro-em-pm"
    page = Client()
    page.force_login(cast.ines)
    listed = page.get(reverse("exercise_list", args=[cast.checkout.pk]))
    first = listed.text.index("/exercises/")
    assert listed.text[first:].startswith(f"/exercises/{own.key}/")
    assert listed.text.count("Your usual one") == 1
    client.post(reverse("template_usual", args=["retro-four-questions"]), {"pair_kind": "pm_designer"})
    assert creation.start_now(cast.checkout, by=cast.ines).template_key == "retro-four-questions"
    assert client.post(url, {"pair_kind": "somebody"}).status_code == 422
    with pytest.raises(Invalid):
        UsualTemplate.choose(templates()["retro-em-pm-extended"], "pm_designer", by=cast.ada)


def test_a_rhythm_makes_its_dates_with_the_usual_one(cast: Cast) -> None:
    own = clone(cast, "retro-classic")
    UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
    rule = Rule.starting(timezone.localdate() + timedelta(days=30), PRESETS["every_2_months"], time(14), "Europe/Paris")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    assert set(Session.objects.filter(partnership=cast.checkout).values_list("template_key", flat=True)) == {own.key}


def test_a_usual_one_that_is_for_others_now_gives_way_to_the_one_that_ships(cast: Cast) -> None:
    own = clone(cast)
    UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
    own.edit(replace(own.template, for_kinds=("em_pm",)), by=cast.ada, version=own.version)
    assert creation.start_now(cast.checkout, by=cast.ines).template_key == "retro-classic"
    own.edit(replace(own.template, for_kinds=()), by=cast.ada, version=own.version)
    assert catalogue().template_for("retro", "pm_designer").key == own.key


def test_a_dream_team_of_a_company_with_its_short_form(cast: Cast) -> None:
    own = clone(cast, "dream-team-pm-designer")
    UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
    client = Client()
    client.force_login(cast.ines)
    client.post(reverse("dream_team_create", args=[cast.checkout.pk]), {"short": "1"})
    session = Session.objects.get(partnership=cast.checkout)
    assert session.template_key == f"{own.key}:short"
    assert asked(session) == [p.title for p in own.template.short.steps[0].prompts]  # type: ignore[union-attr]


def test_a_retired_one_is_offered_no_longer_and_can_come_back(cast: Cast) -> None:
    own, client = clone(cast), admin(cast)
    UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
    client.post(reverse("template_retire", args=[own.key]))
    assert own.key not in [t.key for t in catalogue().choices("pm_designer")]
    assert own.key not in [t.key for t in catalogue().exercises("pm_designer")]
    assert play.plan(cast.checkout).template_key == "retro-classic"
    assert client.post(reverse("template_usual", args=[own.key]), {"pair_kind": "pm_designer"}).status_code == 409
    client.post(reverse("template_restore", args=[own.key]))
    assert own.key in [t.key for t in catalogue().choices("pm_designer")]


def test_a_text_is_brought_in_whole_or_not_at_all(cast: Cast) -> None:
    client, url = admin(cast), reverse("template_create")
    exported = client.get(reverse("template_export", args=["dream-team-pm-designer"]))
    assert exported["Content-Disposition"] == 'attachment; filename="template.toml"'
    assert set(exported["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    text = exported.text.replace('key = "dream-team-pm-designer"', 'key = "acme"', 1)
    refused = client.post(url, {"text": exported.text})
    assert (refused.status_code, "There is a template “dream-team-pm-designer” already" in refused.text) == (409, True)
    refused = client.post(url, {"text": text.replace("minutes = ", "minutes = 9000", 1)})
    assert refused.status_code == 422
    assert "Line 1" in refused.text
    assert not OwnTemplate.objects.exists()
    file = SimpleUploadedFile("acme.toml", text.encode())
    assert client.post(url, {"file": file})["Location"] == reverse("template_detail", args=["acme"])
    assert client.post(url, {"text": text}).status_code == 302
    assert OwnTemplate.objects.get().template == replace(templates()["dream-team-pm-designer"], key="acme")
    again = client.post(url, {"text": text.replace("Dream Team", "Other", 1)})
    assert (again.status_code, OwnTemplate.objects.count()) == (409, 1)
    nothing = client.post(url, {})
    assert (nothing.status_code, "Choose a file, or paste its text." in nothing.text) == (422, True)


def test_a_change_against_an_older_one_shows_both(cast: Cast) -> None:
    own = clone(cast)
    own.edit(replace(own.template, title="First"), by=cast.ada, version=1)
    with pytest.raises(Stale) as stale:
        own.edit(replace(own.template, title="Second"), by=cast.ada, version=1)
    assert 'title = "First"' in stale.value.theirs
    assert 'title = "Second"' in stale.value.mine
    client, url = admin(cast), reverse("template_update", args=[own.key])
    sent = fields_of(client.get(url)) | {"title": "Third", "version": 1}
    answer = client.post(url, sent)
    assert (answer.status_code, "First" in answer.text, "Third" in answer.text) == (409, True, True)


def test_only_admins_and_built_in_ones_stay_as_they_are(cast: Cast) -> None:
    own = clone(cast)
    args = {"template_list": [], "template_create": [], "template_step_update": [own.key, 0]}
    names = ("list", "create", "detail", "export", "clone", "update", "step_update", "retire", "restore", "usual")
    for person in (cast.ines, cast.sara, cast.mei):
        client = Client()
        client.force_login(person)
        for name in (f"template_{n}" for n in names):
            url = reverse(name, args=args.get(name, [own.key]))
            assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}, name
    client = admin(cast)
    for name in ("update", "retire", "restore"):
        assert client.post(reverse(f"template_{name}", args=["retro-classic"])).status_code == 404
    assert client.get(reverse("template_update", args=["retro-classic"])).status_code == 404
    assert client.post(reverse("template_step_update", args=["retro-classic", 0])).status_code == 404
    Person.objects.filter(pk=cast.ada.pk).update(is_active=False)
    assert client.get(reverse("template_list")).status_code == 302
    assert OwnTemplate.objects.get().version == 1


def test_what_admins_do_is_written_down(cast: Cast) -> None:
    own = clone(cast)
    own.edit(replace(own.template, title="Ours"), by=cast.ada, version=1)
    own.retire(by=cast.ada)
    acts = Audit.objects.for_admins().filter(about="owntemplate", about_id=own.pk, by_id=cast.ada.pk)
    assert list(acts.order_by("pk").values_list("act", flat=True)) == [
        "template_made",
        "template_changed",
        "template_changed",
    ]
    page = admin(cast).get(reverse("audit_list"), {"state": "templates"}).text
    assert "Changed a template" in page


def test_no_template_is_made_twice_under_one_key(cast: Cast) -> None:
    text = written(replace(templates()["retro-quick"], key="acme"))
    first = OwnTemplate.make(text, by=cast.ada)
    assert OwnTemplate.make(text, by=cast.ada) == first
    with pytest.raises(Refusal):
        OwnTemplate.make(written(replace(read(text), title="Other")), by=cast.ada)


def test_a_copy_that_nobody_has_changed_yet_is_made_once(cast: Cast) -> None:
    """“Clone it” is pressed again on the page before, because its answer got lost."""
    own = clone(cast)
    assert clone(cast) == own
    assert clone(cast, "retro-classic") != own
    own.edit(replace(own.template, title="Ours"), by=cast.ada, version=1)
    second = clone(cast)
    assert second != own
    second.retire(by=cast.ada)
    third = clone(cast)
    assert third not in {own, second}
    assert clone(cast) == third
