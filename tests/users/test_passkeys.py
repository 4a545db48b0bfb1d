"""Passkeys: made and used as the standard says, and nothing else is taken for one."""

import json
from typing import Any

import pytest
from django.test import Client
from fido2.utils import websafe_encode

from tests.pages.effects import assert_no_effect, browser
from tests.users.authenticator import Authenticator, asked_on
from tests.users.enrolled import is_signed_in, type_password, with_app
from tests.users.people import keep_passkey
from users import passkeys
from users.models import Factor, FactorKind, User
from users.operations.factors import MOST_PASSKEYS
from users.passkeys import PasskeyAnswer

SET_UP = "/second-factor/set-up/passkey/"
PROVE = "/second-factor/passkey/"
NOT_ACCEPTED = b"This passkey was not accepted"
NOT_MADE = b"No passkey was made"
UNREADABLE = b"answer cannot be read"


def say(client: Client, path: str, answer: Any, **fields: str) -> Any:
    return client.post(path, {"answer": json.dumps(answer), **fields})


def half_way(user: User) -> Client:
    client = browser()
    type_password(client, user)
    return client


def test_a_passkey_is_added_in_a_session_and_proves_a_log_in(cy, log_in) -> None:
    key, client = Authenticator(), log_in(cy)
    answer = say(client, SET_UP, key.make(asked_on(client.get(SET_UP))), name="Laptop")
    assert answer.status_code == 303, answer.content.decode()
    kept = Factor.objects.get(user=cy, kind=FactorKind.PASSKEY)
    assert (kept.name, kept.label()) == ("Laptop", "Passkey “Laptop”")
    assert key.credential_id.hex() not in kept.secret

    other = half_way(cy)
    assert other.get("/second-factor/").headers["Location"] == PROVE
    answer = say(other, PROVE, key.sign(asked_on(other.get(PROVE))))
    assert answer.headers["Location"] == "/console/"
    assert is_signed_in(other)


def test_every_passkey_of_a_person_is_asked_for_and_one_is_enough(cy) -> None:
    first, second = Authenticator(), Authenticator()
    keep_passkey(cy, first)
    keep_passkey(cy, second, "Key ring")
    client = half_way(cy)
    asked = asked_on(client.get(PROVE))
    assert len(asked["publicKey"]["allowCredentials"]) == 2
    say(client, PROVE, second.sign(asked))
    assert is_signed_in(client)


def test_who_has_one_already_is_not_asked_to_make_it_again(cy, log_in, sign_in) -> None:
    key = Authenticator()
    keep_passkey(cy, key)
    client = sign_in(cy)
    asked = asked_on(client.get(SET_UP))
    assert len(asked["publicKey"]["excludeCredentials"]) == 1
    page = say(client, SET_UP, key.make(asked), name="Again", password="correct horse battery")
    assert page.status_code == 200
    assert Factor.objects.filter(user=cy, kind=FactorKind.PASSKEY).count() == 1


def refused(client: Client, answer: Any) -> None:
    page = say(client, PROVE, answer)
    assert page.status_code == 200
    assert NOT_ACCEPTED in page.content
    assert not is_signed_in(client)


def test_an_answer_to_another_question_is_refused(cy) -> None:
    key = Authenticator()
    keep_passkey(cy, key)
    client = half_way(cy)
    former = asked_on(client.get(PROVE))
    client.get(PROVE)
    refused(client, key.sign(former))


def test_an_answer_is_taken_once(cy) -> None:
    key = Authenticator(counter=None)
    keep_passkey(cy, key)
    client = half_way(cy)
    said = key.sign(asked_on(client.get(PROVE)))
    say(client, PROVE, said)
    client.post("/logout/")
    refused(half_way(cy), said)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://testserver.evil.example", "testserver"),
        ("https://testserver", "testserver"),
        ("http://testserver:8080", "testserver"),
        ("http://testserver", "evil.example"),
    ],
)
def test_a_passkey_used_on_another_page_is_refused(origin, host, cy) -> None:
    key = Authenticator()
    keep_passkey(cy, key)
    key.origin, key.host = origin, host
    client = half_way(cy)
    refused(client, key.sign(asked_on(client.get(PROVE))))


