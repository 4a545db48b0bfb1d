"""The look holds together: readable colours, one place for them, every component shown."""

import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import get_template
from django.test import Client

from adminctr.core.plans import HEADINGS, OUTDATED
from adminctr.web import shortcuts
from adminctr.web.gallery import EveryField
from adminctr.web.templatetags.ui import register

CSS = settings.BASE_DIR / "static" / "css"
TEMPLATES = settings.BASE_DIR / "templates"
TOKENS = CSS / "tokens.css"
# The staff site wears Django admin's styles and names; its own sheet adds to those.
STAFF = CSS / "staff.css"
STYLES = sorted(file for file in CSS.rglob("*.css") if file not in {TOKENS, STAFF})
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
SURFACES = ("surface", "surface-weak", "surface-inset", "surface-raised", "backdrop")
STATES = ("neutral", "info", "success", "warning", "danger", "new")

TEXT, LINE = 4.5, 3.0
PAIRS = [
    *[(text, surface, TEXT) for text in ("text", "text-weak", "link") for surface in SURFACES],
    *[("text", surface, TEXT) for surface in ("surface-strong", "info-weakest")],
    *[("link-strong", surface, TEXT) for surface in SURFACES],
    *[(f"{state.replace('danger', 'danger-text')}", f"{state}-weakest", TEXT) for state in STATES],
    *[("text", f"{state}-weakest", TEXT) for state in STATES],
    *[("link", f"{notice}-weakest", TEXT) for notice in ("info", "success", "warning", "danger")],
    ("danger-text", "surface", TEXT),
    ("danger-text", "surface-raised", TEXT),
    *[("text-inverse", f"{button}{strong}", TEXT) for button in ("primary", "danger")
      for strong in ("", "-strong")],
    *[("border", surface, LINE) for surface in ("surface", "surface-raised")],
    *[("danger-text", surface, LINE) for surface in SURFACES],
    *[("focus", surface, LINE) for surface in (*SURFACES, "surface-strong", "danger-weakest")],
]  # fmt: skip


@cache
def tokens() -> dict[str, tuple[str, str]]:
    """Every colour by name, as (light, dark)."""
    found = {}
    for name, value in re.findall(r"--([\w-]+): (.+);", TOKENS.read_text()):
        colours = re.findall(r"#[0-9a-f]{6}", value)
        if colours:
            found[name] = (colours[0], colours[-1])
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def without_comments(file: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_what_must_be_seen_stands_out(theme: str, front: str, back: str, least: float) -> None:
    at = ("light", "dark").index(theme)
    assert contrast(tokens()[front][at], tokens()[back][at]) >= least


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.name)
def test_only_the_tokens_name_colours(file: Path) -> None:
    style = without_comments(file)
    assert not re.search(r"#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch|lab|color|light-dark)a?\(", style)
    values = " ".join(re.findall(r":\s([^;{]+);", style))
    assert not re.search(r"\b(white|black|gr[ae]y|red|green|blue|orange|yellow)\b", values)


def test_every_token_is_used_and_every_name_is_known() -> None:
    styles = "".join(map(without_comments, [TOKENS, *STYLES]))
    named = set(re.findall(r"^\s+(--[\w-]+):", styles, re.MULTILINE))
    used = set(re.findall(r"var\((--[\w-]+)\)", styles))
    assert named == used


def test_every_stylesheet_is_linked() -> None:
    page = (TEMPLATES / "layouts" / "base.html").read_text()
    linked = re.findall(r'static "(css/[^"]+)"', page)
    assert sorted(linked) == sorted(f"css/{file.relative_to(CSS)}" for file in (TOKENS, *STYLES))


def test_every_class_of_the_styles_stands_in_a_template() -> None:
    sources = [*TEMPLATES.rglob("*.html"), *(settings.BASE_DIR / "static/js").glob("*.js")]
    sources.append(settings.BASE_DIR / "adminctr/web/templatetags/ui.py")
    written = " ".join(file.read_text() for file in sources)
    classes = {
        name
        for file in STYLES
        for name in re.findall(r"\.([a-z][\w-]*)", re.sub(r"\{[^}]*\}", "", without_comments(file)))
    }
    by_tone = {f"{part}--{tone}" for part in ("badge", "notice", "button") for tone in
               (*STATES, "primary", "secondary", "link")}  # fmt: skip
    assert [name for name in sorted(classes - by_tone) if name not in written] == []


