"""The admin's pages about dates: all pairs by week, the month, who sits in how many, and many pairs at once."""

from __future__ import annotations

import uuid
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import for_admins, get_delivery_to_retry, get_frame, has_partnerships
from partnerships.administration.forms import OrganisationForm
from partnerships.administration.issued import show_links_once
from partnerships.administration.partnerships import frame_of
from partnerships.header import admin_menu
from partnerships.http import PersonRequest
from partnerships.mail import server
from partnerships.mail.server import MailServer
from partnerships.models import Delivery, Organisation
from partnerships.seen import version_of
from retros.access import get_bulk, get_missed, get_planned
from retros.administration import bulk, import_partnerships
from retros.administration.checks import Checks
from retros.administration.forms import BulkForm, CommitForm, ImportForm
from retros.administration.import_example import TYPE as XLSX
from retros.administration.import_example import example
from retros.administration.import_rows import COLUMNS, DETAILS
from retros.administration.load import Load
from retros.administration.mail_log import AtOnceStatus, BackupStatus, Mails, WorkerStatus
from retros.administration.month import Agenda
from retros.administration.pair_dates import PairDates
from retros.administration.schedule import Schedule
from retros.dates import one_date
from retros.dates.forms import MetForm, MoveForm, SkipForm, WhenForm
from retros.dates.warnings import warnings_of
from retros.lifecycle import ending
from retros.models import Bulk


@require_safe
@for_admins
def schedule(request: PersonRequest) -> HttpResponse:
    """Every pair by its next date; where there is none yet, what to do first."""
    found = Schedule(request.GET, request.user)
    if not found.listed and not has_partnerships():
        if not Organisation.was_asked():
            return redirect("organisation_update")
        context = {**admin_menu("schedule"), "server": MailServer()}
        return render(request, "retros/administration/schedule_start.html", context)
    context = {**admin_menu("schedule"), "schedule": found, "acts": Bulk.Act.choices}
    return render(request, "retros/administration/schedule.html", context)


@require_safe
@for_admins
def schedule_month(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("schedule"), "agenda": Agenda(request.GET, request.user)}
    return render(request, "retros/administration/schedule_month.html", context)


@require_safe
@for_admins
def schedule_load(request: PersonRequest) -> HttpResponse:
    """How many retros those in several partnerships have in each of the coming weeks."""
    context = {**admin_menu("schedule"), "load": Load(request.GET, request.user)}
    return render(request, "retros/administration/schedule_load.html", context)


@require_safe
@for_admins
def schedule_checks(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("schedule"), "checks": Checks(request.user)}
    return render(request, "retros/administration/schedule_checks.html", context)


@require_safe
@for_admins
def bulk_preview(request: PersonRequest) -> HttpResponse:
    """What would happen to the chosen pairs. Nothing is done."""
    form = BulkForm(request.GET)
    context = {**admin_menu("schedule"), "form": form, "key": uuid.uuid4()}
    with form.on_page():
        context["preview"] = bulk.preview(form.wish(request.user), by=request.user)
        context["act"] = Bulk.Act(form.cleaned_data["act"])
    return render(request, "retros/administration/bulk_preview.html", context, status=form.status)


@require_POST
@for_admins
def bulk_create(request: PersonRequest) -> HttpResponse:
    """Do what the preview showed."""
    seen = CommitForm(request.POST).checked()
    done = bulk.commit(BulkForm(request.POST).wish(request.user), by=request.user, **seen)
    return redirect("bulk_detail", done.pk)