def test_another_persons_passkey_is_refused(cy, ben) -> None:
    theirs = Authenticator()
    keep_passkey(ben, theirs)
    keep_passkey(cy, Authenticator())
    client = half_way(cy)
    refused(client, theirs.sign(asked_on(client.get(PROVE))))


def test_a_passkey_without_its_person_is_refused(cy) -> None:
    """Nobody touched it: the flag that says so is missing."""
    key = Authenticator()
    keep_passkey(cy, key)
    client = half_way(cy)
    refused(client, key.sign(asked_on(client.get(PROVE)), flags=0))


def test_the_copy_of_a_passkey_that_counts_is_refused(cy) -> None:
    key = Authenticator(counter=5)
    keep_passkey(cy, key)
    client = half_way(cy)
    say(client, PROVE, key.sign(asked_on(client.get(PROVE))))
    assert is_signed_in(client)
    key.counter = 5
    copy = half_way(cy)
    refused(copy, key.sign(asked_on(copy.get(PROVE))))


def test_a_signature_over_something_else_is_refused(cy) -> None:
    key, other = Authenticator(), Authenticator()
    keep_passkey(cy, key)
    other.credential_id = key.credential_id
    client = half_way(cy)
    refused(client, other.sign(asked_on(client.get(PROVE))))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"id": "AA"},
        {"id": "AA", "rawId": "BB", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": "x"},
        {"id": "AA", "rawId": "AA", "response": {"clientDataJSON": "e30", "signature": ""}},
        {"id": 1, "rawId": 1, "response": {"clientDataJSON": 1, "attestationObject": 1}},
        {"id": "AA", "rawId": "AA", "response": {
            "clientDataJSON": "gICA", "attestationObject": "oA", "authenticatorData": "oA",
            "signature": "oA",
        }},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [PROVE, SET_UP])
def test_what_is_no_answer_is_refused(said, path, cy, sign_in) -> None:
    keep_passkey(cy, Authenticator())
    client = sign_in(cy)
    client.get(path)
    page = say(client, path, said, name="Laptop", password="correct horse battery staple")
    assert page.status_code == 200
    assert Factor.objects.filter(user=cy, kind=FactorKind.PASSKEY).count() == 1


@pytest.mark.parametrize("said", ["", "null", "[]", '"x"', "1", "{", "\0", "[" * 5000])
def test_what_is_no_object_is_refused_on_the_form(said, cy) -> None:
    keep_passkey(cy, Authenticator())
    client = half_way(cy)
    page = client.post(PROVE, {"answer": said})
    assert page.status_code == 200
    assert b"There is a problem" in page.content


def test_every_byte_of_an_answer_counts(cy) -> None:
    """Cut or changed anywhere, it is refused and nothing breaks."""
    key = Authenticator()
    keep_passkey(cy, key)
    known = list(Factor.objects.filter(user=cy))
    asked, state = passkeys.ask_for_proof(known)
    said = key.sign(json.loads(json.dumps(asked)))
    assert passkeys.read_proof(PasskeyAnswer(state, said), known)
    for name, value in said["response"].items():
        for place in range(0, len(value), 7):
            changed = "B" if value[place] != "B" else "C"
            for broken in (value[:place], value[:place] + changed + value[place + 1 :]):
                answer = said | {"response": said["response"] | {name: broken}}
                assert passkeys.read_proof(PasskeyAnswer(state, answer), known) is None


def test_every_byte_of_what_is_made_is_read_with_care(cy) -> None:
    key = Authenticator()
    asked, state = passkeys.ask_for_new(cy, [])
    said = key.make(json.loads(json.dumps(asked)))
    assert passkeys.read_new(PasskeyAnswer(state, said))
    whole = said["response"]["attestationObject"]
    for place in range(len(whole)):
        answer = said | {"response": said["response"] | {"attestationObject": whole[:place]}}
        assert passkeys.read_new(PasskeyAnswer(state, answer)) is None


NUMBER = '{"a": %s}' % ("1" * 5_000)


