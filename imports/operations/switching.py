from adminctr.core.actor import Actor
from adminctr.core.errors import RuleViolation
from adminctr.core.operations import itself, operation
from audit import log
from organizations import policy
from organizations.models import Organization
from organizations.policy import Action


@operation(itself)
def switch_import(organization: Organization, *, is_on: bool, actor: Actor) -> Organization:
    """Let an organization import existing users, or no longer.

    Raises NotAllowed, or RuleViolation: import_unchanged.
    """
    actor = policy.require_locked(actor, Action.ORGANIZATION_SWITCH_IMPORT, organization)
    if is_on == organization.has_import:
        words = "on" if is_on else "off"
        raise RuleViolation("import_unchanged", f"Import is switched {words} already.")

    organization.has_import = is_on
    organization.save(update_fields=["has_import"])
    log.record(
        "organization.import_switched",
        organization,
        actor=actor,
        subject_sid=organization.sid,
        state="on" if is_on else "off",
    )
    return organization