@require_safe
@for_admins
def bulk_detail(request: PersonRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """What was done, with the way back for ten minutes."""
    done = get_bulk(bulk_id)
    state = {"can_be_undone": done.can_be_undone(timezone.now()), "unfinished": done.open_lines().count()}
    context = {**admin_menu("schedule"), "bulk": done, **state}
    return render(request, "retros/administration/bulk_detail.html", context)


@require_POST
@for_admins
def bulk_resume(request: PersonRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """Go on with what stopped half way."""
    bulk.resume(get_bulk(bulk_id), by=request.user)
    return redirect("bulk_detail", bulk_id)


@require_POST
@for_admins
def bulk_undo(request: PersonRequest, bulk_id: uuid.UUID) -> HttpResponse:
    bulk.undo(get_bulk(bulk_id), by=request.user)
    messages.success(request, _("Taken back"))
    return redirect("bulk_detail", bulk_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def partnership_import(request: PersonRequest) -> HttpResponse:
    """Choose a file or paste rows, then see what each line would become. Nothing is put in."""
    form = ImportForm.of(request, files=request.FILES or None)
    if request.method == "POST":
        with form.on_page():
            form.checked()
    return _look(request, form)


@require_POST
@for_admins
def partnership_import_create(request: PersonRequest) -> HttpResponse:
    """Put it in, and show each link of an invitation once. What is refused is looked at again."""
    form = ImportForm(request.POST, files=request.FILES)
    with form.on_page():
        done = import_partnerships.put_in(by=request.user, **form.wish())
        messages.success(request, done.words)
        return show_links_once(request, done.issued) if done.issued else redirect("admin_partnership_list")
    return _look(request, form)


def _look(request: PersonRequest, form: ImportForm) -> HttpResponse:
    context = {**admin_menu("admin_partnership_list"), "form": form, "columns": [*COLUMNS, *DETAILS]}
    if form.rows:
        with form.on_page():
            context["found"] = import_partnerships.look(form.rows, zone=request.user.timezone, day_first=form.day_first)
            form.show_rows()
    return render(request, "retros/administration/partnership_import.html", context, status=form.status)


@require_safe
@for_admins
def partnership_import_example(request: PersonRequest) -> HttpResponse:
    """A spreadsheet with the columns and two pairs."""
    content = example(timezone.localdate(timezone=request.user.tz), request.user.timezone)
    headers = {"Content-Disposition": 'attachment; filename="partnerships.xlsx"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


@require_safe
@for_admins
def mail_list(request: PersonRequest) -> HttpResponse:
    return _mail_page(request)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def organisation_update(request: PersonRequest) -> HttpResponse:
    """The name, and whether mail leaves: the second screen of the set-up, which stays where a test is asked for."""
    name = Organisation.bare_name()
    form = OrganisationForm.of(request, initial={"name": name, "version": version_of([name])})
    if "later" in request.POST:
        Organisation.ask_no_more()
        return redirect("schedule")
    answer = ""
    if request.method == "POST":
        with form.on_page(at="name"):
            Organisation.call(**form.checked())
            form.show("version", str(version_of([form.checked()["name"]])))
            if "test" not in request.POST:
                return redirect("schedule")
            answer = server.send_test(by=request.user)
            if not answer:
                return _test_left(request, "organisation_update")
    page = {"form": form, "server": MailServer(), "answer": answer, "is_first": not has_partnerships()}
    return render(
        request,
        "retros/administration/organisation_update.html",
        {**admin_menu("mail_list"), **page},
        status=502 if answer else form.status,
    )


def _test_left(request: PersonRequest, back: str) -> HttpResponse:
    messages.success(request, _("The test mail left for %(email)s") % {"email": request.user.email})
    return redirect(back)


@require_POST
@for_admins
def mail_test(request: PersonRequest) -> HttpResponse:
    """A mail to oneself. What the server says when it fails stands on the page."""
    if answer := server.send_test(by=request.user):
        return _mail_page(request, answer=answer)
    return _test_left(request, "mail_list")


def _mail_page(request: PersonRequest, answer: str = "") -> HttpResponse:
    context = {
        **admin_menu("mail_list"),
        "mails": Mails(request.GET, request.user),
        "worker": WorkerStatus(request.user),
        "at_once": AtOnceStatus(request.user),
        "backups": BackupStatus(request.user),
        "server": MailServer(),
        "answer": answer,
    }
    return render(request, "retros/administration/mail_list.html", context, status=502 if answer else 200)


@require_POST
@for_admins
def mail_retry(request: PersonRequest, delivery_id: UUID) -> HttpResponse:
    get_delivery_to_retry(delivery_id).retry()
    messages.success(request, _("It is sent again in the next round"))
    return redirect("mail_list")


@require_POST
@for_admins
def mail_retry_all(request: PersonRequest) -> HttpResponse:
    Delivery.retry_failed(by=request.user)
    messages.success(request, _("They are sent again in the next rounds"))
    return redirect("mail_list")


@require_safe
@for_admins
def admin_partnership_dates(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """A pair's dates to come, what became of those before, and what an admin does about either."""
    dates = PairDates(get_frame(partnership_id), request.user)
    return render(request, "retros/administration/admin_partnership_dates.html", dates.context())


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_session_met(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """A missed retro of any pair did take place, on another day perhaps."""
    session = get_missed(session_id)
    form = MetForm.of(request, initial={"version": session.dates_version, "day": session.wall_start.date()})
    if request.method == "POST":
        with form.on_page(at="day"):
            one_date.met_on(session, by=request.user, **form.checked())
            messages.success(request, _("Kept as held"))
            return redirect("admin_partnership_dates", session.partnership_id)
    row = frame_of(session.partnership)
    context = {**admin_menu("admin_partnership_list"), "form": form, "session": session, "row": row}
    return render(request, "retros/administration/admin_session_met.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_session_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Plan a retro for a pair, outside of its rhythm."""
    dates = PairDates(get_frame(partnership_id), request.user)
    form = WhenForm.of(request, pair=dates)
    if request.method == "POST":
        with form.on_page(at="time"):
            session = one_date.plan(dates.partnership, by=request.user, **form.wall_time())
            messages.success(request, _("Planned. The two are told"))
            for words in warnings_of(session, dates.row.members):
                messages.warning(request, words)
            return redirect("admin_partnership_dates", partnership_id)
    return render(request, "retros/administration/admin_session_form.html", dates.context(form), status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_session_move(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Move one retro of any pair; `to` proposes a time, by the admin's clock."""
    session = get_planned(session_id)
    dates = PairDates(session.partnership, request.user)
    form = MoveForm.of(request, pair=dates, initial=dates.proposed(session, request.GET.get("to", "")))
    if request.method == "POST":
        with form.on_page(at="time"):
            one_date.move(session, by=request.user, **form.move())
            messages.success(request, _("Moved. The two are told"))
            for words in warnings_of(session, dates.row.members):
                messages.warning(request, words)
            return redirect("admin_partnership_dates", session.partnership_id)
    context = dates.context(form, session)
    return render(request, "retros/administration/admin_session_form.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_session_skip(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_planned(session_id, or_skipped=True)
    dates = PairDates(session.partnership, request.user)
    form = SkipForm.of(request, initial={"version": session.dates_version})
    if request.method == "POST":
        with form.on_page(at="reason"):
            one_date.skip(session, by=request.user, **form.checked())
            messages.success(request, _("Skipped. Nothing else moves"))
            return redirect("admin_partnership_dates", session.partnership_id)
    context = dates.context(form, session)
    return render(request, "retros/administration/admin_session_skip.html", context, status=form.status)


@require_POST
@for_admins
def admin_partnership_end(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    ending.end(get_frame(partnership_id), by=request.user)
    messages.success(request, _("The partnership has ended. The two can still read it"))
    return redirect("admin_partnership_detail", partnership_id)


@require_POST
@for_admins
def admin_partnership_resume(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    ending.reopen(get_frame(partnership_id), by=request.user)
    messages.success(request, _("The partnership goes on. It needs a new date"))
    return redirect("admin_partnership_detail", partnership_id)
