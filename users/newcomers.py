"""Making the user of somebody new: what signing up and accepting an invitation share."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress

from adminctr.core.errors import RuleViolation
from adminctr.core.operations import or_refuse
from users.models import SignUp, User
from users.passwords import PasswordHash


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What somebody new says about themselves behind a mailed link."""

    first_name: str
    last_name: str
    password: PasswordHash
    organization_name: str = ""


def add_user(email: str, newcomer: NewPerson) -> User:
    """Write the user of a proven address and forget their open sign-up.

    Called inside operations. Raises RuleViolation: already_registered.
    """
    # Locked before the user is written, as signing up does: else the two wait for each other.
    SignUp.objects.select_for_update().filter(email=email).first()
    registered = RuleViolation(
        "already_registered", "There is a login for this address already. Log in instead."
    )
    with or_refuse(registered):
        user = User.objects.create(
            email=email,
            first_name=newcomer.first_name,
            last_name=newcomer.last_name,
            password=newcomer.password,
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    SignUp.objects.filter(email=email).delete()
    return user
