"""How the people of a list are imported: started once, then done in steps."""

from collections import Counter
from collections.abc import Collection, Sequence

from accounts import limits
from adminctr.core import bulk
from adminctr.core.actor import Actor
from adminctr.core.addresses import readable_domain
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import its_organization, operation
from adminctr.core.periods import Source
from adminctr.core.runs import RunState, require_starter
from adminctr.core.tenancy import tenant
from adminctr.queue.batches import enqueue_all
from audit import log
from imports import mail
from imports.candidates import Candidate, look_at, verdicts, within_limit
from imports.causes import WORDS, Cause
from imports.drafts import still_draft
from imports.models import MESSAGE_LENGTH, ImportList, ImportPart, ImportRow, ImportRun
from imports.plans import plan_of
from invitations import kinds
from invitations.standing import withdraw_what_is_moot
from merges import absorbing
from organizations import policy, stays
from organizations.models import Organization, Role, lock_by_key
from organizations.policy import Action
from users.models import User

MAY_NO_LONGER = "It was started by somebody who may no longer do this."
SWITCHED_OFF = "Support has switched the import off."


@operation(its_organization)
def start_import(listing: ImportList, *, digest: str, actor: Actor) -> ImportRun:
    """Import the people of a list, as the plan with this digest says.

    The same list again, and the same file again, are answered with the run that there is. Raises
    NotAllowed, or RuleViolation: import_off, list_used, list_unfinished, plan_blocked,
    plan_outdated.
    """
    actor = policy.require_locked(actor, Action.USER_IMPORT, listing)
    same = ImportRun.objects.filter(listing=listing.pk).first()
    same = same or ImportRun.objects.of_file(listing.file_digest).first()
    if same and actor.user_id == listing.by_id:
        return same
    current = still_draft(listing, actor)
    if current.total is None or current.is_notifying is None:
        raise RuleViolation("list_unfinished", "First choose who to import and who is notified.")
    plan_of(current, current.organization).require(digest)

    _forget_examples(current)
    run = ImportRun.objects.create(
        organization=current.organization,
        listing=current,
        by_id=current.by_id,
        file_digest=current.file_digest,
        is_notifying=current.is_notifying,
        total=current.total,
    )
    run.enqueue()
    _record("import.started", run, actor)
    return run


def _forget_examples(listing: ImportList) -> None:
    """From now on the rows of the run say who was meant, as long as these people are there."""
    for group in listing.groups.values():
        group["examples"] = []
    listing.save(update_fields=["groups"])


@operation(its_organization)
def take_import_step(run: ImportRun, *, actor: Actor) -> None:
    """Import the people of the next part, all at once; the last step ends the run.

    Whoever cannot be imported any more is told why beside their row. Where whoever started the run
    may no longer do this, or support has switched the import off, nobody else is imported. Called
    by a job. Raises NotAllowed.
    """
    require_starter(actor, run.by_id)
    position = run.cursor.get("part", 0) + 1
    part = ImportPart.objects.get(listing=run.listing_id, position=position)
    organizations, people = _locked(run, part.people)
    organization = run.organization = organizations[run.organization_id]
    current = policy.still_may(actor, Action.USER_IMPORT, organization)
    if not run.stopped and (current is None or not organization.has_import):
        run.stopped = MAY_NO_LONGER if current is None else SWITCHED_OFF
        _record("import.stopped", run, Actor.system("imports"))
    if run.stopped or current is None:
        reason = f"{WORDS[Cause.STOPPED]} {run.stopped}"
        looked_at = [Candidate(one).refused(Cause.STOPPED, reason) for one in people]
    else:
        looked_at = _judged(people, run, part, organizations)
        _import([one for one in looked_at if one.cause is None], run, current)
    _tell(looked_at, run, position)
    if run.processed == run.total:
        run.finish(RunState.FAILED if run.stopped else RunState.FINISHED)
        _record("import.finished", run, current or Actor.system("imports"))


def _locked(run: ImportRun, keys: Sequence[int]) -> tuple[dict[int, Organization], list[User]]:
    """Our organization, those that would be absorbed, and the people, as they are now."""
    rows = User.objects.filter(pk__in=keys)
    joining = kinds.what_joining_means_to(list(rows), run.organization)
    owned = {one.absorbs.pk for one in joining.values() if one.absorbs}
    organizations = lock_by_key({run.organization_id, *owned})
    people = {one.pk: one for one in rows.select_for_update(no_key=True).order_by("pk")}
    return organizations, [people[key] for key in keys]


def _judged(
    people: Sequence[User], run: ImportRun, part: ImportPart, locked: Collection[int]
) -> list[Candidate]:
    """No organization ends that is not locked, or whose end the confirmed plan does not tell."""
    organization = run.organization
    looked_at = look_at(people, organization, verdicts(organization, run.listing.domains))
    ending = set(locked) if part.ending is None else set(locked).intersection(part.ending)
    moved = {one.user.pk for one in looked_at if one.absorbs and one.absorbs.pk not in ending}
    return list(within_limit(looked_at, limits.room_in(organization), moved=moved))


def _import(candidates: Sequence[Candidate], run: ImportRun, actor: Actor) -> None:
    """Make these people managed users, with the accounts of organizations of their own."""
    if not candidates:
        return
    organization, people = run.organization, [one.user for one in candidates]
    absorbed = [one.absorbs for one in candidates if one.absorbs]
    if absorbed:
        with tenant(organization, *absorbed):
            absorbing.absorb_all(absorbed, organization, actor=actor)
    stays.begin_stays(
        organization, people, role=Role.STANDARD, source=Source.IMPORT, by_id=run.by_id
    )
    withdraw_what_is_moot([one.email for one in people], actor)
    if run.is_notifying:
        enqueue_all(mail.send_imported, ((run.pk, one.pk) for one in people))
    for one in candidates:
        log.record(
            "user.imported",
            organization,
            actor=actor,
            subject_sid=one.user.sid,
            subject=one.user.email,
            run=run.sid,
            accounts=one.accounts,
        )


def _tell(looked_at: Sequence[Candidate], run: ImportRun, part: int) -> None:
    """Write what became of each, and move the cursor."""
    rows = [
        ImportRow(
            organization=run.organization,
            run=run,
            position=position,
            user=one.user,
            email=one.user.email,
            name=one.user.get_full_name(),
            accounts=one.accounts,
            has_own=one.absorbs is not None,
            cause=one.cause or "",
            message=one.reason[:MESSAGE_LENGTH],
        )
        for position, one in enumerate(looked_at, start=run.processed + 1)
    ]
    bulk.insert(ImportRow.objects, rows)
    causes = Counter(one.cause.value for one in looked_at if one.cause)
    imported = [one for one in looked_at if one.cause is None]
    run.advance(
        {"part": part},
        imported=run.imported + len(imported),
        not_imported=run.not_imported + len(looked_at) - len(imported),
        accounts=run.accounts + sum(one.accounts for one in imported),
        causes=dict(Counter(run.causes) + causes),
        stopped=run.stopped,
    )


def _record(action: str, run: ImportRun, actor: Actor) -> None:
    log.record(
        action,
        run.organization,
        actor=actor,
        subject_sid=run.sid,
        domains=", ".join(map(readable_domain, run.listing.domains)),
        people=run.total,
        imported=run.imported,
        not_imported=run.not_imported,
        stopped=run.stopped,
    )
