"""What another domain setting would change, for whom, and which expectations it would break."""

from collections.abc import Iterator, Sequence

from adminctr.core.addresses import readable_domain
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from domains.models import Domain, DomainQuerySet
from organizations.models import DomainSetting, Organization
from users import foresight
from users.foresight import Foreseen
from users.models import Outcome, SignUp, WayIn

_MEANINGS = {
    DomainSetting.RESTRICTED: "Nobody signs up with an address of {domains}, unless you have "
    "explicitly invited them.",
    DomainSetting.AUTO_ENROLLMENT: "Anyone who signs up with an address of {domains} joins this "
    "organization at once, as Standard User, and may create accounts in it.",
    DomainSetting.BLOCKED: "Anyone who signs up with an address of {domains} is not added to this "
    "organization and gets one of their own.",
}
_UNDER_WAY = {
    DomainSetting.RESTRICTED: "refused, unless invited",
    DomainSetting.AUTO_ENROLLMENT: "added to this organization when they finish",
    DomainSetting.BLOCKED: "given an organization of their own when they finish",
}
ACKNOWLEDGEMENTS = {
    DomainSetting.RESTRICTED: (
        ("by_invitation", "People with an address of these domains come in by invitation alone."),
    ),
    DomainSetting.AUTO_ENROLLMENT: (
        (
            "anybody_joins",
            "Anyone who can read the mail of an address of these domains can become a managed "
            "user without an invitation.",
        ),
    ),
    DomainSetting.BLOCKED: (
        (
            "outside",
            "People use addresses of these domains in organizations of their own, which this one "
            "does not see.",
        ),
    ),
}


def meaning(setting: DomainSetting, domains: Sequence[str]) -> str:
    """What a setting does, with the domain that it applies to, or how many these are."""
    which = f"your {len(domains):,} verified domains" if domains else "a domain you have verified"
    return _MEANINGS[setting].format(domains=domains[0] if len(domains) == 1 else which)


def plan(organization: Organization, setting: DomainSetting) -> Plan:
    """Read in the scope of the organization; the operation reads it again."""
    effects = [
        *_blockers(organization, setting),
        *_what_changes(organization, setting),
        *_what_stays(organization),
    ]
    return Plan(organization.sid, "change_domain_setting", tuple(effects))


def _blockers(organization: Organization, setting: DomainSetting) -> Iterator[Effect]:
    if organization.domain_setting == setting:
        yield Effect(Weight.BLOCKER, "in_force", f"The domain setting is {setting.label} already.")
        return
    for one in foresight.broken(organization, setting=setting):
        yield _broken(one)


def _broken(foreseen: Foreseen) -> Effect:
    """Each stands by itself, so that every one is read."""
    expected = foreseen.expectation
    way_in, outcome = WayIn(expected.way_in).label, Outcome(expected.outcome).label.lower()
    text = (
        f"Your expectation for {expected.email} who {way_in}: {outcome}. It would be: "
        f"{foreseen.outcome.label.lower()}. Remove that expectation first, or keep the setting."
    )
    return Effect(Weight.BLOCKER, "expectation", text, (Thing(expected.sid, expected.email),))


def _what_changes(organization: Organization, setting: DomainSetting) -> Iterator[Effect]:
    following = _of(organization).following()
    things = _things(following)
    before = DomainSetting(organization.domain_setting)
    text = (
        f"{several(len(things), 'verified domain follows', 'verified domains follow')} it: "
        f"{setting.label} instead of {before.label}."
    )
    yield Effect(Weight.CHANGES, "domains", text, things)
    yield Effect(Weight.CHANGES, "meaning", meaning(setting, [one.name for one in things]))
    under_way = SignUp.objects.of_domains([one.name for one in following]).count()
    if under_way:
        people = several(
            under_way, "person who signs up at this moment is", "people who sign up now are"
        )
        text = f"{people} {_UNDER_WAY[setting]}."
        yield Effect(Weight.CHANGES, "under_way", text, count=under_way)
    if setting == DomainSetting.AUTO_ENROLLMENT:
        yield Effect(
            Weight.IRREVERSIBLE,
            "who_joined_stays",
            "Anyone who has joined stays a managed user when you change the setting again.",
        )


def _what_stays(organization: Organization) -> Iterator[Effect]:
    held = _of(organization).held()
    yield from _listed(
        "uncertain",
        held.uncertain().filter(follows_setting=True),
        "domain lets nobody new join until its verification record is back.",
        "domains let nobody new join until their verification records are back.",
    )
    yield from _listed(
        "shared",
        held.filter(follows_setting=False),
        "domain follows no setting, since it is or was shared with other organizations.",
        "domains follow no setting, since they are or were shared with other organizations.",
    )
    pending = organization.pending_users + organization.pending_accounts
    text = f"{several(pending, 'pending invitation keeps', 'pending invitations keep')} working."
    yield Effect(Weight.SURVIVES, "invitations", text, count=pending)
    people = several(organization.managed_users, "managed user stays", "managed users stay")
    text = f"{people} as they are, with their login, their roles and their accounts."
    yield Effect(Weight.SURVIVES, "people", text, count=organization.managed_users)


def _listed(key: str, domains: DomainQuerySet[Domain], one: str, many: str) -> Iterator[Effect]:
    if things := _things(domains):
        yield Effect(Weight.SURVIVES, key, several(len(things), one, many), things)


def _of(organization: Organization) -> DomainQuerySet[Domain]:
    return Domain.objects.filter(organization=organization)


def _things(domains: DomainQuerySet[Domain]) -> tuple[Thing, ...]:
    rows = domains.order_by("name")
    return tuple(
        Thing(one.sid, readable_domain(one.name), one.get_status_display()) for one in rows
    )
