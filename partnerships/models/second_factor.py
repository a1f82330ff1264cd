"""Whose sign-in needs more than one proof: what the operator asks for, and who has it (docs/identity.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from partnerships.models.person import Person

# What `settings.SECOND_FACTOR` can be: who is asked for one.
NONE, ADMINS, ADMINS_AND_LEADS, ALL = "none", "admins", "admins+leads", "all"


def kinds_of(person: Person) -> set[str]:
    """Of "totp", "webauthn" and "recovery_codes" those that they have."""
    from allauth.mfa.models import Authenticator  # its models need ours first

    return set(Authenticator.objects.filter(user=person).values_list("type", flat=True))


def is_set_up(person: Person) -> bool:
    """An authenticator app or a passkey. Recovery codes alone are none: they stand in for one of these."""
    return not kinds_of(person).isdisjoint({"totp", "webauthn"})


def is_wanted(person: Person) -> bool:
    """Whether the operator asks this person for one."""
    from partnerships.models.partnership import Lead  # it imports the person, who asks here

    if settings.SECOND_FACTOR == ALL or (person.is_staff and settings.SECOND_FACTOR != NONE):
        return True
    return settings.SECOND_FACTOR == ADMINS_AND_LEADS and bool(Lead.objects.filter(person=person).exists())


def is_missing(person: Person) -> bool:
    """Whether this person may do nothing before they set one up."""
    return is_wanted(person) and not is_set_up(person)


def remove(person: Person) -> None:
    """Every app, passkey and recovery code. Part of the transaction that says why."""
    from allauth.mfa.models import Authenticator  # its models need ours first

    Authenticator.objects.filter(user=person).delete()
