"""What giving a domain up would do, and the ending of what depends on it."""

from collections.abc import Iterator

from adminctr.core.addresses import readable_domain
from adminctr.core.plans import Effect, Plan, Thing, Weight, several
from domains.models import Domain
from invitations.models import Invitation, InvitationQuerySet, Kind
from organizations.models import DomainSetting, Membership
from users import foresight
from users.models import SignUp

# Of more people or invitations than these a plan says how many there are, and not which.
MOST_LISTED = 1_000


ACKNOWLEDGEMENTS = (
    ("nobody_new", "People with an address of this domain can no longer be invited."),
    ("open_to_others", "Another organization can verify this domain and decide who can join."),
)


def plan(domain: Domain) -> Plan:
    """Read in the scope of the domain's organization; the operation reads it again."""
    effects = _of_a_held_one(domain) if domain.is_held() else _of_a_claim(domain)
    return Plan(domain.sid, "remove_domain", tuple(effects))


def end_what_depends(domain: Domain) -> dict[str, str]:
    """Revoke the invitations that only this domain allows; returns what the trail names."""
    return {"revoked_invitations": str(_invitations(domain).revoke())}


def _invitations(domain: Domain) -> InvitationQuerySet[Invitation]:
    """Of whom only the domain lets in; access to an account is open to anybody's address."""
    waiting = Invitation.objects.open().filter(organization=domain.organization)
    if not domain.is_held():
        return waiting.none()
    return waiting.exclude(kind=Kind.ACCESS).filter(email__endswith=f"@{domain.name}")


def _of_a_claim(domain: Domain) -> Iterator[Effect]:
    yield from _about_approval(domain)
    yield Effect(Weight.CHANGES, "token", "If you add it again, it gets a new value to publish.")
    yield Effect(Weight.SURVIVES, "nothing", "Nobody depends on a domain that is not verified.")


def _of_a_held_one(domain: Domain) -> Iterator[Effect]:
    name = readable_domain(domain.name)
    waiting = _invitations(domain)
    if number := waiting.count():
        listed = waiting.order_by("pk") if number <= MOST_LISTED else ()
        things = tuple(Thing(one.sid, one.email, one.get_kind_display()) for one in listed)
        text = f"{several(number, 'invitation stops', 'invitations stop')} working."
        yield Effect(Weight.LOSES, "invitations_end", text, things, count=number)
    if domain.is_following():
        yield from _about_sign_ups(domain, name)
    yield from _about_expectations(domain)
    yield Effect(
        Weight.CHANGES, "nobody_new", f"People with an address of {name} can no longer be invited."
    )
    yield Effect(
        Weight.CHANGES,
        "others_may_hold",
        f"Another organization can verify {name}, and then decides who can join with it.",
    )
    yield from _about_approval(domain)
    yield Effect(
        Weight.IRREVERSIBLE, "token", "If you add it again, it gets a new value to publish."
    )
    stays = Membership.objects.open().filter(organization=domain.organization, domain=domain.name)
    number = stays.count()
    text = (
        f"{several(number, 'managed user', 'managed users')} with an address of {name} "
        f"{'stays' if number == 1 else 'stay'}, with their login, their roles and their accounts."
    )
    yield Effect(Weight.SURVIVES, "people", text, count=number)


def _about_approval(domain: Domain) -> Iterator[Effect]:
    if domain.sharing_approved_at is not None:
        yield Effect(
            Weight.IRREVERSIBLE,
            "approval",
            "The approval of support to share it ends; you would have to ask for it again.",
        )


def _about_sign_ups(domain: Domain, name: str) -> Iterator[Effect]:
    setting = DomainSetting(domain.organization.domain_setting)
    yield Effect(
        Weight.CHANGES,
        "sign_ups",
        f"The domain setting, {setting.label}, no longer applies to {name}: anyone who signs up "
        "with it gets an organization of their own.",
    )
    if setting != DomainSetting.AUTO_ENROLLMENT:
        return
    if under_way := SignUp.objects.of_domains([domain.name]).count():
        text = (
            f"{several(under_way, 'person who is', 'people who are')} signing up at this moment "
            f"{'gets' if under_way == 1 else 'get'} an organization of their own."
        )
        yield Effect(Weight.CHANGES, "under_way", text, count=under_way)


def _about_expectations(domain: Domain) -> Iterator[Effect]:
    """Removing is no change of the setting, so they are told and not in the way."""
    broken = foresight.broken(domain.organization, without=domain.name)
    if not broken:
        return
    things = tuple(
        Thing(one.expectation.sid, str(one.expectation), f"then: {one.outcome.label}")
        for one in broken
    )
    text = f"{several(len(things), 'saved expectation is', 'saved expectations are')} broken."
    yield Effect(Weight.CHANGES, "expectations", text, things)
