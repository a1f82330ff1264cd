"""The rhythm of a pair, and what either of the two changes in its dates."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.access import get_pause, get_series, get_session
from retros.dates import one_date, rhythm
from retros.dates.forms import (
    DatesForm,
    FollowingForm,
    MetForm,
    MoveForm,
    PlanForm,
    RhythmForm,
    SeriesEndForm,
    SeriesForm,
    SeriesPauseForm,
    SeriesResumeForm,
    SkipForm,
    VersionForm,
)
from retros.dates.page import Dates, first_dates, first_rule, from_slot, preview_change
from retros.dates.warnings import warnings_of
from retros.models import Series, Session, creation
from retros.pair import Pair, PlannedRetro, proposal


@require_safe
def series_detail(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """The rhythm, its dates, and everything that changes them."""
    return _rhythm(request, get_series(request.user, partnership_id))


@require_http_methods(["GET", "HEAD", "POST"])
def series_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Plan a rhythm. While it is being chosen, its first dates are shown."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    if request.htmx:
        form = RhythmForm(request.GET, pair=pair)
        return render(
            request, "retros/dates/_first_dates.html", {"dates": first_dates(form.shown(), pair), "form": form}
        )
    form = RhythmForm.of(request, pair=pair, initial=first_rule(pair))
    if request.method == "POST" and "show" not in request.POST:
        with form.on_page(at="time"):
            rule, link = form.rule(), form.cleaned_data["meeting_url"]
            rhythm.begin(pair.partnership, by=request.user, rule=rule, meeting_url=link)
            messages.success(request, _("Your rhythm: %(rule)s") % {"rule": rule.words})
            return redirect("series_detail", partnership_id)
    context = {**pair.context, "form": form, "dates": first_dates(form.shown(), pair)}
    return render(request, "retros/dates/series_form.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def series_change(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """This date and all that follow: first what it would do, then do it."""
    session = get_session(request.user, session_id)
    series = get_series(request.user, session.partnership_id)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    initial = from_slot(series, session)
    if request.GET.get("clock") == "mine":
        initial["zone"] = request.user.timezone
    form = FollowingForm.of(request, pair=pair, initial=initial)
    lines, mails = None, 0
    if request.method == "POST":
        with form.on_page(at="time"):
            change = form.change()
            if form.cleaned_data["confirm"]:
                rhythm.change_from(series, session, by=request.user, confirmed=True, **change)
                messages.success(request, _("Your rhythm: %(rule)s") % {"rule": series.rule.words})
                return redirect("series_detail", session.partnership_id)
            lines, mails = preview_change(session, pair, change)
    context = {**pair.context, "form": form, "session": session, "lines": lines, "mails": mails}
    return render(request, "retros/dates/series_change.html", context, status=form.status)


@require_POST
def series_update(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What calendars call it, and the link to the meeting."""
    series, form = get_series(request.user, partnership_id), SeriesForm.of(request)
    with form.on_page(at="meeting_url"):
        rhythm.describe(series, by=request.user, **form.checked())
        messages.success(request, _("Kept for you both"))
        return redirect("series_detail", partnership_id)
    return _rhythm(request, series, about=form)


