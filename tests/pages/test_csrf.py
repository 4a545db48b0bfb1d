"""No form is taken without its token, with somebody else's, or from another site."""

import pytest
from django.test import Client

from tests.pages.addresses import path_to, routes
from tests.pages.effects import assert_no_effect
from tests.pages.test_roles_walk import EXPECTED
from tests.world import PASSWORD

POSTED = sorted(name for name in routes() if set(EXPECTED[name, "POST"].values()) != {405})


def strict(person=None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if person:
        client.force_login(person, backend="users.sign_in.PasswordBackend")
    client.get("/password/reset/")  # any page with a form sets the cookie
    return client


def token_of(client: Client) -> str:
    return client.cookies["csrftoken"].value


@pytest.mark.parametrize("forgery", ["no token", "another's token", "another site", "null"])
def test_a_forged_post_is_refused(forgery, sids, ana) -> None:
    client = strict(ana)
    token = {"no token": "", "another's token": token_of(strict())}.get(forgery, token_of(client))
    origin = {"another site": "https://evil.example", "null": "null"}.get(forgery)
    form = {"csrfmiddlewaretoken": token, "email": "new@acme.example", "role": "standard"}
    paths = [path_to(name, sids) for name in POSTED if name != "account_login"]
    with assert_no_effect():
        for path in paths:
            response = client.post(path, form, headers={"Origin": origin} if origin else {})
            assert response.status_code == 403, path
            assert b"This form is too old" in response.content


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_a_forged_log_in_is_refused_and_leads_home_who_is_logged_in_already(
    origin, ana, cy
) -> None:
    form = {"login": cy.email, "password": PASSWORD}
    headers = {"Origin": origin} if origin else {}
    stranger, signed_in = strict(), strict(ana)
    with assert_no_effect():
        assert stranger.post("/login/", form, headers=headers).status_code == 403
        assert signed_in.post("/login/", form, headers=headers)["Location"] == "/console/"
    assert "_auth_user_id" not in stranger.session
    assert signed_in.session["_auth_user_id"] == str(ana.pk)


@pytest.mark.parametrize("name", ["users:invite", "users:sign-up", "account_reset_password"])
def test_the_same_post_with_its_own_token_is_taken(name, acme, ana) -> None:
    client = strict(None if name == "users:sign-up" else ana)
    form = {"csrfmiddlewaretoken": token_of(client), "email": "new@fresh.example", "role": "x"}
    response = client.post(path_to(name, {}), form, headers={"Origin": "http://testserver"})
    assert response.status_code in {200, 302}


def test_a_token_from_before_logging_in_is_dead(cy) -> None:
    client = strict()
    before = token_of(client)
    form = {"login": cy.email, "password": "correct horse battery staple"}
    assert client.post("/login/", form | {"csrfmiddlewaretoken": before}).status_code == 302
    with assert_no_effect():
        response = client.post("/logout/", {"csrfmiddlewaretoken": before})
    assert response.status_code == 403


def test_no_cross_origin_reader_is_invited(ana, sign_in) -> None:
    response = sign_in(ana).get("/console/", headers={"Origin": "https://evil.example"})
    assert not [name for name in response.headers if name.startswith("Access-Control")]
    assert "evil" not in str(response.headers)
