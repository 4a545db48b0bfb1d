"""Passkeys (WebAuthn): what a browser is asked, and what it answers."""

import base64
import ipaddress
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from users import secrets
from users.models import Factor, User

Asked = dict[str, Any]  # what the browser is asked, as JSON
State = dict[str, Any]  # what must be kept until it answers

_LONGEST_ID = 1023  # of a credential, in bytes, as WebAuthn has it

# What reading the answer of a browser, or of whoever poses as one, may end with.
_UNREADABLE = (
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What is kept of one: never more than its public half."""

    credential_id: str
    secret: str
    counter: int


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What a browser says to what it was asked."""

    state: State
    said: Mapping[str, Any]


def refusal() -> str | None:
    """Why passkeys are not offered, in words; None where they are."""
    host = _host()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return f"Passkeys need a host with a name; this site is reached by the number {host}."


def ask_for_new(user: User, known: Sequence[Factor]) -> tuple[Asked, State]:
    """Let a browser make a passkey that is none of those that are known."""
    asked, state = _server().register_begin(
        PublicKeyCredentialUserEntity(
            id=user.sid.encode(), name=user.email, display_name=user.get_full_name()
        ),
        credentials=_credentials(known),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(asked), state


def read_new(answer: PasskeyAnswer) -> NewPasskey | None:
    """The passkey that a browser has made; None for an answer that does not hold."""
    try:
        made = _server().register_complete(answer.state, answer.said)
    except _UNREADABLE:
        return None
    credential = made.credential_data
    if credential is None or len(credential.credential_id) > _LONGEST_ID:
        return None
    if not _is_usable(credential.public_key):
        return None
    return NewPasskey(
        websafe_encode(credential.credential_id),
        secrets.encrypt(base64.b64encode(credential).decode()),
        made.counter,
    )


def ask_for_proof(known: Sequence[Factor]) -> tuple[Asked, State]:
    """Let a browser sign with one of these."""
    asked, state = _server().authenticate_begin(
        _credentials(known), user_verification=UserVerificationRequirement.PREFERRED
    )
    return dict(asked), state


def read_proof(answer: PasskeyAnswer, known: Sequence[Factor]) -> tuple[Factor, int] | None:
    """Which of them has signed, and its count; None for an answer that does not hold.

    A count that has not grown is one of a copy; passkeys that do not count always say zero.
    """
    try:
        used = _server().authenticate_complete(answer.state, _credentials(known), answer.said)
        said = AuthenticationResponse.from_dict(answer.said)
    except _UNREADABLE:
        return None
    by_id = {factor.credential_id: factor for factor in known}
    factor = by_id[websafe_encode(used.credential_id)]
    count = said.response.authenticator_data.counter
    if (count or factor.counter) and count <= factor.counter:
        return None
    return factor, count


def _credentials(known: Sequence[Factor]) -> list[AttestedCredentialData]:
    """Raises secrets.Unreadable."""
    return [
        AttestedCredentialData(base64.b64decode(secrets.decrypt(factor.secret))) for factor in known
    ]


def _is_usable(key: CoseKey) -> bool:
    """Whether anything can ever be signed for this key; a broken one would shut its person out."""
    try:
        key.verify(b"", b"")
    except InvalidSignature:
        return True
    except (*_UNREADABLE, NotImplementedError):
        return False
    return False


def _server() -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=_host(), name=settings.PRODUCT_NAME),
        verify_origin=lambda origin: origin == _origin(),
    )


def _origin() -> str:
    """The one that a browser names: without a path."""
    address = urlsplit(settings.BASE_URL)
    return f"{address.scheme}://{address.netloc}"


def _host() -> str:
    return urlsplit(settings.BASE_URL).hostname or ""
