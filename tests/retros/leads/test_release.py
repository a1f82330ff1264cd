"""The nouns: releases, what the two need from a lead, offers. Shown by both, in the exact words, or not at all."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Audit, Lead, Look, Partnership, Person
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from partnerships.wording import Wording
from retros.leads import offers
from retros.models import Action, Need, Note, Offer, Release, Session
from retros.models.release import Thing, words_of
from tests.cast import Cast, client_of, make_cast
from tests.presses import AtOnce
from tests.retros import play
from tests.retros.pages import text_of

pytestmark = pytest.mark.django_db

ARTICLE = re.compile(r"<article class=\"[^\"]*released\">.*?</article>", re.DOTALL)


@dataclass
class Stage:
    cast: Cast
    lead: Lead
    need: Need

    def page(self, who: Person, name: str, *args: Any, **query: Any) -> Any:
        client = client_of(who)
        return client.get(reverse(name, args=args), query)

    def propose(self, kind: str = "need", thing: Thing | None = None, *, by: Person | None = None) -> Release:
        thing = thing or self.need
        digest = words_of(kind, thing, self.lead).digest
        return Release.propose(self.lead, kind, thing, by=by or self.cast.ines, digest=digest)

    def shown(self, kind: str = "need", thing: Thing | None = None) -> Release:
        release = self.propose(kind, thing)
        assert release.confirm(by=self.cast.tom, digest=release.digest)
        return release

    @property
    def read(self) -> list[str]:
        """What the lead reads in the history now."""
        page = self.page(self.cast.sara, "history_detail", self.cast.checkout.pk)
        return ARTICLE.findall(page.text) if page.status_code == 200 else []


@pytest.fixture
def stage(cast: Cast) -> Stage:
    return make_stage(cast)


def make_stage(cast: Cast) -> Stage:
    lead = Lead.objects.get(partnership=cast.checkout, person=cast.sara)
    return Stage(cast, lead, Need.write(lead, by=cast.ines, text="A date for the <launch>", id=uuid.uuid4()))


# --- by both, or not at all -------------------------------------------------------------------------------------------


def test_a_lead_reads_what_both_agreed_to(stage: Stage) -> None:
    release = stage.propose()
    assert stage.read == []
    assert not release.confirm(
        by=stage.cast.ines, digest=release.digest
    )  # the proposer's second press is no second yes
    assert stage.read == []
    assert release.confirm(by=stage.cast.tom, digest=release.digest)
    (article,) = stage.read
    assert "A date for the &lt;launch&gt;" in article
    assert release.confirm(by=stage.cast.tom, digest=release.digest)  # pressed again
    assert len(stage.read) == 1


def test_the_same_proposed_by_both_is_shown(stage: Stage) -> None:
    assert stage.propose() == stage.propose()
    assert stage.read == []
    assert stage.propose(by=stage.cast.tom).is_shown
    assert len(stage.read) == 1


def test_what_is_shown_already_is_not_proposed_again(stage: Stage) -> None:
    """The press did nothing, and promised that the other one would be asked."""
    cast, pair = stage.cast, stage.cast.checkout
    shows = f"?kind=need&amp;thing={stage.need.pk}"
    assert shows in stage.page(cast.ines, "release_list", pair.pk).text
    url = reverse("release_create", args=[pair.pk, cast.sara.pk])
    data = {"kind": "need", "thing": stage.need.pk, "digest": words_of("need", stage.need, stage.lead).digest}
    assert "Proposed. It is shown when" in client_of(cast.ines).post(url, data, follow=True).text
    assert shows not in stage.page(cast.ines, "release_list", pair.pk).text
    for person in (cast.tom, cast.ines):  # the second yes; a page that was open all the time
        text = client_of(person).post(url, data, follow=True).text
        assert "Shown to Sara" in text
        assert "Proposed. It is shown when" not in text
    stage.need.edit(by=cast.tom, text="Other words", version=1)
    assert shows in stage.page(cast.ines, "release_list", pair.pk).text


def test_what_both_saw_is_what_the_lead_gets(stage: Stage) -> None:
    """Preview, the other one's page, and the lead's page: the same article, byte for byte."""
    cast, pair = stage.cast, stage.cast.checkout
    query = {"kind": "need", "thing": stage.need.pk}
    preview = ARTICLE.findall(stage.page(cast.ines, "release_create", pair.pk, cast.sara.pk, **query).text)
    release = stage.propose()
    to_confirm = ARTICLE.findall(stage.page(cast.tom, "release_detail", release.pk).text)
    release.confirm(by=cast.tom, digest=release.digest)
    kept = ARTICLE.findall(stage.page(cast.ines, "release_detail", release.pk).text)
    answered = ARTICLE.findall(stage.page(cast.sara, "need_answer", stage.need.pk).text)
    served = [
        hashlib.sha256(a.encode()).hexdigest()
        for found in (preview, to_confirm, kept, answered, stage.read)
        for a in found
    ]
    assert len(served) == 5
    assert len(set(served)) == 1


def test_what_changes_later_is_not_shown(stage: Stage) -> None:
    stage.shown()
    before = stage.read
    stage.need.edit(by=stage.cast.tom, text="Two dates", version=1)
    assert stage.read == before
    stage.shown()
    assert [("Two dates" in article) for article in stage.read].count(True) == 1


def test_nobody_agrees_to_words_that_they_did_not_see(stage: Stage) -> None:
    seen = words_of("need", stage.need, stage.lead).digest
    stage.need.edit(by=stage.cast.tom, text="Other words", version=1)
    with pytest.raises(Stale) as refused:
        Release.propose(stage.lead, "need", stage.need, by=stage.cast.ines, digest=seen)
    assert refused.value.theirs == "Other words"
    release = stage.propose()
    with pytest.raises(Stale):
        release.confirm(by=stage.cast.tom, digest=seen)
    assert stage.read == []


def test_a_no_leaves_no_trace(stage: Stage) -> None:
    before = stage.page(stage.cast.sara, "history_detail", stage.cast.checkout.pk).text.count("<li")
    for who in (stage.cast.ines, stage.cast.tom):  # declined, or taken back
        stage.propose().withdraw(by=who)
        assert not Release.objects.exists()
    assert stage.page(stage.cast.sara, "history_detail", stage.cast.checkout.pk).text.count("<li") == before
    release = stage.propose()
    release.withdraw(by=stage.cast.tom)
    with pytest.raises(Refusal):
        release.confirm(by=stage.cast.tom, digest=release.digest)


@pytest.mark.parametrize("who", ["ines", "tom"])
def test_either_withdraws_and_it_is_gone_with_the_next_request(stage: Stage, who: str) -> None:
    release = stage.shown()
    assert stage.read
    release.withdraw(by=getattr(stage.cast, who))
    assert stage.read == []
    assert stage.page(stage.cast.sara, "need_answer", stage.need.pk).status_code == 404
    page = stage.page(stage.cast.tom, "release_list", stage.cast.checkout.pk).text
    assert "What was read was read." in page
    stage.shown()  # it can be shown again
    assert stage.read


def test_either_withdraws_after_the_partnership_ended(stage: Stage) -> None:
    release = stage.shown()
    Partnership.objects.filter(pk=stage.cast.checkout.pk).update(archived_at=timezone.now())
    stage.lead.partnership.refresh_from_db()
    assert stage.read
    release.withdraw(by=stage.cast.ines)
    assert stage.read == []


def test_who_left_withdraws_and_agrees_to_nothing_new(stage: Stage) -> None:
    release, cast = stage.shown(), stage.cast
    other = Need.write(stage.lead, by=cast.ines, text="Another", id=uuid.uuid4())
    waiting = stage.propose("need", other)
    cast.checkout.leave(by=cast.tom)
    with pytest.raises(Refusal):
        waiting.confirm(by=cast.tom, digest=waiting.digest)
    with pytest.raises(Refusal):
        stage.propose("need", other)
    release.withdraw(by=cast.tom)
    assert stage.read == []


def test_a_lead_who_comes_back_starts_with_nothing(stage: Stage) -> None:
    stage.shown()
    cast = stage.cast
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    assert stage.page(cast.sara, "history_detail", cast.checkout.pk).status_code == 404
    cast.checkout.assign_lead(cast.sara, by=cast.ada)
    assert stage.page(cast.sara, "history_detail", cast.checkout.pk).status_code == 200
    assert stage.read == []
    assert "A date for the" in stage.page(cast.tom, "release_list", cast.checkout.pk).text  # the pair's words stay


def test_it_is_for_the_named_lead_alone(stage: Stage) -> None:
    cast = stage.cast
    cast.checkout.assign_lead(cast.mei, by=cast.ada)
    stage.shown()
    page = stage.page(cast.mei, "history_detail", cast.checkout.pk).text
    assert "A date for the" not in page
    assert ARTICLE.findall(page) == []


def test_who_may_not(stage: Stage) -> None:
    release = stage.propose()
    cast = stage.cast
    for person in (cast.sara, cast.ada, cast.mei, cast.priya):
        with pytest.raises(NotAllowed):
            stage.propose(by=person)
        with pytest.raises(NotAllowed):
            release.confirm(by=person, digest=release.digest)
        with pytest.raises(NotAllowed):
            release.withdraw(by=person)
        assert stage.page(person, "release_detail", release.pk).status_code == 404
        assert not Release.objects.of(person).exists()


def test_the_record_holds_each_press(stage: Stage) -> None:
    stage.shown().withdraw(by=stage.cast.ines)
    stage.propose().withdraw(by=stage.cast.tom)
    acts = [row.act for row in Audit.objects.filter(act__startswith="release").order_by("pk")]
    assert acts == ["release_proposed", "release_agreed", "release_withdrawn", "release_proposed", "release_declined"]


# --- what can be shown ------------------------------------------------------------------------------------------------


def a_summary(cast: Cast, text: str = "We learned a lot") -> Note:
    session = play.start(cast.checkout)
    return Note.summarise(play.step_of(session, "close"), by=cast.ines, text=text, version=0)


def an_experiment(cast: Cast, **more: Any) -> Action:
    fields: dict[str, Any] = {"is_experiment": True, "because": "it is a habit", "seen_by": "a calmer week"}
    return play.agree(cast.checkout, "no meetings on Friday", **fields | more)


def a_contract(cast: Cast) -> Agreement:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    agreement.propose([Wording("We decide scope together.", heading="Scope")], by=cast.ines, reason="Because")
    return agreement


def test_each_kind_says_what_it_is(stage: Stage) -> None:
    cast = stage.cast
    sketch = play.agree(cast.checkout, "Sketch early", cue="there is a doubt")
    tried = an_experiment(cast)
    tried.finish(by=cast.tom, helped="helped")
    version = a_contract(cast).proposals[0]
    version.sign(by=cast.tom, digest=version.digest)
    expected: list[tuple[str, Thing, str]] = [
        ("summary", a_summary(cast), "We learned a lot"),
        ("action", sketch, "If there is a doubt, then I will: Sketch early"),
        ("outcome", tried, "It helped"),
        ("version", version, "1. We decide scope together."),
        ("need", stage.need, "A date for the &lt;launch&gt;"),
    ]  # fmt: skip
    for kind, thing, _words in expected:
        stage.shown(kind, thing)
    read = "".join(stage.read)
    for _kind, _thing, words in expected:
        assert words in read
    assert "Because" not in read.replace(
        "Because we believe: it is a habit", ""
    )  # the reason of a version is the pair's


def test_what_is_not_ready_or_not_theirs_cannot_be_shown(stage: Stage) -> None:
    cast = stage.cast
    session = play.start(cast.checkout)
    learned = Note.learn(play.step_of(session, "conclude"), by=cast.ines, text="Between us", id=uuid.uuid4())
    others = play.agree(cast.search, "Of the others")
    unsigned = a_contract(cast).proposals[0]
    for kind, thing in (
        ("summary", learned), ("outcome", an_experiment(cast)), ("outcome", play.agree(cast.checkout)),
        ("version", unsigned), ("action", others), ("need", learned), ("summary", stage.need),
    ):  # fmt: skip
        with pytest.raises(Refusal):
            stage.propose(kind, thing)


def test_the_database_refuses_a_release_of_nothing_or_by_one(stage: Stage) -> None:
    fields: dict[str, Any] = {"lead": stage.lead, "kind": "need", "title": "x", "text": "x", "on": date(2026, 1, 1)}
    for more in ({}, {"need": stage.need, "confirmed_by": stage.cast.ines, "confirmed_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.create(**fields, digest="x", proposed_by=stage.cast.ines, **more)


def test_a_summary_belongs_to_the_wrap_up(cast: Cast) -> None:
    session = play.start(cast.checkout)
    with pytest.raises(Invalid):
        Note.summarise(play.step_of(session, "write"), by=cast.ines, text="x", version=0)
    note = Note.summarise(play.step_of(session, "close"), by=cast.ines, text="Mine", version=0)
    with pytest.raises(Stale):
        Note.summarise(play.step_of(session, "close"), by=cast.tom, text="His", version=0)
    assert Note.summarise(play.step_of(session, "close"), by=cast.tom, text="His", version=note.version).text == "His"
    assert Note.objects.filter(kind="summary").count() == 1


# --- needs ------------------------------------------------------------------------------------------------------------


def test_a_need_is_text_of_both(stage: Stage) -> None:
    need, cast = stage.need, stage.cast
    assert Need.write(stage.lead, by=cast.ines, text=need.text, id=need.pk) == need  # a retry
    need.edit(by=cast.tom, text="Other words", version=1)
    with pytest.raises(Stale) as both:
        Need.objects.get(pk=need.pk).edit(by=cast.ines, text="Mine", version=1)
    assert (both.value.mine, both.value.theirs) == ("Mine", "Other words")
    for person in (cast.sara, cast.mei, cast.ada):
        with pytest.raises(NotAllowed):
            need.edit(by=person, text="x", version=2)
        assert not Need.objects.visible_to(person).exists()


def test_a_need_that_is_sent_again_with_other_words_keeps_both(stage: Stage) -> None:
    client, where = (
        client_of(stage.cast.ines),
        reverse("need_create", args=[stage.cast.checkout.pk, stage.cast.sara.pk]),
    )
    data = {"client_id": uuid.uuid4(), "text": "A date"}
    assert [client.post(where, data).status_code for _ in range(2)] == [302, 302]
    answer = client.post(where, data | {"text": "A date, and who decides"})
    assert answer.status_code == 409
    assert "A date, and who decides" in answer.content.decode()
    assert Need.objects.filter(text__startswith="A date,").count() == 0


def test_a_need_that_is_sent_again_under_another_id_is_there_once(stage: Stage) -> None:
    """What “back” shows after an answer that got lost is a form with a new id."""
    cast, words = stage.cast, stage.need.text
    assert Need.write(stage.lead, by=cast.tom, text=words, id=uuid.uuid4()) == stage.need
    other = cast.checkout.leads.create(person=cast.mei, assigned_by=cast.ada)
    assert Need.write(other, by=cast.ines, text=words, id=uuid.uuid4()) != stage.need
    Need.objects.filter(pk=stage.need.pk).update(answered_at=timezone.now())
    assert Need.write(stage.lead, by=cast.tom, text=words, id=uuid.uuid4()) != stage.need


def test_an_answer_of_another_tab_is_not_written_over(stage: Stage) -> None:
    stage.shown()
    client, where = client_of(stage.cast.sara), reverse("need_answer", args=[stage.need.pk])

    def version() -> str:
        found: list[str] = re.findall(r'name="version" value="(\d+)"', client.get(where).content.decode())
        return found[0]

    shown = version()
    answers = [client.post(where, {"text": f"In {month}", "version": shown}) for month in ("March", "March", "April")]
    assert [answer.status_code for answer in answers] == [302, 302, 409]
    for words in ("In March", "In April"):
        assert words in answers[2].content.decode()
    assert Need.objects.get(pk=stage.need.pk).answer == "In March"
    # On top of what the page has shown beside it.
    assert f'name="version" value="{version()}"' in answers[2].content.decode()
    assert client.post(where, {"text": "In April", "version": version()}).status_code == 302


def test_the_lead_answers_what_was_released(stage: Stage) -> None:
    need, cast = stage.need, stage.cast
    with pytest.raises(Refusal):
        need.reply(by=cast.sara, text="Soon", version=0)
    release = stage.shown()
    need.reply(by=cast.sara, text="In March", version=0)
    for person in (cast.ines, cast.tom):
        home = stage.page(person, "partnership_detail", cast.checkout.pk).text
        assert "In March" in home
        assert "Sara answers what you need" in home
    for person in (cast.mei, cast.tom):
        with pytest.raises(NotAllowed):
            need.reply(by=person, text="x", version=0)
    release.withdraw(by=cast.tom)
    with pytest.raises(Refusal):
        need.reply(by=cast.sara, text="Later", version=0)


def test_of_several_leads_home_says_who_sees_what(stage: Stage) -> None:
    stage.shown()
    home = stage.page(stage.cast.ines, "partnership_detail", stage.cast.checkout.pk).text
    assert f"{stage.cast.sara.full_name}:" not in home  # of one lead it is clear
    stage.cast.checkout.assign_lead(stage.cast.mei, by=stage.cast.ada)
    home = " ".join(stage.page(stage.cast.ines, "partnership_detail", stage.cast.checkout.pk).text.split())
    assert f"{stage.cast.sara.full_name}: Sees dates, counts and titles, and 1 thing that you showed." in home
    assert f"{stage.cast.mei.full_name}: Sees dates, counts and titles. Nothing of what you wrote." in home


def test_that_the_account_of_a_lead_is_off_is_said(stage: Stage) -> None:
    """To the two wherever it is said what that lead sees, and to an admin beside the name."""
    sara, pair = stage.cast.sara, [stage.cast.checkout.pk]
    places = [reverse(name, args=pair) for name in ("partnership_detail", "release_list")]
    admins, badge = reverse("admin_partnership_detail", args=pair), "Since .{1,30} Switched off"
    ines, ada = client_of(stage.cast.ines), client_of(stage.cast.ada)
    off = "Sees nothing: the account is switched off."
    assert not any(off in ines.get(where).text for where in places)
    assert not re.search(badge, text_of(ada.get(admins)))
    sara.deactivate(by=stage.cast.ada)
    for where in places:
        page = text_of(ines.get(where))
        assert off in page
        assert "Sees dates, counts and titles" not in page
    assert re.search(badge, text_of(ada.get(admins)))


# --- offers -----------------------------------------------------------------------------------------------------------


def three(days: int = 5) -> list[datetime]:
    first = (timezone.now() + timedelta(days=days)).replace(tzinfo=None, hour=14, minute=0, second=0, microsecond=0)
    return [first + timedelta(days=n) for n in range(3)]


def test_home_stays_when_the_clocks_come_to_jump_over_an_offered_time(stage: Stage) -> None:
    """A country changed its clocks after the lead offered it: nobody was asked, so nobody is refused."""
    offer = Offer.make(stage.lead, by=stage.cast.sara, kind="times", starts=three(), zone="Europe/Tallinn")
    starts = ["2027-03-28T03:30", *offer.starts[1:]]  # at three it is four
    Offer.objects.update(starts=starts)
    page = stage.page(stage.cast.tom, "partnership_detail", stage.cast.checkout.pk)
    assert page.status_code == 200
    assert "Sunday 28 March" in page.text
    offer.refresh_from_db()
    with pytest.raises(Refusal, match="The clocks jump over 03:30"):
        offers.accept(offer, by=stage.cast.tom, choice=0)


def test_three_times_are_offered_and_one_is_planned(stage: Stage) -> None:
    cast = stage.cast
    offer = Offer.make(stage.lead, by=cast.sara, kind="times", starts=three(), zone="UTC")
    assert Offer.make(stage.lead, by=cast.sara, kind="times", starts=three(), zone="UTC") == offer
    for person in (cast.ines, cast.tom):
        assert "Sara offers you three dates" in stage.page(person, "partnership_detail", cast.checkout.pk).text
    session = offers.accept(offer, by=cast.tom, choice=1)
    assert session.wall_start == three()[1]
    assert offers.accept(offer, by=cast.ines, choice=2) == session
    assert Session.objects.filter(partnership=cast.checkout).count() == 1
    assert "Taken up" in stage.page(cast.sara, "history_detail", cast.checkout.pk).text


def test_the_three_dates_begin_with_days_and_hours_of_both(stage: Stage) -> None:
    cast = stage.cast
    play.plan(cast.checkout, days=9)
    for person, days in ((cast.ines, "1345"), (cast.tom, "12345")):  # Ines has her Tuesdays off
        person.working_days, person.quiet_from, person.quiet_to = days, time(15), time(9)
        person.save()
    page = stage.page(cast.sara, "offer_create", cast.checkout.pk).text
    offered = [datetime.fromisoformat(found) for found in re.findall(r'value="(\d{4}-\d\d-\d\dT\d\d:\d\d)"', page)]
    assert len({wall.date() for wall in offered}) == 3
    assert offered == sorted(offered)
    planned = Session.objects.get(partnership=cast.checkout).start_utc
    for wall in offered:
        start = wall.replace(tzinfo=cast.sara.tz)
        assert start - timezone.now() > timedelta(days=6)
        assert start.date() != planned.astimezone(cast.sara.tz).date()
        for person in (cast.ines, cast.tom):
            assert person.hours.allows(start)
            assert person.hours.allows(start + timedelta(minutes=59))
    answer = client_of(cast.sara).post(
        reverse("offer_create", args=[cast.checkout.pk]),
        {
            "kind": "times",
            **{
                name: f"{wall:%Y-%m-%dT%H:%M}" for name, wall in zip(("first", "second", "third"), offered, strict=True)
            },
        },
    )
    assert answer.status_code == 302
    assert Offer.objects.get().wall_times == offered


def test_the_exercise_is_suggested_and_begun(stage: Stage) -> None:
    offer = Offer.make(stage.lead, by=stage.cast.sara, kind="exercise")
    session = offers.accept(offer, by=stage.cast.ines)
    assert (session.kind, session.is_running) == ("dream_team", True)


@pytest.mark.parametrize(
    ("template", "kind", "words"),
    [
        ("dream-team-pm-designer", "dream_team", "Sara suggests the exercise “Dream Team”."),
        ("contract", "contract", "Sara suggests the exercise “Collaboration contract”."),
        ("retro-classic", "retro", "Sara suggests the exercise “The good, the bad, the discussion”."),
    ],
)
def test_an_exercise_is_chosen_from_the_catalogue(stage: Stage, template: str, kind: str, words: str) -> None:
    cast = stage.cast
    sara = client_of(cast.sara)
    url = reverse("offer_create", args=[cast.checkout.pk])
    page = sara.get(f"{url}?kind=exercise").text
    assert f'value="{template}"' in page
    for _press in range(2):
        assert sara.post(url, {"kind": "exercise", "template": template}).status_code == 302
    offer = Offer.objects.get()
    for person in (cast.ines, cast.tom):
        assert words in stage.page(person, "partnership_detail", cast.checkout.pk).text
    session = offers.accept(offer, by=cast.tom)
    assert (session.kind, session.template_key, session.is_running) == (kind, template, True)
    assert offers.accept(offer, by=cast.ines) == session
    if kind == "contract":
        assert session.agreement is not None
        assert session.agreement.title == "Checkout"


@pytest.mark.parametrize("template", ["retro-em-pm", "retro-farewell", "contract:short", "nothing"])
def test_only_what_the_pair_may_hold_is_suggested(stage: Stage, template: str) -> None:
    """Not another kind of pair's; nor the last retro, which is theirs to think of."""
    cast = stage.cast
    sara = client_of(cast.sara)
    url = reverse("offer_create", args=[cast.checkout.pk])
    assert f'value="{template}"' not in sara.get(f"{url}?kind=exercise").text
    assert sara.post(url, {"kind": "exercise", "template": template}).status_code == 422
    with pytest.raises(Invalid):
        Offer.make(stage.lead, by=cast.sara, kind="exercise", template=template)
    assert not Offer.objects.exists()