# The gallery


@pytest.fixture
def gallery(db: None) -> str:
    return Client().get("/gallery/").content.decode()


@pytest.fixture
def shown(db: None) -> set[str]:
    return {template.name for template in Client().get("/gallery/").templates}


def test_the_gallery_shows_every_component(shown: set[str]) -> None:
    assert {f"components/{file.name}" for file in COMPONENTS} <= shown
    assert "django/forms/field.html" in shown


def test_the_gallery_shows_every_container_and_every_style() -> None:
    gallery = (TEMPLATES / "web" / "gallery.html").read_text()
    for tag in set(register.tags):
        assert f"{{% {tag} " in gallery, tag
    body = Client().get("/gallery/").content.decode()
    for file in (CSS / "components").glob("*.css"):
        assert re.search(rf'class="{file.stem}[ "]', body), file.stem


def test_the_gallery_shows_every_tone(gallery: str) -> None:
    tones = set(STATES) - {"info"}
    assert tones <= set(re.findall(r"badge--(\w+)", gallery))
    assert set(re.findall(r"notice--(\w+)", gallery)) == {"info", "success", "warning", "danger"}
    buttons = {"primary", "secondary", "danger", "link"}
    assert set(re.findall(r"<button [^>]*button--(\w+)", gallery)) == buttons
    assert re.search(r'<a class="button button--secondary" href="#">', gallery)


def test_the_gallery_shows_every_notice_as_it_is_read_out(gallery: str) -> None:
    notices = re.findall(r'<div class="notice notice--(\w+)">(.*?)</div>', gallery, re.DOTALL)
    spoken = {tone: re.findall(r'"visually-hidden">(\w+): <', inside) for tone, inside in notices}
    assert spoken == {"info": [], "success": [], "warning": ["Warning"], "danger": ["Error"]}


def test_the_gallery_shows_every_kind_of_emptiness(gallery: str) -> None:
    empty = r'<h2>Empty: ([\w ]+)</h2>\s*<div class="empty">(.*?)</section>'
    kinds = dict(re.findall(empty, gallery, re.DOTALL))
    assert set(kinds) == {"first use", "no match", "failed to load", "not allowed"}
    assert len({re.findall(r"<path [^>]+>", one)[0] for one in kinds.values()}) == len(kinds)
    assert "button--primary" in kinds["first use"]
    assert "button--secondary" in kinds["no match"]
    assert "Request <code>" in kinds["failed to load"]
    assert "<a " not in kinds["not allowed"]


def test_the_gallery_shows_every_state_of_a_list(gallery: str) -> None:
    activity = re.findall(r'<ol class="activity">(.*?)</ol>', gallery, re.DOTALL)[0]
    with_reason, refused = "Reason: ", '<span class="badge badge--warning">Refused</span>'
    rows = re.findall(r"<li>(.*?)</li>", activity, re.DOTALL)
    assert {(with_reason in row, refused in row) for row in rows} >= {
        (False, False), (True, False), (False, True)
    }  # fmt: skip
    ways = re.findall(r'<nav class="pagination".*?</nav>', gallery, re.DOTALL)
    assert {('rel="prev"' in one, 'rel="next"' in one) for one in ways} == {
        (True, True), (False, True), (True, False)
    }  # fmt: skip
    assert "<span>Previous</span>" in gallery
    assert "<span>Next</span>" in gallery
    assert set(re.findall(r'aria-sort="(\w+)"', gallery)) == {"descending"}


def test_the_gallery_shows_a_checklist_folded_and_open(gallery: str) -> None:
    lists = re.findall(r'(</summary>)?\s*<ul class="checklist">(.*?)</ul>', gallery, re.DOTALL)
    assert [bool(folded) for folded, _ in lists] == [False, True]
    for _, steps in lists:
        assert "Completed" in steps
        assert re.search(r'badge--new">Not started<', steps)
        assert "<span>Connect SSO</span>" in steps


