"""Template tags: containers that a page wraps around its own markup, and small values."""

import re
from typing import Any

from django.template import Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from adminctr.web.display import Moment
from adminctr.web.filters import Heading

register = Library()
_BETWEEN_TAGS = re.compile(r">\n\s*<")
# Which of several orders in one head it is.
_IN_FORCE = mark_safe(' aria-current="true"')


@register.simple_block_tag
def card(content: SafeString, title: str = "") -> SafeString:
    """Frame a part of a page, with a heading where a title is given."""
    heading = format_html("<h2>{}</h2>", title) if title else ""
    return format_html('<section class="card">{}{}</section>', heading, content)


@register.simple_block_tag
def table(content: SafeString, label: str, caption: str) -> SafeString:
    """A table that scrolls by itself where it must, named for everybody who does not see it.

    The line breaks between its tags, a sixth of a long list, are not sent.
    """
    return format_html(
        '<div class="table" role="region" tabindex="0" aria-label="{}"><table>'
        '<caption class="visually-hidden">{}</caption>{}</table></div>',
        label,
        caption.removesuffix(", "),  # of a list without filters and order
        mark_safe(_BETWEEN_TAGS.sub("><", content)),  # noqa: S308  (it was safe before)
    )


@register.simple_tag
def column(label: str, heading: Heading, *besides: Any) -> SafeString:
    """The head of a column by which the list can be ordered, or by each of what stands in it.

    `besides` are further labels and headings in turn.
    """
    ways = [(label, heading), *zip(besides[::2], besides[1::2], strict=True)]
    direction = next((way.direction for _, way in ways if way.direction), "")
    sorted_as = format_html(' aria-sort="{}"', direction) if direction else ""
    links = format_html_join(
        " / ",
        '<a href="{}"{}>{}</a>',
        ((way.url, _IN_FORCE if besides and way.direction else "", name) for name, way in ways),
    )
    return format_html('<th scope="col"{}>{}</th>', sorted_as, links)


@register.simple_tag
def moment(at: Moment) -> SafeString:
    """A point in time for people and machines, or the word for never."""
    if not at.iso:
        return format_html("{}", at.text)
    return format_html('<time datetime="{}">{}</time>', at.iso, at.text)


@register.simple_tag
def breadcrumbs(*labels_and_urls: Any) -> SafeString:
    """The pages above this one: label, address, label, address, …, or a list of the same."""
    trail = labels_and_urls[0] if len(labels_and_urls) == 1 else labels_and_urls
    steps = zip(trail[::2], trail[1::2], strict=True)
    items = format_html_join("", '<li><a href="{1}">{0}</a></li>', steps)
    return format_html('<nav class="breadcrumbs" aria-label="Breadcrumbs"><ol>{}</ol></nav>', items)