def test_either_declines_without_a_reason(stage: Stage) -> None:
    offer = Offer.make(stage.lead, by=stage.cast.sara, kind="times", starts=three(), zone="UTC")
    offer.decline(by=stage.cast.ines)
    with pytest.raises(Refusal):
        offers.accept(offer, by=stage.cast.tom)
    page = stage.page(stage.cast.sara, "history_detail", stage.cast.checkout.pk).text
    assert "Not this time" in page
    assert "Ines declined" not in page
    assert Offer.make(stage.lead, by=stage.cast.sara, kind="times", starts=three(9), zone="UTC").is_open


def test_what_cannot_be_offered(stage: Stage) -> None:
    cast = stage.cast
    for starts in ([], three()[:2], [three()[0]] * 3, three(-20)):
        with pytest.raises(Invalid):
            Offer.make(stage.lead, by=cast.sara, kind="times", starts=starts, zone="UTC")
    Offer.make(stage.lead, by=cast.sara, kind="times", starts=three(), zone="UTC")
    with pytest.raises(Refusal):
        Offer.make(stage.lead, by=cast.sara, kind="times", starts=three(8), zone="UTC")
    for person in (cast.ines, cast.ada, cast.mei):
        with pytest.raises(NotAllowed):
            Offer.make(stage.lead, by=person, kind="exercise")
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    with pytest.raises(NotAllowed):
        Offer.make(stage.lead, by=cast.sara, kind="exercise")
    assert not Offer.objects.exists()  # the earlier ones went with the assignment


