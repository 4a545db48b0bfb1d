"""How people come in and change their own sign-in."""

from django.conf import settings

from accounts.operations import create_account
from adminctr.core import clock, tokens
from adminctr.core.actor import Actor
from adminctr.core.addresses import canonical_address
from adminctr.core.errors import NotAllowed
from adminctr.core.limits import Limit
from adminctr.core.operations import no_organization, operation
from adminctr.core.periods import Source
from adminctr.core.tenancy import person, tenant
from audit import log
from organizations import policy, stays
from organizations.models import NAME_LENGTH, Membership, Organization, Role, stay_of
from users import mail
from users.admission import WayIn, decide
from users.models import SignUp, User
from users.newcomers import NewPerson, add_user
from users.passwords import PasswordHash

MAILS_PER_ADDRESS = Limit("sign_up_mails", times=5, seconds=3600)


@operation(no_organization)
def start_sign_up(address: str, *, actor: Actor) -> None:
    """Mail a link to an address that is to be proven; the same answer for known and unknown.

    Raises RuleViolation: one of the canonicaliser's, or domain_restricted.
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
def sign_up(pending: SignUp, *, newcomer: NewPerson, actor: Actor) -> User:
    """Make the user, an organization of their own and a first account, in trial.

    Raises RuleViolation: link_dead, already_registered, domain_restricted.
    """
    current = SignUp.objects.select_for_update().filter(pk=pending.pk).first()
    if current is None or current.is_expired():
        raise tokens.dead_link()
    decide(current.email, WayIn.SIGN_UP).require()

    user = add_user(current.email, newcomer)
    name = newcomer.organization_name or f"{user.get_short_name()}'s organization"
    organization = Organization.objects.create(name=name[:NAME_LENGTH], owner=user)
    with tenant(organization):
        stay = stays.begin_stay(organization, user, role=Role.OWNER, source=Source.SIGN_UP)
        person_acting = policy.actor_in(stay, user, via=actor.via, origin=actor.origin)
        create_account(organization, name="First account", owner=user, actor=person_acting)
    log.record(
        "user.signed_up",
        organization,
        actor=person_acting,
        subject_sid=user.sid,
        subject=user.email,
    )
    return user


@operation(no_organization)
def request_password_reset(address: str, *, actor: Actor) -> None:
    """Mail a link that sets a new password, or that there is no login; not to who is not active.

    Raises RuleViolation: one of the canonicaliser's.
    """
    email = canonical_address(address)
    user = User.objects.filter(email=email).first()
    if user is None:
        mail.send_no_login.enqueue(email)
    elif user.is_active:
        mail.send_password_reset.enqueue(user.pk)
        _record_about(user, "user.password_reset_requested", actor)


@operation(no_organization)
def set_password(user: User, *, password: PasswordHash, actor: Actor) -> None:
    """Replace the password that `user` was read with; every session ends with the old one.

    Raises RuleViolation: link_dead when another use of the same link came first.
    """
    # No key is locked: events point at nothing, but stays and roles point at users.
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if current.password != user.password:
        raise tokens.dead_link()
    current.password = password
    current.save(update_fields=["password"])
    user.password = password
    mail.send_password_changed.enqueue(current.pk)
    _record_about(current, "user.password_changed", actor)


@operation(no_organization)
def appoint_staff(user: User, *, actor: Actor) -> None:
    """Make somebody support staff; only an operator may. Raises NotAllowed."""
    if not actor.trusted:
        raise NotAllowed("Support staff are appointed by an operator of this installation.")
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    current.is_staff = True
    current.save(update_fields=["is_staff"])
    log.record("user.appointed_staff", None, actor=actor, subject_sid=user.sid, subject=user.email)


@operation(no_organization)
def record_log_in(user: User, *, method: str, actor: Actor) -> None:
    """Note a sign-in, on the stay and in the trail."""
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    with person(current):
        Membership.objects.open().update(last_sign_in_at=current.last_login)
    _record_about(user, "user.logged_in", actor, method=method)


@operation(no_organization)
def record_log_out(user: User, *, actor: Actor) -> None:
    _record_about(user, "user.logged_out", actor)


@operation(no_organization)
def record_failed_log_in(user: User, *, actor: Actor) -> None:
    """Note a wrong password for an address that exists; others are not events."""
    _record_about(user, "user.log_in_failed", actor)


def _is_registered(email: str) -> bool:
    return User.objects.filter(email=email).exists()


def _open_sign_up(email: str) -> SignUp | None:
    """The one open sign-up of this address; None when it became a user at this very moment."""
    expires_at = clock.now() + settings.SIGN_UP_LIFETIME
    candidate = SignUp(email=email, expires_at=expires_at)
    candidate.token_hash = tokens.hash_token(candidate.token())
    SignUp.objects.bulk_create([candidate], ignore_conflicts=True)
    sign_up = SignUp.objects.select_for_update().filter(email=email).first()
    if sign_up and sign_up.is_expired():
        sign_up.sid, sign_up.token_hash = candidate.sid, candidate.token_hash
        sign_up.save(update_fields=["sid", "token_hash"])
    if sign_up is None or _is_registered(email):
        SignUp.objects.filter(email=email).delete()
        return None
    sign_up.expires_at = expires_at
    sign_up.save(update_fields=["expires_at"])
    return sign_up


def _record_about(user: User, action: str, actor: Actor, **details: str) -> None:
    stay = stay_of(user)
    log.record(
        action,
        stay.organization if stay else None,
        actor=actor,
        subject_sid=user.sid,
        subject=user.email,
        **details,
    )
