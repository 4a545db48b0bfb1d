"""The rows of the list of users, written by its template and written by hand."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.template import Context, Template
from django.utils.html import conditional_escape

from adminctr.core.tenancy import tenant
from adminctr.web.display import Moment
from organizations.models import Organization
from users.views.managed import UserListPage

_SOURCE = Path(settings.BASE_DIR, "templates/users/list.html").read_text()
_ROWS = _SOURCE[_SOURCE.index("<tbody>") : _SOURCE.index("</tbody>")]
_TEMPLATE = Template("{% load ui %}" + _ROWS)


def rows(organization: Organization, count: int) -> list[dict[str, Any]]:
    """What the view hands to the template."""
    page = UserListPage()
    with tenant(organization):
        return page.shown(list(page.rows()[:count]))


def by_template(rows: list[dict[str, Any]]) -> str:
    return _TEMPLATE.render(Context({"rows": rows}))


def by_format_strings(rows: list[dict[str, Any]]) -> str:
    return "".join(map(_by_hand, rows))


def _by_hand(row: dict[str, Any]) -> str:
    safe = {name: conditional_escape(value) for name, value in row.items()}
    return (
        f'<tr><th scope="row"><a href="{safe["url"]}">{safe["name"]}</a>'
        f'<span class="weak">{safe["email"]}</span></th>'
        f'<td data-label="Organization role">{safe["role"]}</td>'
        f'<td data-label="Status"><span class="badge badge--{safe["tone"]}">{safe["status"]}</span>'
        f'<span class="weak">{safe["factor"]}</span></td>'
        f'<td data-label="Accounts" class="table__number">{safe["accounts"]}</td>'
        f'<td data-label="Since">{_moment(row["since"])}</td>'
        f'<td data-label="Last sign-in">{_moment(row["last_sign_in"])}</td></tr>'
    )


def _moment(at: Moment) -> str:
    iso, text = conditional_escape(at.iso), conditional_escape(at.text)
    return f'<time datetime="{iso}">{text}</time>'
