"""How somebody new comes in by themselves."""

from django.conf import settings

from accounts.operations import create_account
from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed
from adminctr.core.limits import Limit
from adminctr.core.operations import no_organization, operation
from adminctr.core.periods import Source
from adminctr.core.tenancy import tenant
from audit import log
from invitations.bringing import give_account_roles
from invitations.standing import mark_accepted, withdraw_what_is_moot
from organizations import policy, stays
from organizations.models import Organization, Role, default_name
from users import mail
from users.admission import decide
from users.arrivals import Arrival, arrival_of, consent_outdated
from users.models import SignUp, User, WayIn
from users.newcomers import NewPerson, add_user

MAILS_PER_ADDRESS = Limit("sign_up_mails", times=5, seconds=3600)


@operation(no_organization)
def start_sign_up(address: str, *, actor: Actor) -> None:
    """Mail a link to an address that is to be proven; the same answer for known and unknown.

    Raises RuleViolation: one of the canonicaliser's, domain_restricted, domain_uncertain.
    """
    email = canonical_address(address)
    decide(email, WayIn.SIGN_UP).require()  # first: a claimed domain tells nobody who has a login
    sign_up = None if _is_registered(email) else _open_sign_up(email)
    if sign_up is None:
        mail.send_you_have_a_login.enqueue(email)
        return
    mail.send_sign_up.enqueue(sign_up.pk)
    log.record("sign_up.started", None, actor=actor, subject_sid=sign_up.sid, subject=email)


@operation(no_organization)
def sign_up(pending: SignUp, *, newcomer: NewPerson, joining: str = "", actor: Actor) -> User:
    """Make the user, who joins the organization that adds people with such an address.

    Others get an organization of their own and a first account, in trial. `joining` is the SID of
    the organization that they were told they join. Raises RuleViolation: link_dead,
    already_registered, domain_restricted, domain_uncertain, consent_outdated.
    """
    if joins := decide(pending.email, WayIn.SIGN_UP).joins:
        joins.lock()
    current = SignUp.objects.select_for_update().filter(pk=pending.pk).first()
    if current is None or current.is_expired():
        raise tokens.dead_link()
    arrival = arrival_of(current.email)
    arrival.require_agreed(joining)
    if arrival.organization != joins:  # which is not the one that is locked
        raise consent_outdated()

    user = add_user(current.email, newcomer)
    person_acting = policy.actor_in(None, user, via=actor.via, origin=actor.origin)
    if joins:
        _join(joins, user, arrival, person_acting)
    else:
        found_organization(user, name=newcomer.organization_name, actor=person_acting)
    return user


@operation(no_organization)
def found_organization(user: User, *, name: str, actor: Actor) -> Organization:
    """Give somebody new an organization of their own and a first account, in trial.

    Raises NotAllowed, or RuleViolation: already_in_an_organization.
    """
    if actor.user_id != user.pk:
        raise NotAllowed("Only the person themselves can do this.")
    name = name or default_name(user.get_short_name())
    organization = Organization.objects.create(name=name, owner=user)
    with tenant(organization):
        stay = stays.begin_stay(organization, user, role=Role.OWNER, source=Source.SIGN_UP)
        founder = policy.actor_in(stay, user, via=actor.via, origin=actor.origin)
        create_account(organization, name="First account", owner=user, actor=founder)
    log.record(
        "user.signed_up", organization, actor=founder, subject_sid=user.sid, subject=user.email
    )
    return organization


def _join(organization: Organization, user: User, arrival: Arrival, actor: Actor) -> None:
    """Make somebody a member by their address, with what a waiting invitation offers."""
    invitation = arrival.invitation
    with tenant(organization):
        stay = stays.begin_stay(
            organization,
            user,
            role=arrival.role,
            source=Source.INVITATION if invitation else Source.SIGN_UP,
            by_id=invitation.invited_by_id if invitation else None,
        )
        if invitation:
            mark_accepted(invitation, user)
        member = policy.actor_in(stay, user, via=actor.via, origin=actor.origin)
        withdraw_what_is_moot([user.email], member)
        if invitation:
            give_account_roles(invitation, user, member)
    log.record(
        "user.joined",
        organization,
        actor=member,
        subject_sid=user.sid,
        subject=user.email,
        how="by signing up",
        role=stay.get_role_display(),
        **({"invitation": invitation.sid} if invitation else {}),
    )


def _is_registered(email: str) -> bool:
    return User.objects.filter(email=email).exists()


def _open_sign_up(email: str) -> SignUp | None:
    """The one open sign-up of this address, with a new link.

    None when it became a user at this very moment.
    """
    expires_at = clock.now() + settings.SIGN_UP_LIFETIME
    candidate = SignUp(email=email, expires_at=expires_at)
    candidate.token_hash = tokens.hash_token(candidate.token())
    SignUp.objects.bulk_create([candidate], ignore_conflicts=True)
    sign_up = SignUp.objects.select_for_update().filter(email=email).first()
    if sign_up is None or _is_registered(email):
        SignUp.objects.filter(email=email).delete()
        return None
    # Whoever read an earlier mail may not read the mailbox any more.
    sign_up.sid, sign_up.token_hash = candidate.sid, candidate.token_hash
    sign_up.expires_at = expires_at
    sign_up.save(update_fields=["sid", "token_hash", "expires_at"])
    return sign_up
