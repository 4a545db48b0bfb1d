"""What starting an import would do, from what was found when it became known who is meant."""

from collections.abc import Iterator

from django.conf import settings

from adminctr.core.addresses import readable_domain
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from imports.candidates import verdicts
from imports.causes import WORDS, Cause
from imports.models import ImportList
from organizations.models import Organization, Role

FOREVER = (
    "Nobody is asked. Anyone who is imported can be removed again, but an organization of their "
    "own does not come back."
)


def plan_of(listing: ImportList, organization: Organization) -> Plan:
    """Read in the scope of the organization; the operation asks again under its lock."""
    effects = (*_blockers(listing, organization), *_effects(listing))
    return Plan(listing.sid, "import_users", effects)


def people(number: int) -> str:
    return several(number, "person", "people")


def _blockers(listing: ImportList, organization: Organization) -> Iterator[Effect]:
    if not listing.groups.get(""):
        text = "Nobody on this list can be imported."
        yield Effect(Weight.BLOCKER, "nobody", text)
    said = verdicts(organization, listing.domains)
    if not any(one.allowed for one in said.values()):
        reason = next((one.reason for one in said.values()), "No domain was chosen.")
        yield Effect(Weight.BLOCKER, "domain", reason)
    if listing.is_notifying is None:
        text = "First choose whether they are notified."
        yield Effect(Weight.BLOCKER, "notice", text)


def _effects(listing: ImportList) -> Iterator[Effect]:
    groups = dict(listing.groups)
    if group := groups.pop("", None):
        number = group["count"]
        become = "becomes a managed user" if number == 1 else "become managed users"
        text = f"{people(number)} {become} with the role {Role.STANDARD.label}."
        yield Effect(Weight.CHANGES, "imported", text, _things(group), number)
        yield from _what_comes_along(group)
        yield Effect(Weight.CHANGES, "notice", _notice(listing))
        yield Effect(Weight.IRREVERSIBLE, "unasked", FOREVER)
    domains = ", ".join(map(readable_domain, listing.domains))
    yield Effect(Weight.SURVIVES, "domains", f"Domains of this import: {domains}.")
    if listing.is_cut:
        most = f"{settings.IMPORT_PEOPLE_AT_A_TIME:,}"
        text = f"There are more than {most} people. Import the others afterwards."
        yield Effect(Weight.SURVIVES, "more", text)
    for cause in filter(groups.__contains__, Cause):
        number = groups[cause]["count"]
        stay = "is not imported" if number == 1 else "are not imported"
        text = f"{people(number)} {stay}: {WORDS[cause]}"
        yield Effect(Weight.SURVIVES, cause.value, text, _things(groups[cause]), number)


def _what_comes_along(group: dict[str, int]) -> Iterator[Effect]:
    if accounts := group["accounts"]:
        text = several(accounts, "account comes along.", "accounts come along.")
        yield Effect(Weight.CHANGES, "accounts", text, count=accounts)
    if ending := group["organizations"]:
        one = "organization of one person ends, with its invitations and unverified domains."
        many = (
            "organizations of one person each end, with their invitations and unverified domains."
        )
        text = several(ending, one, many)
        yield Effect(Weight.LOSES, "organizations", text, count=ending)


def _notice(listing: ImportList) -> str:
    return "Each gets an email." if listing.is_notifying else "None of them gets an email."


def _things(group: dict[str, list[list[str]]]) -> tuple[Thing, ...]:
    return tuple(Thing(sid, name, email) for sid, email, name in group["examples"])