def test_a_number_that_is_too_long_is_no_answer_where_a_passkey_is_set_up(cy, log_in) -> None:
    client = log_in(cy)
    with assert_no_effect():
        page = client.post(SET_UP, {"answer": NUMBER, "name": "Laptop"})
    assert page.status_code == 200
    assert UNREADABLE in page.content


def test_a_number_that_is_too_long_is_no_answer_where_one_is_proven(cy) -> None:
    keep_passkey(cy, Authenticator())
    client = half_way(cy)
    page = client.post(PROVE, {"answer": NUMBER})
    assert page.status_code == 200
    assert UNREADABLE in page.content
    assert not is_signed_in(client)


@pytest.mark.parametrize(("length", "is_kept"), [(1023, True), (1024, False), (3000, False)])
def test_no_id_of_a_passkey_is_longer_than_the_standard_allows(length, is_kept, cy, log_in) -> None:
    key, client = Authenticator(), log_in(cy)
    key.credential_id = bytes(length)
    page = say(client, SET_UP, key.make(asked_on(client.get(SET_UP))), name="Laptop")
    assert page.status_code == (303 if is_kept else 200)
    assert (NOT_MADE in page.content) != is_kept
    assert Factor.objects.filter(user=cy).exists() == is_kept


def test_a_passkey_is_one_persons(cy, ben) -> None:
    key = Authenticator()
    keep_passkey(cy, key)
    with pytest.raises(Exception, match="set up already"):
        keep_passkey(ben, key)


def test_passkeys_are_not_offered_by_number(cy, log_in, settings) -> None:
    settings.BASE_URL = "http://127.0.0.1:8000"
    client = log_in(cy)
    reason = b"Passkeys need a host with a name; this site is reached by the number 127.0.0.1."
    assert reason in client.get("/second-factor/set-up/").content
    assert reason in client.get(SET_UP).content
    with assert_no_effect():
        page = say(client, SET_UP, {"id": "AA"}, name="Laptop")
    assert reason in page.content


def test_there_is_an_end_to_passkeys(cy) -> None:
    for number in range(MOST_PASSKEYS):
        keep_passkey(cy, Authenticator(), f"Key {number}")
    with pytest.raises(Exception, match="Remove one that you do not use"):
        keep_passkey(cy, Authenticator())


def test_a_passkey_needs_no_app(cy) -> None:
    with_app(cy)
    keep_passkey(cy, Authenticator())
    client = half_way(cy)
    labels = [way["label"] for way in client.get(PROVE).context["others"]]
    assert labels == ["Use your authenticator app"]


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 19_000,
        '{"response":' * 1_500,
        f'{{"id": "{"x" * 20_000}"}}',
        "[" * 100_000,
    ],
)
def test_an_answer_that_is_too_deep_or_too_long_is_none(answer: str, cy, log_in) -> None:
    """On both pages, and before anything looks into it."""
    client = log_in(cy)
    typed = {"answer": answer, "name": "Laptop"}
    with assert_no_effect():
        assert b"cannot be read" in client.post(SET_UP, typed).content
    keep_passkey(cy, Authenticator())
    other = half_way(cy)
    with assert_no_effect():
        assert b"cannot be read" in other.post(PROVE, typed).content


def test_an_answer_whose_contents_are_nested_without_end_is_not_accepted(cy) -> None:
    """CBOR, nested a hundred thousand deep: within what a browser says, not in its JSON."""
    key = Authenticator()
    keep_passkey(cy, key)
    client = half_way(cy)
    answer = key.sign(asked_on(client.get(PROVE)))
    answer["response"]["authenticatorData"] = websafe_encode(_DEEP)
    assert NOT_ACCEPTED in say(client, PROVE, answer).content


def test_a_new_one_whose_contents_are_nested_without_end_is_not_made(cy, log_in) -> None:
    key, client = Authenticator(), log_in(cy)
    answer = key.make(asked_on(client.get(SET_UP)))
    answer["response"]["attestationObject"] = websafe_encode(b"\x81" * 10_000)
    assert NOT_MADE in say(client, SET_UP, answer, name="Laptop").content


# An authenticator's data that says extensions follow, which nest.
_DEEP = bytes(32) + b"\x81" + bytes(4) + b"\x81" * 10_000
