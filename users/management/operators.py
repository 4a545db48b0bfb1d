"""What commands about somebody's login share."""

from adminctr.core.addresses import canonical_address
from adminctr.core.errors import RuleViolation
from users.models import User


def login_of(address: str) -> User:
    """The user of an address; raises RuleViolation: one of the canonicaliser's, login_unknown."""
    user = User.objects.filter(email=canonical_address(address)).first()
    if user is None:
        raise RuleViolation("login_unknown", "Nobody has a login with this address.")
    return user
