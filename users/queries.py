"""Finding what a mailed link is about, and who was removed with a domain."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from adminctr.core.tokens import hash_token
from users.models import Departed, Departure, EmailChange, Offboarding, SignUp, User

_MOST_KEPT_AWAY = 20


@dataclass(frozen=True, slots=True)
class Absence:
    """How many were removed with one domain and are not back, and what is done about it.

    `newest` is the last removal or return that was begun; `kept_away` are the first of those who
    could not come back, each with its obstacle.
    """

    away: int
    newest: Departure | None
    kept_away: Sequence[Departed]

    @property
    def under_way(self) -> Departure | None:
        """The removal or return that has not ended."""
        return self.newest if self.newest and self.newest.finished_at is None else None


def find_sign_up(token: str) -> SignUp | None:
    """The open, unexpired sign-up of a link."""
    sign_up = SignUp.objects.filter(token_hash=hash_token(token)).first()
    return None if sign_up is None or sign_up.is_expired() else sign_up


def find_email_change(user: User, token: str) -> EmailChange | None:
    """The open, unexpired change that this person asked for by a link."""
    change = EmailChange.objects.filter(user=user, token_hash=hash_token(token)).first()
    return None if change is None or change.is_expired() else change


def absence_of(domain_name: str) -> Absence:
    """Who of the open scope is away with this domain."""
    away = Departed.objects.away().filter(domain_name=domain_name)
    kept_away = away.exclude(obstacle="").order_by("pk")
    runs = Departure.objects.filter(domain_name=domain_name).select_related("by").order_by("-pk")
    return Absence(away.count(), runs.first(), list(kept_away[:_MOST_KEPT_AWAY]))


def planned_end() -> Subquery:
    """When somebody is to leave the open scope, beside the row of their stay."""
    planned = Offboarding.objects.waiting().filter(user=OuterRef("user"))
    return Subquery(planned.values("due_at"))
