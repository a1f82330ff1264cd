"""The nouns: agreements, versions, clauses, signatures."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from partnerships import limits
from partnerships.models import Agreement, Clause, Partnership, Person, Signature, Version
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from partnerships.wording import Wording, digest_of, rebase
from tests.cast import Cast, make_cast
from tests.presses import AtOnce

pytestmark = pytest.mark.django_db

ONE, TWO, THREE = Wording("We decide scope together."), Wording("No meetings before ten."), Wording("Tom answers.")


@pytest.fixture
def contract(cast: Cast) -> Agreement:
    return Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")


def propose(agreement: Agreement, by: Person, *wordings: Wording, **more: Any) -> Version:
    agreement.reread()
    options = {"reason": "Because", "base": agreement.in_force} | more
    return agreement.propose(wordings, by=by, **options)


def agree(agreement: Agreement, by: Person, also: Person, *wordings: Wording) -> Version:
    version = propose(agreement, by, *wordings)
    assert version.sign(by=also, digest=version.digest)
    return version


def texts(version: Version | None) -> list[str]:
    return [c.text for c in Clause.objects.filter(version=version)]


def fresh(version: Version) -> Version:
    return Version.objects.select_related("agreement__partnership").get(pk=version.pk)


# --- begin -----------------------------------------------------------------------------------------------------------


def test_there_is_one_dream_team_agreement(cast: Cast) -> None:
    first = Agreement.begin(cast.checkout, by=cast.ines, kind="dream_team", title="Dream Team")
    assert Agreement.begin(cast.checkout, by=cast.tom, kind="dream_team", title="Another") == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.create(partnership=cast.checkout, kind="dream_team", title="Another")


def test_there_are_several_contracts(cast: Cast, contract: Agreement) -> None:
    assert Agreement.begin(cast.checkout, by=cast.tom, kind="contract", title="Search") != contract


def test_the_same_form_twice_begins_one(cast: Cast) -> None:
    key = uuid.uuid4()
    first = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch", id=key)
    assert Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch", id=key) == first
    assert Agreement.objects.count() == 1


def test_begun_again_under_another_id_there_is_one_until_it_has_words(cast: Cast, contract: Agreement) -> None:
    """What “back” shows after an answer that got lost is a form with a new id."""

    def again() -> Agreement:
        return Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch", id=uuid.uuid4())

    assert again() == contract
    assert Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Relaunch") != contract
    propose(contract, cast.ines, ONE)
    second = again()
    assert second != contract
    second.close(by=cast.ines)
    assert again() not in {contract, second}


def test_an_id_of_another_pair_tells_nothing(cast: Cast, contract: Agreement) -> None:
    other = Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Mine", id=contract.pk)
    assert other.pk != contract.pk
    assert other.partnership == cast.search


@pytest.mark.parametrize("title", ["", "  ", "Two\nlines", "Re\u202elaunch", "x" * (limits.TITLE_LENGTH + 1)])
def test_a_title_is_one_plain_line(cast: Cast, title: str) -> None:
    with pytest.raises(Invalid):
        Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title=title)


@pytest.mark.parametrize("name", ["sara", "ada", "mei", "priya"])
def test_only_the_two_write(cast: Cast, contract: Agreement, name: str) -> None:
    other = getattr(cast, name)
    version = propose(contract, cast.ines, ONE)
    verbs: list[Callable[[], object]] = [
        lambda: Agreement.begin(cast.checkout, by=other, kind="contract", title="Theirs"),
        lambda: propose(contract, other, TWO),
        lambda: version.sign(by=other, digest=version.digest),
        lambda: version.unsign(by=other),
        lambda: version.counter([TWO], by=other, reason=""),
        lambda: version.defer(by=other),
        lambda: version.withdraw(by=other),
        lambda: version.bring_up_to_date(by=other, digest=""),
        lambda: contract.still_true(by=other, until=timezone.localdate() + timedelta(9)),
        lambda: contract.close(by=other),
        lambda: contract.reopen(by=other),
    ]
    for verb in verbs:
        with pytest.raises(NotAllowed):
            verb()
    assert Agreement.objects.count() == Version.objects.count() == Signature.objects.count() == 1
    assert not Agreement.objects.of(other).filter(pk=contract.pk).exists()


def test_an_archived_partnership_is_only_read(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=timezone.now())
    with pytest.raises(NotAllowed):
        version.sign(by=cast.tom, digest=version.digest)


# --- propose, sign ---------------------------------------------------------------------------------------------------


def test_both_signatures_put_it_into_force(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE, TWO)
    assert contract.in_force is None
    assert contract.proposals == [version]
    assert not version.sign(by=cast.ines, digest=version.digest)
    assert version.sign(by=cast.tom, digest=version.digest)
    assert contract.in_force == version
    assert (version.number, contract.proposals) == (1, [])
    second = agree(contract, cast.tom, cast.ines, ONE, THREE)
    assert second.number == 2
    assert fresh(version).is_superseded
    assert [v.number for v in contract.history] == [2, 1]
    assert texts(version) == [ONE.text, TWO.text]


def test_a_signature_is_for_one_text(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    with pytest.raises(Stale) as refused:
        version.sign(by=cast.tom, digest="of something else")
    assert refused.value.theirs == ONE.text
    assert version.sign(by=cast.tom, digest=version.digest)
    assert version.sign(by=cast.tom, digest=version.digest)  # a double press: the current state
    assert Signature.objects.count() == 2


def test_the_digest_covers_title_headings_words_and_order() -> None:
    known = digest_of("T", [ONE, TWO])
    assert digest_of("T", [replace(ONE, line=uuid.uuid4()), TWO]) == known
    assert digest_of("T", [replace(ONE, text="We decide scope together. "), TWO]) != known
    assert digest_of("T", [TWO, ONE]) != known
    assert digest_of("U", [ONE, TWO]) != known
    assert digest_of("T", [replace(ONE, heading="H"), TWO]) != known
    assert digest_of("T", [Wording(ONE.text + TWO.text)]) != digest_of("T", [ONE, TWO])
    assert digest_of("T", [Wording("e\u0301")]) == digest_of("T", [Wording("\u00e9")])  # NFC: the same word
    assert digest_of("T", [Wording("\u0430")]) != digest_of("T", [Wording("a")])  # a look-alike is another word


@pytest.mark.parametrize(
    "wordings",
    [
        [],
        [Wording("  \n ")],
        [Wording("Fine"), Wording("")],
        [Wording("No\x00")],
        [Wording("Fine", "Two\nlines")],
        [Wording("Fine", "x" * (limits.TITLE_LENGTH + 1))],
        [Wording("x" * (limits.CONTENT_LENGTH + 1))],
        [Wording("x" * limits.CONTENT_LENGTH) for _n in range(6)],
        [Wording("x") for _n in range(limits.CLAUSES + 1)],
        [ONE, replace(TWO, line=ONE.line)],
    ],
)
def test_what_is_no_text_is_refused(cast: Cast, contract: Agreement, wordings: list[Wording]) -> None:
    with pytest.raises(Invalid):
        propose(contract, cast.ines, *wordings)
    assert Version.objects.count() == Clause.objects.count() == 0


def test_no_change_is_no_proposal(cast: Cast, contract: Agreement) -> None:
    agree(contract, cast.ines, cast.tom, ONE)
    with pytest.raises(Invalid):
        propose(contract, cast.tom, ONE)


def test_so_many_proposals_may_wait_and_no_more(
    cast: Cast, contract: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PROPOSALS", 3)
    first, *_others = [propose(contract, cast.ines, Wording(f"Words {n}")) for n in range(3)]
    with pytest.raises(Refusal, match="3 proposals wait here already"):
        propose(contract, cast.tom, Wording("One more"))
    assert first.counter([Wording("Other words")], by=cast.tom, reason="")  # it takes the place of the one it answers
    with pytest.raises(Refusal):
        propose(contract, cast.ines, Wording("One more"))
    assert len(contract.proposals) == 3


def test_a_proposal_against_an_older_version_shows_both(cast: Cast, contract: Agreement) -> None:
    first = agree(contract, cast.ines, cast.tom, ONE)
    agree(contract, cast.ines, cast.tom, ONE, TWO)
    with pytest.raises(Stale) as refused:
        propose(contract, cast.tom, THREE, base=first)
    assert (refused.value.mine, refused.value.theirs) == (THREE.text, f"{ONE.text}\n\n{TWO.text}")


def test_a_retry_proposes_once_and_other_words_are_kept(cast: Cast, contract: Agreement) -> None:
    key = uuid.uuid4()
    version = propose(contract, cast.ines, ONE, id=key)
    assert propose(contract, cast.ines, ONE, id=key) == version
    for words, reason in (([TWO], "Because"), ([ONE], "Another reason")):
        with pytest.raises(Stale) as refused:
            propose(contract, cast.ines, *words, id=key, reason=reason)
        assert refused.value.mine == words[0].text
    other = Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Mine")
    with pytest.raises(Stale) as refused:
        propose(other, cast.priya, ONE, id=key)
    assert refused.value.theirs == ""  # nothing of the other pair
    assert Version.objects.count() == 1


def test_a_signature_can_be_taken_back_before_the_second(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    version.unsign(by=cast.ines)
    assert not version.sign(by=cast.tom, digest=version.digest)
    assert version.sign(by=cast.ines, digest=version.digest)
    with pytest.raises(Refusal):
        version.unsign(by=cast.tom)


# --- other words, later, back ----------------------------------------------------------------------------------------


def test_other_words_end_a_proposal_and_lose_nothing(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    newer = version.counter([TWO], by=cast.tom, reason="Shorter")
    assert contract.proposals == [newer]
    assert contract.ended == [version]
    assert newer.answers == version
    assert texts(version) == [ONE.text]
    with pytest.raises(Stale) as refused:  # Tom's edit under Ines, who was about to sign the first words
        version.sign(by=cast.ines, digest=version.digest)
    assert (refused.value.mine, refused.value.theirs) == (ONE.text, TWO.text)
    with pytest.raises(Stale):
        version.counter([THREE], by=cast.ines, reason="Mine")
    assert newer.sign(by=cast.ines, digest=newer.digest)


def test_ones_own_words_can_be_changed_and_not_repeated(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    with pytest.raises(Invalid):
        version.counter([ONE], by=cast.tom, reason="The same")
    newer = version.counter([TWO], by=cast.ines, reason="Better")
    assert newer.signed_by(cast.ines)
    assert not newer.signed_by(cast.tom)


def test_other_words_never_undo_what_came_into_force(cast: Cast, contract: Agreement) -> None:
    agree(contract, cast.ines, cast.tom, ONE)
    version = propose(contract, cast.ines, replace(ONE, text="We decide scope alone."))
    agree(contract, cast.ines, cast.tom, ONE, TWO)
    assert version.is_outdated
    with pytest.raises(Stale):
        version.counter([THREE], by=cast.tom, reason="")
    with pytest.raises(Stale):
        version.sign(by=cast.tom, digest=version.digest)


def test_only_its_proposer_takes_a_proposal_back(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    with pytest.raises(NotAllowed):
        version.withdraw(by=cast.tom)
    version.withdraw(by=cast.ines)
    version.withdraw(by=cast.ines)
    assert contract.ended == [version]
    for verb in (
        lambda: version.sign(by=cast.tom, digest=version.digest),
        lambda: version.counter([TWO], by=cast.tom, reason=""),
        lambda: version.defer(by=cast.tom),
        lambda: version.unsign(by=cast.ines),
    ):
        with pytest.raises(Refusal):
            verb()


def test_what_is_deferred_can_still_be_signed(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    version.defer(by=cast.tom)
    at = fresh(version).deferred_at
    version.defer(by=cast.ines)
    assert fresh(version).deferred_at == at is not None
    assert version.sign(by=cast.tom, digest=version.digest)
    with pytest.raises(Refusal):
        version.defer(by=cast.tom)


# --- bring up to date ------------------------------------------------------------------------------------------------


def test_a_proposal_is_brought_up_to_date_by_who_saw_the_result(cast: Cast, contract: Agreement) -> None:
    agree(contract, cast.ines, cast.tom, ONE, TWO)
    version = propose(contract, cast.ines, replace(ONE, text="We decide scope early."), TWO)
    version.defer(by=cast.tom)
    agree(contract, cast.ines, cast.tom, ONE, replace(TWO, text="No meetings before eleven."), THREE)
    merged = version.brought_up_to_date()
    with pytest.raises(Stale):
        version.bring_up_to_date(by=cast.tom, digest=version.digest)
    newer = version.bring_up_to_date(by=cast.tom, digest=digest_of(contract.title, merged))
    assert texts(newer) == ["We decide scope early.", "No meetings before eleven.", THREE.text]
    assert newer.proposed_by == cast.ines
    assert newer.signed_by(cast.tom)
    assert not newer.signed_by(cast.ines)
    assert fresh(newer).deferred_at is not None
    assert version.bring_up_to_date(by=cast.tom, digest=newer.digest) == newer  # pressed twice
    assert newer.sign(by=cast.ines, digest=newer.digest)


def test_two_first_versions_can_become_one(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    agree(contract, cast.tom, cast.ines, TWO)
    assert version.is_outdated
    newer = version.bring_up_to_date(by=cast.ines, digest=digest_of(contract.title, version.brought_up_to_date()))
    assert sorted(texts(newer)) == sorted([ONE.text, TWO.text])


def test_what_is_in_force_already_needs_no_proposal(cast: Cast, contract: Agreement) -> None:
    agree(contract, cast.ines, cast.tom, ONE)
    changed = replace(ONE, text="Another text")
    version = propose(contract, cast.ines, changed)
    agree(contract, cast.ines, cast.tom, changed)
    with pytest.raises(Invalid):
        version.bring_up_to_date(by=cast.ines, digest=digest_of(contract.title, version.brought_up_to_date()))


A, B, C, D = (Wording(name) for name in "ABCD")
A2, B2 = replace(A, text="A2"), replace(B, text="B2")


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "merged"),
    [
        ([A, B], [A2, B], [A, B2], [A2, B2]),
        ([A, B], [A2, B], [replace(A, text="A3"), B], [A2, B]),
        ([A, B], [B], [A, B, C], [B, C]),
        ([A, B], [A, D, B], [A, B, C], [A, D, B, C]),
        ([A, B], [B, A], [A, B2], [B2, A]),
        ([A, B], [A2, B], [B], [A2, B]),
        ([A, B], [A, B, D], [B], [B, D]),
        ([A, B], [A, B, D], [], [D]),
    ],
)
def test_rebase(base: list[Wording], mine: list[Wording], theirs: list[Wording], merged: list[Wording]) -> None:
    assert rebase(base, mine, theirs) == merged


# --- the date of the next look, the end ------------------------------------------------------------------------------


def test_still_right_changes_a_date_and_no_word(cast: Cast, contract: Agreement) -> None:
    version = agree(contract, cast.ines, cast.tom, ONE, TWO)
    ahead = timezone.localdate() + timedelta(days=90)
    contract.still_true(by=cast.tom, until=ahead)
    contract.still_true(by=cast.tom, until=ahead, line=TWO.line)
    assert Agreement.objects.get().review_on == ahead
    assert [c.review_on for c in version.clauses.all()] == [None, ahead]
    assert fresh(version).digest == digest_of(contract.title, fresh(version).wordings)
    with pytest.raises(Invalid):
        contract.still_true(by=cast.tom, until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Refusal):
        contract.still_true(by=cast.tom, until=ahead, line=uuid.uuid4())


def test_a_closed_contract_is_read_and_can_be_opened_again(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    contract.close(by=cast.tom)
    contract.close(by=cast.ines)
    with pytest.raises(Refusal):
        version.sign(by=cast.tom, digest=version.digest)
    assert list(Agreement.objects.open()) == []
    contract.reopen(by=cast.ines)
    assert version.sign(by=cast.tom, digest=version.digest)


def test_the_dream_team_agreement_is_never_closed(cast: Cast) -> None:
    dream_team = Agreement.begin(cast.checkout, by=cast.ines, kind="dream_team", title="Dream Team")
    with pytest.raises(Refusal):
        dream_team.close(by=cast.ines)


# --- both at once ----------------------------------------------------------------------------------------------------

ROUNDS = [pytest.param(10, id="some"), pytest.param(1000, id="many", marks=pytest.mark.deep)]


def no_errors(results: list[Any], *allowed: type[Exception]) -> None:
    for result in results:
        assert not isinstance(result, Exception) or isinstance(result, allowed), repr(result)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_sign_at_once(both: AtOnce, rounds: int) -> None:
    people = make_cast()
    contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    for n in range(rounds):
        version = propose(contract, people.ines, Wording(f"Text {n}"))
        version.unsign(by=people.ines)

        def load(person: Person, key: uuid.UUID = version.pk) -> Callable[[], Callable[[], Any]]:
            def press() -> Callable[[], Any]:
                mine = Version.objects.select_related("agreement__partnership").get(pk=key)
                return lambda: mine.sign(by=person, digest=mine.digest)

            return press

        results = both.press(load(people.ines), load(people.tom))
        no_errors(results)
        assert sorted(results) == [False, True]
        assert fresh(version).number == n + 1
        assert Signature.objects.filter(version=version, digest=version.digest).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_two_propose_at_once(both: AtOnce, rounds: int) -> None:
    people = make_cast()
    contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    agree(contract, people.ines, people.tom, ONE)
    for n in range(rounds):

        def load(person: Person, text: str) -> Callable[[], Callable[[], Any]]:
            def press() -> Callable[[], Any]:
                mine = Agreement.objects.select_related("partnership").get(pk=contract.pk)
                base = mine.in_force
                return lambda: mine.propose([replace(ONE, text=text)], by=person, reason="R", base=base).pk

            return press

        results = both.press(load(people.ines, f"Ines {n}"), load(people.tom, f"Tom {n}"))
        no_errors(results)
        waiting = Version.objects.filter(number=None)
        assert {v.plain_text for v in waiting} >= {f"Ines {n}", f"Tom {n}"}
        assert waiting.count() == 2 * (n + 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", ROUNDS)
def test_an_edit_under_somebody_who_signs(both: AtOnce, rounds: int) -> None:
    """Either the signature came first, and there is nothing to answer; or the signer sees both texts."""
    people = make_cast()
    contract = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    for n in range(rounds):
        version = propose(contract, people.ines, Wording(f"Text {n}"))

        def sign(key: uuid.UUID = version.pk) -> Callable[[], Any]:
            mine = Version.objects.select_related("agreement__partnership").get(pk=key)
            return lambda: mine.sign(by=people.tom, digest=mine.digest)

        def edit(key: uuid.UUID = version.pk, n: int = n) -> Callable[[], Any]:
            mine = Version.objects.select_related("agreement__partnership").get(pk=key)
            return lambda: mine.counter([Wording(f"Edited {n}")], by=people.ines, reason="").pk

        signed, edited = both.press(sign, edit)
        contract.reread()
        if signed is True:
            assert isinstance(edited, Refusal)
            assert contract.in_force == version
        else:
            assert isinstance(signed, Stale)
            assert (signed.mine, signed.theirs) == (f"Text {n}", f"Edited {n}")
            assert Signature.objects.filter(version=version).count() == 1
            Version.objects.get(pk=edited).withdraw(by=people.ines)


@pytest.mark.django_db(transaction=True)
def test_the_dream_team_is_begun_once(both: AtOnce) -> None:
    people = make_cast()

    def begin(person: Person) -> Any:
        return Agreement.begin(people.checkout, by=person, kind="dream_team", title="Dream Team").pk

    results = both.run(lambda: begin(people.ines), lambda: begin(people.tom))
    no_errors(results)
    assert results[0] == results[1]
