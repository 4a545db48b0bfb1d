"""Requests as our pages know them."""

from django.http import HttpRequest

from adminctr.core.actor import Actor, Origin
from organizations.models import Membership, Organization
from users.models import User


class ConsoleRequest(HttpRequest):
    """A request of a signed-in person; `stay` and `organization` are None for one who has none.

    `theme` is the person's own choice, empty where it follows the system.
    """

    user: User
    actor: Actor
    stay: Membership | None
    organization: Organization | None
    origin: Origin
    theme: str
