"""Browsers in which somebody is asked for a second factor once in a while only."""

from django.conf import settings

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import no_organization, operation
from organizations.models import stay_of
from users import factors, oneself, requirements
from users.models import RememberedBrowser, User


@operation(no_organization)
def remember_browser(
    user: User, *, token_hash: str, instead_of: RememberedBrowser | None, actor: Actor
) -> RememberedBrowser:
    """Ask no more in the browser whose cookie has this hash, until it is time again.

    Raises NotAllowed, or RuleViolation: login_not_active, no_second_factor, always_asked.
    """
    current = oneself.lock_active(user, actor)
    if not factors.has_one(current):
        raise RuleViolation("no_second_factor", "You no longer have a second factor.")
    if not requirements.may_remember(current, stay_of(current)):
        raise RuleViolation("always_asked", "You are asked for a second factor at every log-in.")

    if instead_of:
        RememberedBrowser.objects.filter(pk=instead_of.pk, user=current).delete()
    now = clock.now()
    browser = RememberedBrowser.objects.create(
        user=current,
        token_hash=token_hash,
        ip=actor.origin.ip,
        user_agent=actor.origin.user_agent,
        created_at=now,
        last_used_at=now,
        expires_at=now + settings.REMEMBERED_BROWSER_AGE,
    )
    oneself.record(current, "user.browser_remembered", actor)
    return browser


@operation(no_organization)
def forget_browser(browser: RememberedBrowser, *, actor: Actor) -> None:
    """Ask for a second factor again in one browser. Raises NotAllowed."""
    oneself.require(browser.user, actor)
    if RememberedBrowser.objects.filter(pk=browser.pk).delete()[0]:
        oneself.record(browser.user, "user.browser_forgotten", actor, from_ip=browser.ip)


@operation(no_organization)
def forget_every_browser(user: User, *, actor: Actor) -> int:
    """The same in every browser; how many there were. Raises NotAllowed."""
    oneself.require(user, actor)
    forgotten, _ = RememberedBrowser.objects.filter(user=user).delete()
    if forgotten:
        oneself.record(user, "user.browsers_forgotten", actor, count=str(forgotten))
    return forgotten