@require_POST
def series_pause(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    series, form = get_series(request.user, partnership_id), SeriesPauseForm.of(request)
    with form.on_page(at="to_date"):
        rhythm.pause(series, by=request.user, **form.checked())
        messages.success(request, _("Your rhythm pauses"))
        return redirect("series_detail", partnership_id)
    return _rhythm(request, series, pausing=form)


@require_POST
def series_resume(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """End one pause, or all of them."""
    series = get_series(request.user, partnership_id)
    data = SeriesResumeForm(request.POST).checked()
    if data["pause"] and data["version"] in {None, series.version}:  # an older page shows some that are gone
        get_pause(request.user, partnership_id, data["pause"])
    rhythm.resume(series, by=request.user, **data)
    messages.success(request, _("Your rhythm goes on"))
    return redirect("series_detail", partnership_id)


@require_POST
def series_end(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """The last day of the rhythm; without one, it goes on."""
    series, form = get_series(request.user, partnership_id), SeriesEndForm.of(request)
    with form.on_page(at="last"):
        rhythm.end(series, by=request.user, **form.checked())
        messages.success(request, _("The end of the rhythm is kept for you both"))
        return redirect("series_detail", partnership_id)
    return _rhythm(request, series, ending=form)


@require_http_methods(["GET", "HEAD", "POST"])
def session_skip(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Leave one out, and say why."""
    session = get_session(request.user, session_id)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    form = SkipForm.of(request, initial={"version": session.dates_version})
    if request.method == "POST":
        with form.on_page(at="reason"):
            one_date.skip(session, by=request.user, **form.checked())
            messages.success(request, _("Skipped. Nothing else moves"))
            return redirect("partnership_detail", session.partnership_id)
    context = {**pair.context, "form": form, "session": session, "planned": PlannedRetro(session, pair)}
    return render(request, "retros/dates/session_skip.html", context, status=form.status)


@require_POST
def session_restore(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Plan a skipped one again."""
    session = get_session(request.user, session_id)
    one_date.restore(session, by=request.user, **VersionForm(request.POST).checked())
    messages.success(request, _("Planned again"))
    return redirect("partnership_detail", session.partnership_id)


@require_http_methods(["GET", "HEAD", "POST"])
def session_met(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """“We did meet on …”: held, without the app."""
    session = get_session(request.user, session_id)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    form = MetForm.of(request, initial={"version": session.dates_version, "day": session.wall_start.date()})
    if request.method == "POST":
        with form.on_page(at="day"):
            one_date.met_on(session, by=request.user, **form.checked())
            messages.success(request, _("Kept as held"))
            return redirect("partnership_detail", session.partnership_id)
    context = {**pair.context, "form": form, "session": session, "planned": PlannedRetro(session, pair)}
    return render(request, "retros/dates/session_met.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def session_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Plan a retro for a day and a time."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    form = PlanForm.of(request, pair=pair, initial={**proposal(pair), "exercise": request.GET.get("exercise")})
    if request.method == "POST":
        with form.on_page(at="time"):
            session = one_date.plan(pair.partnership, by=request.user, **form.planned())
            return _planned(request, session, pair)
    return render(request, "retros/dates/session_form.html", {**pair.context, "form": form}, status=form.status)


@require_http_methods(["POST"])
def session_create_now(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Start a retro at this moment. While one is open, that one is it."""
    partnership = get_partnership(request.user, partnership_id)
    session = creation.start_now(partnership, by=request.user)
    return redirect("session_detail", session.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def session_move(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    wall = session.wall_start
    initial = {"day": wall.date(), "time": wall.time(), "zone": session.timezone, "version": session.dates_version}
    form = MoveForm.of(request, pair=pair, initial=initial)
    if request.method == "POST":
        with form.on_page(at="time"):
            one_date.move(session, by=request.user, **form.move())
            return _planned(request, session, pair)
    context = {**pair.context, "form": form, "session": session, "planned": PlannedRetro(session, pair)}
    return render(request, "retros/dates/session_move.html", context, status=form.status)


def _planned(request: PersonRequest, session: Session, pair: Pair) -> HttpResponse:
    """Home again, with the date in words."""
    messages.success(request, _("Planned for %(when)s") % {"when": PlannedRetro(session, pair).when})
    for words in warnings_of(session, pair.members):
        messages.warning(request, words)
    return redirect("partnership_detail", pair.partnership.pk)


def _rhythm(request: PersonRequest, series: Series, **refused: DatesForm) -> HttpResponse:
    """The page of a rhythm. A form that was refused stands in it as it was sent.

    Raises that Refusal when the page has no such form any more: with the end of the rhythm, or of the partnership.
    """
    dates = Dates(get_partnership(request.user, series.partnership_id), request.user, series)
    kinds = {"about": SeriesForm, "pausing": SeriesPauseForm, "ending": SeriesEndForm}
    forms = {name: kind(initial=dates.as_it_is, auto_id=f"{name}_%s") for name, kind in kinds.items()}
    for name, form in refused.items():
        if form.refusal and not (dates.is_open and (name == "ending" or not series.is_ended)):
            raise form.refusal
    status = max((form.status for form in refused.values()), default=200)
    context = {**dates.context, **forms, **refused, "dates": dates, "series": series}
    return render(request, "retros/dates/series_detail.html", context, status=status)