def test_only_the_two_answer_an_offer(stage: Stage) -> None:
    offer = Offer.make(stage.lead, by=stage.cast.sara, kind="exercise")
    for person in (stage.cast.sara, stage.cast.mei, stage.cast.ada):
        with pytest.raises(NotAllowed):
            offers.accept(offer, by=person)
        with pytest.raises(NotAllowed):
            offer.decline(by=person)


def test_a_press_on_what_went_with_the_assignment_is_a_no(stage: Stage) -> None:
    """The lead ended between the page and the press: told so, and nothing breaks."""
    cast = stage.cast
    made = [
        Offer.make(stage.lead, by=cast.sara, kind="exercise"),
        Offer.make(stage.lead, by=cast.sara, kind="times", starts=three(), zone="UTC"),
    ]
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    for offer in made:
        with pytest.raises(Refusal, match="not your lead any more"):
            offers.accept(offer, by=cast.ines)
        with pytest.raises(Refusal, match="not your lead any more"):
            offer.decline(by=cast.tom)
    with pytest.raises(Refusal, match="not your lead any more"):
        Need.write(stage.lead, by=cast.ines, text="A date", id=uuid.uuid4())
    assert not Session.objects.filter(partnership=cast.checkout).exists()


# --- both at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_both_at_once() -> None:
    """Both propose; one agrees while the other takes back; both take up an offer: one effect each time."""
    cast = make_cast()
    with AtOnce() as at_once:
        for n in range(8):
            lead = Lead.objects.select_related("partnership").get(partnership=cast.checkout, person=cast.sara)
            need = Need.write(lead, by=cast.ines, text=f"Number {n}", id=uuid.uuid4())
            digest = words_of("need", need, lead).digest
            made = at_once.run(*(
                partial(Release.propose, lead, "need", Need.objects.get(pk=need.pk), by=who, digest=digest)
                for who in (cast.ines, cast.tom)
            ))  # fmt: skip
            assert made[0] == made[1]
            release = Release.objects.get(need=need)
            assert release.is_shown
            release.withdraw(by=cast.ines)

            again = Release.propose(lead, "need", need, by=cast.ines, digest=digest)
            confirmed, withdrawn = at_once.run(
                partial(again.confirm, by=cast.tom, digest=digest), partial(again.withdraw, by=cast.ines)
            )
            assert withdrawn is None
            assert confirmed is True or isinstance(confirmed, Refusal)
            assert not Release.objects.shown_to(lead).exists()

            offer = Offer.make(lead, by=cast.sara, kind="times", starts=three(20 + 5 * n), zone="UTC")
            one, other = at_once.run(*(
                partial(offers.accept, Offer.objects.get(pk=offer.pk), by=who, choice=c)
                for who, c in ((cast.ines, 0), (cast.tom, 1))
            ))  # fmt: skip
            assert one == other, (one, other)
            assert Session.objects.filter(partnership=cast.checkout).count() == n + 1
    assert not Look.objects.filter(what=Look.What.HISTORY).exists()


