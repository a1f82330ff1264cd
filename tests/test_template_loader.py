"""What of a template's source is sent: config/template_loader.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template import Context, Engine, engines
from django.template.loaders.cached import Loader as CachedLoader

from config.template_loader import Loader, without_layout

pytestmark = pytest.mark.one_database

SENT = {
    # between two tags, and at both ends
    "\n<p>\n  <b>x</b>\n\n  <i>y</i>\n</p>\n": "<p><b>x</b><i>y</i></p>",
    "{% if a %}\n  <p>\n    {{ a }}\n  </p>\n{% endif %}\n": "{% if a %}<p>{{ a }}</p>{% endif %}",
    "<!doctype html>\n<!-- one -->\n<html>\n": "<!doctype html><!-- one --><html>",
    "{# one #}\n{% comment %}\n two\n{% endcomment %}\n<p>": "{# one #}{% comment %}\n two\n{% endcomment %}<p>",
    # a space that is seen
    "<b>x</b> <i>y</i>": "<b>x</b> <i>y</i>",
    '<b>x</b>{{ " " }}\n<i>y</i>': "<b>x</b> <i>y</i>",
    '{% if a %}\n  {{ " " }}\n  <b>x</b>\n{% endif %}': "{% if a %} <b>x</b>{% endif %}",
    # beside plain text
    "<p>one\n  two\n  <b>three</b>\n  four</p>": "<p>one two <b>three</b> four</p>",
    "<p>\n  one\n</p>": "<p> one </p>",
    "one\n": "one",
    # within a tag
    '<a\n  class="x"\n  href="y"\n>': '<a class="x" href="y">',
    "<br\n/>": "<br/>",
    '<use href="#x" />': '<use href="#x"/>',
    "<a href=x />": "<a href=x />",
    '<a\n  {% if a > b %}\n    x="1"\n  {% endif %}\n>': '<a {% if a > b %} x="1" {% endif %}>',
    "<a x='{\n  \"y\": 1\n}'>": "<a x='{ \"y\": 1 }'>",
    '<a title="x > y"\n  id="z">\n<b>': '<a title="x > y" id="z"><b>',
    '<a class="x  y">': '<a class="x  y">',
    # as it stands
    "<pre\n  class=\"x\">\n  one\n  <b>two</b>\n</pre>\n<p>": '<pre class="x">\n  one\n  <b>two</b>\n</pre><p>',
    "<textarea>\n{{ x }}\n</textarea>\n<p>": "<textarea>\n{{ x }}\n</textarea><p>",
    "{% verbatim %}\n<b>\n{% endverbatim %}\n<p>": "{% verbatim %}\n<b>\n{% endverbatim %}<p>",
    "<p>\n{% blocktranslate trimmed %}\n  one\n  two\n{% endblocktranslate %}\n</p>": (
        "<p>{% blocktranslate trimmed %}\n  one\n  two\n{% endblocktranslate %}</p>"
    ),
    "{% if a < b %}\n1 < 2\n{% endif %}": "{% if a < b %} 1 < 2 {% endif %}",
}  # fmt: skip


@pytest.mark.parametrize(("source", "sent"), SENT.items())
def test_what_only_lays_out_the_source_is_not_sent(source: str, sent: str) -> None:
    assert without_layout(source) == sent
    assert without_layout(sent) == sent


def test_a_line_may_end_like_on_windows() -> None:
    assert without_layout("<p>\r\n  <b>x</b>\r\n</p>\r\n") == "<p><b>x</b></p>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("<p>\n  {{ x }}\n</p>\n")
    (tmp_path / "mail.txt").write_text("Dear {{ x }},\n\n<p>\n  as it stands\n")
    return tmp_path


@pytest.mark.parametrize("cached", [False, True])
def test_pages_are_loaded_so_and_mails_as_they_stand(folder: Path, cached: bool) -> None:
    loader = "config.template_loader.Loader"
    loaders = [("django.template.loaders.cached.Loader", [loader])] if cached else [loader]
    engine = Engine(dirs=[str(folder)], loaders=loaders)
    for _ in range(2):
        assert engine.get_template("page.html").render(Context({"x": "Ines"})) == "<p>Ines</p>"
    mail = engine.get_template("mail.txt").render(Context({"x": "Ines"}))
    assert mail == "Dear Ines,\n\n<p>\n  as it stands\n"


def test_the_application_loads_its_templates_so() -> None:
    (cached,) = engines["django"].engine.template_loaders  # type: ignore[attr-defined]
    assert isinstance(cached, CachedLoader)
    assert isinstance(cached.loaders[0], Loader)
