"""What an administrator should look at: each a sentence with a number, and where to look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import reverse

from accounts.models import AccountStatus
from organizations.models import Role
from overview.figures import Figures, Named, shown
from users.models import UserStatus

_MOST_NAMES = 3
_ACTIVE_ADMINISTRATORS = f"role={Role.ADMINISTRATOR}&status={UserStatus.ACTIVE}"


@dataclass(frozen=True, slots=True)
class Notice:
    text: str
    url: str


def notices(figures: Figures) -> list[Notice]:
    """Everything that needs attention; empty on a calm day."""
    rules = (_about_domains, _about_invitations, _about_accounts, _about_people)
    return [Notice(text, url) for rule in rules for text, url in rule(figures)]


def _about_domains(figures: Figures) -> Iterator[tuple[str, str]]:
    if some := figures.uncertain_domains:
        yield f"The verification of {_domains(some)} is uncertain", _page_of(some)
    if some := figures.missing_domains:
        text = f"The verification record of {_domains(some)} was not found at the last check"
        yield text, _page_of(some)
    if some := figures.failing_domains:
        yield f"The last check of {_domains(some)} failed", _page_of(some)
    if some := figures.waiting_domains:
        wait = "waits" if len(some) == 1 else "wait"
        yield f"{_domains(some)} {wait} to be checked for the first time", _page_of(some)


def _about_invitations(figures: Figures) -> Iterator[tuple[str, str]]:
    url = reverse("users:pending")
    if number := figures.expired:
        yield f"{_several(number, 'invitation has', 'invitations have')} expired", url
    if number := figures.undelivered:
        yield f"{_several(number, 'invitation', 'invitations')} could not be delivered yet", url


def _about_accounts(figures: Figures) -> Iterator[tuple[str, str]]:
    url = reverse("accounts:list")
    room = figures.account_limit - figures.accounts
    if room <= figures.account_limit // 10:
        is_full = "; ask support to raise the limit" if room <= 0 else ""
        yield f"{figures.accounts:,} of {figures.account_limit:,} accounts are used{is_full}", url
    if number := figures.suspended_accounts:
        yield (
            f"{_several(number, 'account is', 'accounts are')} suspended",
            f"{url}?status={AccountStatus.SUSPENDED}",
        )


def _about_people(figures: Figures) -> Iterator[tuple[str, str]]:
    url = reverse("users:list")
    if number := figures.never_signed_in:
        never = f"{_several(number, 'Administrator has', 'Administrators have')} never signed in"
        yield never, f"{url}?{_ACTIVE_ADMINISTRATORS}&signed_in=never"
    if number := figures.without_factor:
        without = _several(number, "Administrator has", "Administrators have")
        yield f"{without} no second factor", f"{url}?{_ACTIVE_ADMINISTRATORS}&factor=no"
    if figures.administrators == 1:
        yield "Only 1 person can administer this organization", url
    leaving = reverse("users:leaving")
    if number := figures.kept_from_leaving:
        yield f"{_several(number, 'person', 'people')} cannot leave as planned", leaving
    if number := figures.leaving:
        yield f"{_several(number, 'person is', 'people are')} planned to leave", leaving


def _domains(some: Sequence[Named]) -> str:
    """How many, and which: "2 domains (a.example, b.example)"."""
    more = ", …" if len(some) > _MOST_NAMES else ""
    which = ", ".join(one.name for one in some[:_MOST_NAMES]) + more
    return f"{_several(len(some), 'domain', 'domains')} ({which})"


def _page_of(some: Sequence[Named]) -> str:
    """The one domain, or the list of them."""
    return some[0].url if len(some) == 1 else reverse("domains:list")


def _several(number: int, one: str, many: str) -> str:
    return f"{shown(number)} {one if number == 1 else many}"
