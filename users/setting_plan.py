"""What a domain setting would change, for whom, and which expectations it would break.

It is chosen for the organization, or applied again to one domain that was shared.
"""

from collections.abc import Iterator, Sequence

from adminctr.core.addresses import readable_domain
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from domains import claims
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
_ACKNOWLEDGEMENTS = {
    DomainSetting.RESTRICTED: (
        "by_invitation",
        "People with an address of {domains} come in by invitation alone.",
    ),
    DomainSetting.AUTO_ENROLLMENT: (
        "anybody_joins",
        "Anyone who can read the mail of an address of {domains} can become a managed user "
        "without an invitation.",
    ),
    DomainSetting.BLOCKED: (
        "outside",
        "People use addresses of {domains} in organizations of their own, which this one does "
        "not see.",
    ),
}


def meaning(setting: DomainSetting, domains: Sequence[str]) -> str:
    """What a setting does, with the domain that it applies to, or how many these are."""
    which = f"your {len(domains):,} verified domains" if domains else "a domain you have verified"
    return _MEANINGS[setting].format(domains=domains[0] if len(domains) == 1 else which)


def acknowledgements(
    setting: DomainSetting, domains: str = "these domains"
) -> Sequence[tuple[str, str]]:
    """What somebody ticks who lets a setting apply."""
    name, sentence = _ACKNOWLEDGEMENTS[setting]
    return ((name, sentence.format(domains=domains)),)


def plan(organization: Organization, setting: DomainSetting) -> Plan:
    """Read in the scope of the organization; the operation reads it again."""
    effects = [
        *_blockers(organization, setting),
        *_what_changes(organization, setting),
        *_what_stays(organization),
    ]
    return Plan(organization.sid, "change_domain_setting", tuple(effects))


def plan_following(domain: Domain) -> Plan:
    """What it means that the setting applies again to a domain that was shared; read likewise."""
    effects = [*_in_the_way(domain)] or [
        *map(_broken, foresight.broken(domain.organization, following=domain.name)),
        *_what_follows(domain),
        *_who_stays(domain.organization),
    ]
    return Plan(domain.sid, "follow_setting_again", tuple(effects))


def _blockers(organization: Organization, setting: DomainSetting) -> Iterator[Effect]:
    if organization.domain_setting == setting:
        yield Effect(Weight.BLOCKER, "in_force", f"The domain setting is {setting.label} already.")
        return
    yield from map(_broken, foresight.broken(organization, setting=setting))


def _in_the_way(domain: Domain) -> Iterator[Effect]:
    if not domain.is_held():
        text = "The setting applies to verified domains. Verify it first."
        yield Effect(Weight.BLOCKER, "not_verified", text)
    elif domain.follows_setting:
        yield Effect(Weight.BLOCKER, "followed", "The domain setting applies to it already.")
    elif claims.is_shared(domain.name):
        text = (
            "Other organizations hold this domain too, so no domain setting applies to it. "
            "When yours is the only one left, your administrators get an email."
        )
        yield Effect(Weight.BLOCKER, "shared", text)


def _broken(foreseen: Foreseen) -> Effect:
    """Each stands by itself, so that every one is read."""
    expected = foreseen.expectation
    way_in, outcome = WayIn(expected.way_in).label, Outcome(expected.outcome).label.lower()
    text = (
        f"Your expectation for {expected.email} who {way_in}: {outcome}. It would be: "
        f"{foreseen.outcome.label.lower()}. Remove that expectation first, or change nothing."
    )
    return Effect(Weight.BLOCKER, "expectation", text, (Thing(expected.sid, expected.email),))


def _what_changes(organization: Organization, setting: DomainSetting) -> Iterator[Effect]:
    things = _things(_of(organization).following())
    before = DomainSetting(organization.domain_setting)
    text = (
        f"{several(len(things), 'verified domain follows', 'verified domains follow')} it: "
        f"{setting.label} instead of {before.label}."
    )
    yield Effect(Weight.CHANGES, "domains", text, things)
    yield Effect(Weight.CHANGES, "meaning", meaning(setting, [one.name for one in things]))
    yield from _for_newcomers(setting, _of(organization).following())


def _what_follows(domain: Domain) -> Iterator[Effect]:
    setting = DomainSetting(domain.organization.domain_setting)
    itself = _of(domain.organization).filter(pk=domain.pk)
    things = _things(itself)
    text = (
        f"1 domain follows the domain setting again: {setting.label}. So far, anyone who signs up "
        "with such an address gets an organization of their own."
    )
    yield Effect(Weight.CHANGES, "domains", text, things)
    yield Effect(Weight.CHANGES, "meaning", meaning(setting, [one.name for one in things]))
    yield from _for_newcomers(setting, itself.verified())
    yield from _in_doubt(itself)


def _for_newcomers(setting: DomainSetting, domains: DomainQuerySet[Domain]) -> Iterator[Effect]:
    """What comes of whoever signs up at this moment, and of whoever joins."""
    under_way = SignUp.objects.of_domains([one.name for one in domains]).count()
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
    yield from _in_doubt(held.filter(follows_setting=True))
    yield from _listed(
        "shared",
        held.filter(follows_setting=False),
        "domain follows no setting, since it is or was shared with other organizations.",
        "domains follow no setting, since they are or were shared with other organizations.",
    )
    yield from _who_stays(organization)


def _in_doubt(domains: DomainQuerySet[Domain]) -> Iterator[Effect]:
    yield from _listed(
        "uncertain",
        domains.uncertain(),
        "domain lets nobody new join until its verification record is back.",
        "domains let nobody new join until their verification records are back.",
    )


def _who_stays(organization: Organization) -> Iterator[Effect]:
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