def test_the_gallery_shows_a_plan_in_every_state(gallery: str) -> None:
    plans = re.findall(r'<div class="plan">(.*?)(?=<div class="plan">|id="states")', gallery, re.S)
    assert len(plans) == 4
    usual, _of_a_choice, outdated, blocked = plans
    assert [words for words in HEADINGS.values() if f"{words}\n" not in blocked] == []
    assert len(set(re.findall(r"<path [^>]+>", blocked))) >= len(HEADINGS)
    assert "and 1,154 more, in the CSV<" in usual
    assert "and 999,953 more<" in outdated
    for plan, is_blocked in zip(plans, (False, False, False, True), strict=True):
        assert ('name="plan"' in plan) is not is_blocked
        assert ("Not possible yet" in plan) is is_blocked
    assert gallery.count(OUTDATED) == 1


@pytest.mark.parametrize("name", EveryField.base_fields)
def test_the_gallery_shows_a_field_in_every_state(name: str, gallery: str) -> None:
    plain, wrong, disabled = (
        re.findall(rf'<[^>]+ name="{form}-{name}"[^>]*>', gallery)
        for form in ("every", "wrong", "disabled")
    )
    assert plain
    assert not [one for one in plain if "aria-invalid" in one or " disabled" in one]
    assert all(" disabled" in one for one in disabled)
    assert len(plain) == len(wrong) == len(disabled)
    assert f'id="id_wrong-{name}_error"' in gallery
    if EveryField.base_fields[name].help_text:
        assert f'id="id_every-{name}_helptext"' in gallery


@pytest.mark.parametrize("file", COMPONENTS, ids=lambda file: file.name)
def test_a_component_says_in_its_first_line_what_it_takes(file: Path) -> None:
    first, _, rest = file.read_text().partition("\n")
    said = re.fullmatch(rf"\{{# components/{file.name}: (.+) #\}}", first)
    assert said
    assert get_template(f"components/{file.name}")
    handed = set()
    for template in TEMPLATES.rglob("*.html"):
        for include in re.findall(
            rf'include "components/{file.name}"(.*?)%}}', template.read_text()
        ):
            assert include.strip().endswith("only"), template
            handed |= set(re.findall(r"(\w+)=", re.sub(r'"[^"]*"', "", include)))
    assert handed <= set(re.findall(r"\w+", said.group(1)))
    assert all(re.search(rf"\b{name}\b", rest) for name in handed)


# The keys


@pytest.mark.parametrize(
    ("caption", "shown"),
    [("People, ", "People"), ("People, by name", "People, by name"), ("People", "People")],
)
def test_a_caption_ends_with_no_comma_where_nothing_follows_it(caption: str, shown: str) -> None:
    source = "{% load ui %}{% table label='People' caption=caption %}<tr></tr>{% endtable %}"
    html = engines["django"].from_string(source).render({"caption": caption})
    assert f">{shown}</caption>" in html


def test_keys_lead_to_pages_of_the_navigation_each_to_one(ana, sign_in) -> None:
    body = sign_in(ana).get("/console/").content.decode()
    keys = re.findall(r'data-key="g (\w)"', body)
    assert sorted(keys) == sorted(shortcuts.KEYS.values())
    assert len(set(keys)) == len(keys)
    assert 'data-key="?"' in body


def test_the_help_lists_only_keys_that_lead_somewhere(ana, cy, sign_in) -> None:
    page = "/console/shortcuts/"
    assert sign_in(ana).get(page).content.decode().count("<kbd>g</kbd>") == len(shortcuts.KEYS)
    assert sign_in(cy).get(page).content.decode().count("<kbd>g</kbd>") == 1


def test_somebody_may_switch_the_keys_off() -> None:
    page = get_template("layouts/base.html")
    assert '<html lang="en" data-shortcuts="off">' in page.render({"shortcuts_off": True})
    assert "data-shortcuts" not in page.render({})
