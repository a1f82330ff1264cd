from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Never

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from partnerships.models.partnership import Partnership
    from partnerships.models.person import Person


class AuditQuerySet(models.QuerySet["Audit"]):
    def for_admins(self) -> AuditQuerySet:
        """What an admin may read: acts on accounts, roles, the schedule, templates. What a pair does is not theirs."""
        return self.filter(act__in=FOR_ADMINS)

    def of_partnership(self, partnership: Partnership) -> AuditQuerySet:
        return self.filter(partnership_id=partnership.pk)

    def newest_first(self) -> AuditQuerySet:
        return self.order_by("-at", "-pk")

    def update(self, **fields: Any) -> Never:
        raise TypeError("The record is only added to.")

    def delete(self) -> Never:
        raise TypeError("The record is only added to.")


class Audit(models.Model):
    """One line of the record: who did what to what, when. Added to and never changed; no word that a person wrote.

    Ids instead of foreign keys, so that a line outlives what it speaks of and holds back no deletion.
    """

    class Act(models.TextChoices):
        """The sets below the model say which of them an admin reads; the order says nothing."""

        # accounts
        SIGNED_IN = "signed_in", _("Signed in")
        SIGN_IN_REFUSED = "sign_in_refused", _("Failed to sign in")
        SESSIONS_ENDED = "sessions_ended", _("Ended every sign-in")
        SESSION_ENDED = "session_ended", _("Ended a sign-in")
        ADDRESS_CHANGED = "address_changed", _("Changed the main address")
        ADDRESS_ADDED = "address_added", _("Added an address")
        ADDRESS_REMOVED = "address_removed", _("Removed an address")
        PASSWORD_CHANGED = "password_changed", _("Changed the password")
        APP_ADDED = "app_added", _("Set up an authenticator app")
        APP_REMOVED = "app_removed", _("Removed the authenticator app")
        PASSKEY_ADDED = "passkey_added", _("Added a passkey")
        PASSKEY_REMOVED = "passkey_removed", _("Removed a passkey")
        PROVIDER_LINKED = "provider_linked", _("Linked an account with the organisation’s sign-in")
        PROVIDER_UNLINKED = "provider_unlinked", _("Unlinked an account from the organisation’s sign-in")
        CODES_RENEWED = "codes_renewed", _("Made new recovery codes")
        FACTOR_RESET = "factor_reset", _("Reset a second factor")
        TAKEN_BACK = "taken_back", _("Took back a change of how to sign in")
        SIGN_IN_LINK_MADE = "sign_in_link_made", _("Made a sign-in link")
        SIGN_IN_LINK_USED = "sign_in_link_used", _("Signed in by a link of an admin’s")
        PERSON_INVITED = "person_invited", _("Invited a person")
        PERSON_DEACTIVATED = "person_deactivated", _("Switched off an account")
        PERSON_REACTIVATED = "person_reactivated", _("Switched on an account")
        EXPORTED = "exported", _("Exported their own data")
        ERASED = "erased", _("Erased their own data")
        # roles
        ADMIN_MADE = "admin_made", _("Made somebody an admin")
        ADMIN_ENDED = "admin_ended", _("Took the role of admin from somebody")
        LEAD_ASSIGNED = "lead_assigned", _("Made somebody a lead")
        LEAD_ENDED = "lead_ended", _("Took the role of lead from somebody")
        PARTNERSHIP_BEGUN = "partnership_begun", _("Began a partnership")
        PARTNERSHIP_CHANGED = "partnership_changed", _("Changed the name or the kind of a partnership")
        SEAT_TAKEN = "seat_taken", _("Took a seat in a partnership")
        LEFT = "left", _("Left a partnership")
        ARCHIVED = "archived", _("Ended a partnership")
        UNARCHIVED = "unarchived", _("Took up a partnership again")
        # the schedule
        PLANNED = "planned", _("Planned a retro")
        MOVED = "moved", _("Moved a retro")
        SKIPPED = "skipped", _("Skipped a retro")
        HELD = "held", _("Said when a retro was held")
        CANCELLED = "cancelled", _("Cancelled a retro")
        RHYTHM_SET = "rhythm_set", _("Set a rhythm")
        RHYTHM_CHANGED = "rhythm_changed", _("Changed a rhythm")
        RHYTHM_PAUSED = "rhythm_paused", _("Paused a rhythm")
        RHYTHM_RESUMED = "rhythm_resumed", _("Resumed a rhythm")
        RHYTHM_ENDED = "rhythm_ended", _("Ended a rhythm")
        BULK_DONE = "bulk_done", _("Changed many schedules at once")
        BULK_UNDONE = "bulk_undone", _("Took back a change of many schedules")
        # templates
        TEMPLATE_MADE = "template_made", _("Made a template")
        TEMPLATE_CHANGED = "template_changed", _("Changed a template")
        # of the pair
        INVITED = "invited", _("Invited into a partnership")
        INVITATION_REVOKED = "invitation_revoked", _("Took an invitation back")
        REVEALED = "revealed", _("Revealed a step")
        SIDE_OPENED = "side_opened", _("Opened their own side")
        RELEASE_PROPOSED = "release_proposed", _("Proposed to show something")
        RELEASE_AGREED = "release_agreed", _("Agreed to show something")
        RELEASE_DECLINED = "release_declined", _("Declined to show something")
        RELEASE_WITHDRAWN = "release_withdrawn", _("Took back what was shown")
        LOOKED = "looked", _("Looked at a partnership")
        AGREEMENT_EXPORTED = "agreement_exported", _("Exported an agreement")
        PARTNERSHIP_EXPORTED = "partnership_exported", _("Exported a partnership")
        EXPIRED = "expired", _("Removed what was older than the time it is kept")

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    act = models.CharField(max_length=24)
    by_id = models.UUIDField(null=True)  # None: somebody unknown, or the clock
    about = models.CharField(max_length=24, blank=True)  # the kind of thing: "person", "session"
    about_id = models.UUIDField(null=True)
    partnership_id = models.UUIDField(null=True, db_index=True)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["act"], name="audit_by_act"),
            models.Index(fields=["by_id"], name="audit_by_person"),
            models.Index(fields=["about_id"], name="audit_by_about"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.act}"

    @classmethod
    def record(
        cls, act: Act, *, by: Person | None, about: models.Model | None = None, partnership: Partnership | None = None
    ) -> Audit:
        """Add a line. Part of the verb that did it: in its transaction, so that both are there or neither."""
        line: Audit = cls.objects.create(
            act=act,
            by_id=by.pk if by else None,
            about=str(about._meta.model_name) if about else "",
            about_id=about.pk if about else None,
            partnership_id=partnership.pk if partnership else None,
        )
        return line

    @property
    def words(self) -> str:
        return str(self.Act(self.act).label)

    def save(self, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The record is only added to.")
        super().save(**kwargs)

    def delete(self, using: Any = None, keep_parents: bool = False) -> Never:
        raise TypeError("The record is only added to.")


Act = Audit.Act

# Each act is in exactly one of these sets (tests/partnerships/administration/test_audit.py). Admins read all but the
# last.
ABOUT_ACCOUNTS = frozenset(
    {
        Act.SIGNED_IN,
        Act.SIGN_IN_REFUSED,
        Act.SESSIONS_ENDED,
        Act.SESSION_ENDED,
        Act.ADDRESS_CHANGED,
        Act.ADDRESS_ADDED,
        Act.ADDRESS_REMOVED,
        Act.PASSWORD_CHANGED,
        Act.APP_ADDED,
        Act.APP_REMOVED,
        Act.PASSKEY_ADDED,
        Act.PASSKEY_REMOVED,
        Act.PROVIDER_LINKED,
        Act.PROVIDER_UNLINKED,
        Act.CODES_RENEWED,
        Act.FACTOR_RESET,
        Act.TAKEN_BACK,
        Act.SIGN_IN_LINK_MADE,
        Act.SIGN_IN_LINK_USED,
        Act.PERSON_INVITED,
        Act.PERSON_DEACTIVATED,
        Act.PERSON_REACTIVATED,
        Act.EXPORTED,
        Act.ERASED,
    }
)
ABOUT_ROLES = frozenset(
    {
        Act.ADMIN_MADE,
        Act.ADMIN_ENDED,
        Act.LEAD_ASSIGNED,
        Act.LEAD_ENDED,
        Act.PARTNERSHIP_BEGUN,
        Act.PARTNERSHIP_CHANGED,
        Act.SEAT_TAKEN,
        Act.LEFT,
        Act.ARCHIVED,
        Act.UNARCHIVED,
    }
)
ABOUT_THE_SCHEDULE = frozenset(
    {
        Act.PLANNED,
        Act.MOVED,
        Act.SKIPPED,
        Act.HELD,
        Act.CANCELLED,
        Act.RHYTHM_SET,
        Act.RHYTHM_CHANGED,
        Act.RHYTHM_PAUSED,
        Act.RHYTHM_RESUMED,
        Act.RHYTHM_ENDED,
        Act.BULK_DONE,
        Act.BULK_UNDONE,
    }
)
ABOUT_TEMPLATES = frozenset({Act.TEMPLATE_MADE, Act.TEMPLATE_CHANGED})
OF_THE_PAIR = frozenset(
    {
        Act.INVITED,
        Act.INVITATION_REVOKED,
        Act.REVEALED,
        Act.SIDE_OPENED,
        Act.RELEASE_PROPOSED,
        Act.RELEASE_AGREED,
        Act.RELEASE_DECLINED,
        Act.RELEASE_WITHDRAWN,
        Act.LOOKED,
        Act.AGREEMENT_EXPORTED,
        Act.PARTNERSHIP_EXPORTED,
        Act.EXPIRED,
    }
)
FOR_ADMINS = ABOUT_ACCOUNTS | ABOUT_ROLES | ABOUT_THE_SCHEDULE | ABOUT_TEMPLATES
