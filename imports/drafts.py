"""Whether a list may still be changed and started; called inside operations only."""

from django.conf import settings

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from imports.models import ImportList
from organizations.models import Organization

MOST_DRAFTS = 20


def require_switched_on(organization: Organization) -> None:
    """Called with the organization locked; raises RuleViolation: import_off."""
    if not organization.has_import:
        raise RuleViolation(
            "import_off", "The import is switched off now. Ask support to switch it on again."
        )


def require_room_for_a_draft() -> None:
    """Called with the organization locked, in its scope; raises RuleViolation: too_many_drafts."""
    if ImportList.objects.drafts()[:MOST_DRAFTS].count() >= MOST_DRAFTS:
        raise RuleViolation(
            "too_many_drafts",
            f"{MOST_DRAFTS} lists of your organization are not started yet, which is the limit. "
            "Start importing or discard one of them; a list that nobody starts is deleted after "
            f"{settings.DRAFT_KEPT.days} days.",
        )


def still_draft(listing: ImportList, actor: Actor) -> ImportList:
    """The list as it is now, for whoever made it and has not started.

    Called with the organization locked. Raises NotAllowed, or RuleViolation: import_off, list_used.
    """
    require_switched_on(listing.organization)
    current = locked_draft(listing)
    if current.by_id != actor.user_id:
        raise NotAllowed("Only the person who made this list can continue with it.")
    return current


def locked_draft(listing: ImportList) -> ImportList:
    """The list as it is now; called with the organization locked. Raises RuleViolation: list_used.

    It is gone where somebody has discarded it meanwhile.
    """
    drafts = ImportList.objects.drafts().select_for_update(of=("self",))
    current = drafts.filter(pk=listing.pk).first()
    if current is None:
        raise RuleViolation(
            "list_used", "This list was imported or discarded already. Make a new one."
        )
    current.organization = listing.organization
    return current
