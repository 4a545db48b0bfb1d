"""What holding a domain means for others: the writes that proving, losing and removing share.

Called inside operations only, with the lock of the domain's organization held.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Min
from django.db.models.functions import Coalesce

from adminctr.core import clock
from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from domains import claims, mail, names, trail
from domains.models import SLOTS, Domain
from organizations.models import Organization

HELD_ELSEWHERE = (
    "Another organization has verified this domain. Each domain has one holder; "
    "if it should be yours, or be shared, ask support."
)


def locked(domain: Domain) -> Domain | None:
    """The domain as it is now, locked, with its organization; None when it was removed.

    Every claim to its name is locked with it, by age: who comes, who goes and who asks how many
    hold it wait for one another.
    """
    together = Domain.unscoped.named(domain.name).order_by("pk")
    list(together.select_for_update().values_list("pk", flat=True))
    current = Domain.objects.filter(pk=domain.pk).first()
    if current is not None:
        current.organization = domain.organization
    return current


def still_there(domain: Domain) -> Domain:
    """The same for what needs a domain; raises RuleViolation: domain_removed."""
    current = locked(domain)
    if current is None:
        raise RuleViolation("domain_removed", "This domain has been removed.")
    return current


def require_room(organization: Organization) -> None:
    """Raises RuleViolation: domain_limit."""
    limit = organization.domain_limit
    if Domain.objects.filter(organization=organization).count() >= limit:
        raise names.beside_name(
            "domain_limit", f"This organization may have {limit} domains. Ask support for more."
        )


def take_slot(domain: Domain) -> bool:
    """Find the claim its place among the holders; whether there are others.

    Raises RuleViolation: domain_held_elsewhere, domain_full.
    """
    taken = {one.slot for one in claims.holders(domain.name) if one.pk != domain.pk}
    if taken and domain.sharing_approved_at is None:
        raise RuleViolation("domain_held_elsewhere", HELD_ELSEWHERE)
    free = set(range(SLOTS)) - taken
    if not free:
        raise RuleViolation(
            "domain_full", f"{SLOTS} organizations share this domain, which is the limit."
        )
    domain.slot = min(free)
    return bool(taken)


def share(domain: Domain) -> None:
    """From now on several hold it: no setting adds people to one of them, and each is told.

    Called once the claim is written. Whoever shares the domain may come back without asking
    support anew.
    """
    approved = Coalesce("sharing_approved_at", clock.now())
    Domain.unscoped.held().named(domain.name).update(
        follows_setting=False, sharing_approved_at=approved
    )
    for one in claims.holders(domain.name):
        mail.tell_administrators(one, mail.send_domain_shared)
        trail.note(one, "domain.shared", _SHARING)
    domain.refresh_from_db(fields=["follows_setting", "sharing_approved_at"])


def tell_who_is_left(domain: Domain) -> None:
    """Tell the one holder that is left, after this claim does not count any more.

    Nothing is switched on again by itself.
    """
    left = [one for one in claims.holders(domain.name) if one.pk != domain.pk]
    if len(left) == 1:
        mail.tell_administrators(left[0], mail.send_domain_alone)
        trail.note(left[0], "domain.alone", _SHARING)


def keep_deadline(organization: Organization) -> None:
    """Copy onto the organization when the first of its uncertain domains will be lost."""
    uncertain = Domain.objects.uncertain().filter(organization=organization)
    first = uncertain.aggregate(first=Min("uncertain_since"))["first"]
    lasting: timedelta = settings.DOMAIN_UNCERTAIN_FOR
    organization.domain_deadline = first + lasting if first else None
    organization.save(update_fields=["domain_deadline"])


# What happens to one holder because of another is told without naming anybody.
_SHARING = Actor.system("shared domains")
