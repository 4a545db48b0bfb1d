"""A security key in software: it makes passkeys and signs with them as the standard says."""

import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "http://testserver"
HOST = "testserver"
_FLAG = AuthenticatorData.FLAG


class Authenticator:
    """One passkey. `counter` is what it says of how often it was used; None for one that is mute.

    `origin` and `host` are what its browser says about the page.
    """

    def __init__(self, *, origin: str = ORIGIN, host: str = HOST, counter: int | None = 0) -> None:
        self.origin, self.host, self.counter = origin, host, counter
        self.credential_id = os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What the browser says when the passkey was made."""
        credential = AttestedCredentialData.create(
            bytes(16), self.credential_id, ES256.from_cryptography_key(self._key.public_key())
        )
        data = self._data(_FLAG.UP | _FLAG.AT, credential)
        attestation = AttestationObject.create("none", data, {})
        return self._said(
            clientDataJSON=self._client("webauthn.create", asked), attestationObject=attestation
        )

    def sign(self, asked: dict[str, Any], *, flags: int = _FLAG.UP) -> dict[str, Any]:
        """What the browser says when the passkey was used."""
        if self.counter is not None:
            self.counter += 1
        client = self._client("webauthn.get", asked)
        data = self._data(flags)
        signature = self._key.sign(data + sha256(client), ec.ECDSA(hashes.SHA256()))
        return self._said(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, flags: int, credential: bytes = b"") -> AuthenticatorData:
        host = sha256(self.host.encode())
        return AuthenticatorData.create(host, flags, self.counter or 0, credential)

    def _client(self, kind: str, asked: dict[str, Any]) -> CollectedClientData:
        challenge = websafe_decode(asked["publicKey"]["challenge"])
        return CollectedClientData.create(kind, challenge, self.origin)

    def _said(self, **response: bytes) -> dict[str, Any]:
        sid = websafe_encode(self.credential_id)
        return {
            "id": sid,
            "rawId": sid,
            "type": "public-key",
            "response": {name: websafe_encode(value) for name, value in response.items()},
        }


def asked_on(page: Any) -> dict[str, Any]:
    """What a page asks the browser."""
    asked: dict[str, Any] = json.loads(page.context["asked"])
    return asked
