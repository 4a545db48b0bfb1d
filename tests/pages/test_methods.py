"""Methods that only look change nothing, and nobody is fooled by an override."""

from itertools import product

import pytest

from tests.pages.addresses import path_to, routes
from tests.pages.effects import assert_no_effect

LOOKING = ["GET", "HEAD", "OPTIONS", "TRACE"]
OTHERS = ["PUT", "PATCH", "DELETE", "PROPFIND"]
FORM = {"email": "new@acme.example", "role": "administrator", "name": "acme.org"}


@pytest.fixture
def paths(sids) -> dict[str, str]:
    return {name: path_to(name, sids) for name in routes()}


def test_looking_changes_nothing(paths, ana, sign_in) -> None:
    client = sign_in(ana)
    overrides = {"_method": "POST", "X-HTTP-Method-Override": "POST", **FORM}
    with assert_no_effect():
        for path, method in product(paths.values(), LOOKING):
            response = client.generic(
                method,
                path,
                query_params=overrides,
                headers={"X-HTTP-Method-Override": "DELETE", "X-Secret": "not to be echoed"},
            )
            is_hidden = path.startswith("/staff/") or (
                path == "/metrics" and method in {"GET", "HEAD"}
            )
            is_unknown = path in {"/second-factor/phone/", "/second-factor/recovery-code/"}
            usual = {200, 302, 303, 405, 503} | ({404} if is_unknown else set())
            assert response.status_code in ({404} if is_hidden else usual), path
            assert b"not to be echoed" not in response.content


def test_other_methods_change_nothing(paths, ana, sign_in) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        for (name, path), method in product(paths.items(), OTHERS):
            status = client.generic(method, path).status_code
            allauths_forms = name.startswith("account_") and status == 200
            is_staffs = name.startswith("staff:")
            assert allauths_forms or status in ({404} if is_staffs else {302, 303, 405}), path


@pytest.mark.parametrize("override", ["DELETE", "PUT", "GET"])
def test_a_post_stays_a_post(override, sign_in, ana) -> None:
    client = sign_in(ana)
    with assert_no_effect():
        response = client.post(
            "/admin-center/users/invite/",
            {"_method": override, "email": "x@gmail.com", "role": "standard"},
            headers={"X-HTTP-Method-Override": override},
        )
    assert b'id="id_email_error"' in response.content