@pytest.mark.parametrize(
    ("asked", "lines", "links"),
    [
        ("", 50, {"2": "Earlier"}),
        ("2", 2, {"1": "Later"}),
        ("99", 2, {"1": "Later"}),
        ("0", 2, {"1": "Later"}),
        ("²", 50, {"2": "Earlier"}),
    ],
)
def test_the_log_of_looks_is_read_page_by_page(stage: Stage, asked: str, lines: int, links: dict[str, str]) -> None:
    pair, sara = stage.cast.checkout, stage.cast.sara
    Look.objects.filter(partnership=pair).delete()
    Look.objects.bulk_create(Look(partnership=pair, person=sara, what=Look.What.HISTORY) for _n in range(52))
    page = stage.page(stage.cast.ines, "release_list", pair.pk, page=asked).text
    assert page.count("opened your history") == lines
    assert dict(re.findall(r'<a (?:class="push" )?href="\?page=(\d+)">(\w+)</a>', page)) == links


def test_of_an_action_of_both_one_chooses_whose_is_shown(stage: Stage) -> None:
    play.agree(stage.cast.checkout, "Sketch early", owners="ab")
    play.agree(stage.cast.checkout, "Ask Sara", owners="b")
    text = stage.page(stage.cast.ines, "release_create", stage.cast.checkout.pk, stage.cast.sara.pk).text
    for label in ("Ines: Sketch early", "Tom: Sketch early"):
        assert label in text
    assert text.count("Sketch early") == text.count(": Sketch early")
    assert "Tom: Ask Sara" not in text


def test_what_the_other_one_took_up_is_not_declined(stage: Stage) -> None:
    starts = [datetime.combine(timezone.localdate() + timedelta(days=n), time(10)) for n in (8, 9, 10)]
    offer = Offer.make(stage.lead, by=stage.cast.sara, kind="times", starts=starts)
    offers.accept(offer, by=stage.cast.tom)
    refused = client_of(stage.cast.ines).post(reverse("offer_decline", args=[offer.pk]))
    assert refused.status_code == 409
    assert "One of you took this up in between." in refused.content.decode()
    # What was declined is, whoever says so again.
    other = Offer.make(stage.lead, by=stage.cast.sara, kind="times", starts=starts)
    for person in (stage.cast.ines, stage.cast.tom):
        assert client_of(person).post(reverse("offer_decline", args=[other.pk])).status_code == 302
