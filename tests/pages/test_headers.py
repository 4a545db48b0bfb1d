"""The headers that every answer carries, errors and redirects included."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.test import Client, override_settings
from django.urls import path

import adminctr.urls
from tests.pages.addresses import path_to, routes

_EXPECTED = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("A secret that no page may show")


urlpatterns = [path("broken/", broken), *adminctr.urls.urlpatterns]
handler500 = adminctr.urls.handler500


def missing_from(response: HttpResponse) -> dict[str, str]:
    found = {name: response.headers.get(name, "") for name in _EXPECTED}
    wrong = {name: value for name, value in found.items() if value != _EXPECTED[name]}
    if "no-store" not in response.headers.get("Cache-Control", ""):
        wrong["Cache-Control"] = response.headers.get("Cache-Control", "")
    if not response.headers.get("X-Request-ID"):
        wrong["X-Request-ID"] = ""
    return wrong


@pytest.mark.parametrize("who", [None, "ana", "cy"])
def test_every_page_has_them(who, sids, request, sign_in) -> None:
    paths = [path_to(name, sids) for name in routes()]
    client = sign_in(request.getfixturevalue(who)) if who else Client()
    for where in [*paths, "/nowhere/", "/console", "/invitations/" + "0" * 64 + "/"]:
        assert missing_from(client.get(where)) == {}, where


def test_what_is_written_says_its_kind_and_its_letters(sids, ana, sign_in) -> None:
    client = sign_in(ana)
    for name in routes():
        kind = client.get(path_to(name, sids))["Content-Type"]
        files = {"text/csv; charset=utf-8"} if name == "invitations:many-template" else set()
        assert kind in {"text/html; charset=utf-8", "application/json"} | files, name


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "x" * 300])
def test_an_answer_to_another_host_has_them(host, db) -> None:
    response = Client().get("/login/", headers={"Host": host})
    assert response.status_code == 400
    assert missing_from(response) == {}
    assert host.encode() not in response.content


def test_a_refused_form_has_them(ana) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login/", {"login": ana.email, "password": "x"})
    assert response.status_code == 403
    assert missing_from(response) == {}


def test_an_answer_to_a_post_has_them(ana, sign_in) -> None:
    client = sign_in(ana)
    for form in ({"name": "acme.org"}, {"name": "gmail.com"}):
        assert missing_from(client.post("/admin-center/domains/add/", form)) == {}
    assert missing_from(client.post("/logout/")) == {}


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_has_them_and_tells_nothing(ana, sign_in) -> None:
    client = sign_in(ana)
    client.raise_request_exception = False
    response = client.get("/broken/")
    assert response.status_code == 500
    assert missing_from(response) == {}
    assert b"secret" not in response.content
    assert b"ValueError" not in response.content
    assert response["X-Request-ID"].encode() in response.content


def test_a_body_that_is_too_large_has_them(ana, sign_in) -> None:
    response = sign_in(ana).post("/admin-center/domains/add/", {"name": "x" * 2_000_000})
    assert response.status_code in {400, 413}
    assert missing_from(response) == {}


def test_too_many_fields_are_refused_and_have_them(ana, sign_in) -> None:
    form = {f"field{number}": "" for number in range(1_100)}
    response = sign_in(ana).post("/admin-center/domains/add/", form)
    assert response.status_code == 400
    assert missing_from(response) == {}


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(cy) -> None:
    client = Client()
    client.get("/login/")
    client.post("/login/", {"login": cy.email, "password": "correct horse battery staple"})
    assert set(client.cookies) == {"csrftoken", "sessionid", "browser"}
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_no_page_asks_another_host_for_anything(sids, ana, sign_in) -> None:
    client = sign_in(ana)
    for name in set(routes()) - {"mailbox"}:
        body = client.get(path_to(name, sids)).content.decode()
        assert "://" not in body.replace("http://www.w3.org", ""), name
        for unsafe in ("<script>", "style=", " onclick", "javascript:"):
            assert unsafe not in body, name


def test_static_files_may_be_kept_by_everybody(tmp_path) -> None:
    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages, WHITENOISE_AUTOREFRESH=False):
        call_command("collectstatic", verbosity=0, interactive=False)
        response = Client().get(static("css/tokens.css"))
        body = b"".join(response)
    assert response.status_code == 200
    assert b"--" in body
    assert response["Cache-Control"] == "max-age=315360000, public, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers


_PROBE = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(headers={"host": "admin.example"})
response = client.get("/healthz", secure=True)
print(json.dumps({
    "hsts": response.headers.get("Strict-Transport-Security", ""),
    "cookies": [settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME,
                settings.KNOWN_BROWSER_COOKIE],
    "secure": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE],
    "domains": [settings.SESSION_COOKIE_DOMAIN, settings.CSRF_COOKIE_DOMAIN],
    "paths": [settings.SESSION_COOKIE_PATH, settings.CSRF_COOKIE_PATH],
    "debug": settings.DEBUG,
    "hosts": settings.ALLOWED_HOSTS,
    "insecure_hsts": client.get("/healthz").headers.get("Strict-Transport-Security", ""),
}))
"""


def settings_with(base_url: str, run_dir) -> dict:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}
    } | {
        "DJANGO_SETTINGS_MODULE": "adminctr.settings",
        "READ_DOT_ENV": "false",
        "RUN_DIR": str(run_dir),
        "BASE_URL": base_url,
        "ALLOWED_HOSTS": "admin.example",
        "SECRET_KEY": "x" * 50,
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_on_https_the_site_insists_on_it(tmp_path) -> None:
    shipped = settings_with("https://admin.example", tmp_path)
    assert shipped["hsts"] == "max-age=31536000; includeSubDomains"
    assert shipped["cookies"] == ["__Host-sessionid", "__Host-csrftoken", "__Host-browser"]
    assert shipped["secure"] == [True, True]
    assert shipped["domains"] == [None, None]
    assert shipped["paths"] == ["/", "/"]
    assert shipped["debug"] is False


def test_on_http_no_browser_is_told_to_use_https(tmp_path) -> None:
    shipped = settings_with("http://127.0.0.1:8000", tmp_path)
    assert (shipped["hsts"], shipped["insecure_hsts"]) == ("", "")
    assert shipped["cookies"] == ["sessionid", "csrftoken", "browser"]
