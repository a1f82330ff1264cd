from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.models import Audit, Partnership
from partnerships.refusals import Invalid, Refusal, Stale
from retros import limits
from retros.catalogue import SHORT, Catalogue, Template, templates, with_short
from retros.catalogue.text import read, stored, written

if TYPE_CHECKING:
    from partnerships.models import Person


class OwnTemplate(models.Model):
    """A template of this installation's own. What was begun or planned with it keeps the words that it had then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(max_length=limits.TEMPLATE_KEY_LENGTH, unique=True)  # never that of a built-in one
    text = models.TextField()  # TOML, as the catalogue has it
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)  # no longer offered

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key

    @property
    def template(self) -> Template:
        return stored(self.text)

    @classmethod
    def make(cls, text: str, *, by: Person) -> OwnTemplate:
        """From TOML. Sent again, it is the same one.

        Raises Invalid with the line and the reason, Refusal when the key is another one's or too many are there.
        """
        template = read(text)
        text = written(template)
        if template.key in templates():
            raise _key_is_taken(template.key)
        with transaction.atomic():
            if cls.objects.exclude(key=template.key).count() >= limits.TEMPLATES:
                raise Refusal(_("There are too many templates here."))
            own, is_new = cls.objects.get_or_create(key=template.key, defaults={"text": text})
            if own.text != text:
                raise _key_is_taken(template.key)
            if is_new:
                Audit.record(Audit.Act.TEMPLATE_MADE, by=by, about=own)
        return own

    @classmethod
    def clone(cls, template: Template, *, by: Person) -> OwnTemplate:
        """A copy under the next free key, for changes; one that nobody has changed yet is that copy. It is nobody's
        usual one.
        """
        start = template.key.removesuffix(SHORT)[: limits.TEMPLATE_KEY_LENGTH - 4].rstrip("-_")
        own = {each.key: each for each in cls.objects.all()}
        for key in (f"{start}-{n}" for n in range(2, limits.TEMPLATES + 3)):
            text = written(replace(template, key=key, default=False))
            if key in own and own[key].text == text and not own[key].retired_at:
                return own[key]
            if key not in own and key not in templates():
                break
        return cls.make(text, by=by)

    def edit(self, template: Template, *, by: Person, version: int) -> None:
        """Other words, steps, minutes. Raises Invalid, and Stale with both texts when somebody changed it meanwhile."""
        text = written(read(written(replace(template, key=self.key))))
        with self._changing(by):
            if text == self.text:
                return
            if version != self.version:
                raise Stale(
                    _("This template changed in between. Both texts are here; keep the one you want."),
                    mine=text, theirs=self.text, version=self.version,
                )  # fmt: skip
            self.text, self.version = text, self.version + 1
            self.save(update_fields=["text", "version"])

    def retire(self, *, by: Person) -> None:
        """Offer it no longer. What is planned with it takes place; it is nobody's usual one any more."""
        with self._changing(by):
            self.retired_at = self.retired_at or timezone.now()
            self.save(update_fields=["retired_at"])
            UsualTemplate.objects.filter(key=self.key).delete()

    def restore(self, *, by: Person) -> None:
        with self._changing(by):
            self.retired_at = None
            self.save(update_fields=["retired_at"])

    @contextmanager
    def _changing(self, by: Person) -> Iterator[None]:
        with transaction.atomic():
            self.refresh_from_db(from_queryset=OwnTemplate.objects.select_for_update(no_key=True))
            Audit.record(Audit.Act.TEMPLATE_CHANGED, by=by, about=self)
            yield


class UsualTemplate(models.Model):
    """Which template a kind of pair gets for a kind of sitting, where nobody chooses; else what the catalogue says."""

    kind = models.CharField(max_length=10)  # of `Session.Kind`
    pair_kind = models.CharField(max_length=11, choices=Partnership.Kind.choices)
    key = models.CharField(max_length=limits.TEMPLATE_KEY_LENGTH)

    objects: ClassVar[models.Manager[UsualTemplate]] = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kind", "pair_kind"], name="usual_template_one_a_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.pair_kind}: {self.key}"

    @classmethod
    def choose(cls, template: Template, pair_kind: str, *, by: Person) -> None:
        """For new sittings from now on. Raises Invalid for what is not for this kind of pair, Refusal for what is
        retired.
        """
        if pair_kind not in Partnership.Kind.values or (template.for_kinds and pair_kind not in template.for_kinds):
            raise Invalid(_("This template is not for that kind of pair."))
        with transaction.atomic():
            own = OwnTemplate.objects.select_for_update(no_key=True).filter(key=template.key).first()
            if own and own.retired_at:
                raise Refusal(_("This template is retired. Bring it back first."))
            cls.objects.update_or_create(kind=template.kind, pair_kind=pair_kind, defaults={"key": template.key})
            Audit.record(Audit.Act.TEMPLATE_CHANGED, by=by, about=own)


def catalogue(keys: Collection[str] | None = None) -> Catalogue:
    """What ships and what this installation has, for pages; for making sittings with these `keys` (an empty one takes
    the usual template) what they need.
    """
    by_key = None if keys is None else {key.removesuffix(SHORT) for key in keys if key and key not in templates()}
    usual = {}
    if keys is None or "" in keys:
        usual = {(u.kind, u.pair_kind): u.key for u in UsualTemplate.objects.all()}
        if by_key is not None:
            by_key |= set(usual.values()) - set(templates())
    if by_key is not None and not by_key:
        return Catalogue(templates(), usual)
    rows = OwnTemplate.objects.all() if by_key is None else OwnTemplate.objects.filter(key__in=by_key)
    own = {t.key: t for row in rows for t in with_short(row.template)}
    return Catalogue({**templates(), **own}, usual, frozenset(row.key for row in rows if row.retired_at))


def _key_is_taken(key: str) -> Refusal:
    return Refusal(_("There is a template “%(key)s” already. Give this one another key.") % {"key": key})
