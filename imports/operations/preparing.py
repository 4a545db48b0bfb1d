"""Who is to be imported: chosen, named and kept until somebody starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import NotAllowed, RuleViolation
from adminctr.core.operations import its_organization, itself, operation
from audit import log
from imports.candidates import verdicts
from imports.drafts import (
    locked_draft,
    require_room_for_a_draft,
    require_switched_on,
    still_draft,
)
from imports.gathering import Gathering
from imports.models import PEOPLE_OF_A_STEP, ImportList, ImportPart, Way
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action


@dataclass(frozen=True, slots=True)
class File:
    """A list that somebody has uploaded: its name, and the SHA-256 of what stands in it."""

    name: str
    digest: str


@operation(itself)
def prepare_import(
    organization: Organization,
    *,
    way: Way,
    domains: Sequence[str],
    who: Gathering | None = None,
    file: File | None = None,
    actor: Actor,
) -> ImportList:
    """Begin a list of people of these domains; `who` they are is missing until it is reviewed.

    Raises NotAllowed, or RuleViolation: import_off, too_many_drafts, no_domain, why a domain cannot
    be chosen, nobody_found.
    """
    actor = policy.require_locked(actor, Action.USER_IMPORT, organization)
    if actor.user_id is None:
        raise NotAllowed(policy.MEMBERS_ALONE, action=Action.USER_IMPORT)
    require_switched_on(organization)
    require_room_for_a_draft()
    if not domains:
        raise RuleViolation("no_domain", "A list needs at least one domain.", field="domains")
    for verdict in verdicts(organization, domains).values():
        verdict.require(field="domains")

    listing = ImportList.objects.create(
        organization=organization, way=way, by_id=actor.user_id, domains=list(domains)
    )
    if who is not None:
        _write_people(listing, who, file)
    _record("import.prepared", listing, actor)
    return listing


@operation(its_organization)
def name_people(listing: ImportList, *, who: Gathering, file: File, actor: Actor) -> ImportList:
    """Say by a reviewed file who is meant; another file replaces the one before.

    Raises NotAllowed, or RuleViolation: import_off, list_used, nobody_found.
    """
    actor = policy.require_locked(actor, Action.USER_IMPORT, listing)
    current = still_draft(listing, actor)
    current.parts.all().delete()
    _write_people(current, who, file)
    _record("import.prepared", current, actor)
    return current


@operation(its_organization)
def choose_notice(listing: ImportList, *, is_notifying: bool, actor: Actor) -> ImportList:
    """Say whether those who are imported get a mail.

    Raises NotAllowed, or RuleViolation: import_off, list_used.
    """
    actor = policy.require_locked(actor, Action.USER_IMPORT, listing)
    current = still_draft(listing, actor)
    current.is_notifying = is_notifying
    current.save(update_fields=["is_notifying"])
    _record("import.prepared", current, actor)
    return current


@operation(its_organization)
def discard_import(listing: ImportList, *, actor: Actor) -> None:
    """Forget a list that nobody has started, whoever made it.

    Raises NotAllowed, or RuleViolation: list_used.
    """
    actor = policy.require_locked(actor, Action.USER_IMPORT, listing)
    current = locked_draft(listing)
    current.delete()
    _record("import.discarded", current, actor)


def _write_people(listing: ImportList, who: Gathering, file: File | None) -> None:
    if not who.people:
        raise RuleViolation(
            "nobody_found",
            "Nobody outside your organization has a login with an address of these domains.",
            field="domains",
        )
    parts = batched(who.people, PEOPLE_OF_A_STEP)
    ImportPart.objects.bulk_create(
        ImportPart(
            organization=listing.organization,
            listing=listing,
            position=position,
            people=people,
            ending=[who.ending[one] for one in people if one in who.ending],
        )
        for position, people in enumerate(parts, start=1)
    )
    listing.total = len(who.people)
    listing.groups = who.groups
    listing.is_cut = who.is_cut
    listing.file_name = file.name if file else ""
    listing.file_digest = file.digest if file else ""
    listing.save()


def _record(action: str, listing: ImportList, actor: Actor) -> None:
    log.record(
        action,
        listing.organization,
        actor=actor,
        subject_sid=listing.sid,
        domains=", ".join(map(readable_domain, listing.domains)),
        people=listing.total,
        file=listing.file_name,
    )
