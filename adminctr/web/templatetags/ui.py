"""Template tags: containers that a page wraps around its own markup."""

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = Library()


@register.simple_block_tag
def card(content: SafeString, title: str = "") -> SafeString:
    """Frame a part of a page, with a heading where a title is given."""
    heading = format_html("<h2>{}</h2>", title) if title else ""
    return format_html('<section class="card">{}{}</section>', heading, content)
