"""The way to an import in a browser without scripts, and what stands there afterwards."""

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.limits import held_by
from adminctr.core.limits import Limit
from adminctr.core.sids import make_sid
from adminctr.core.tenancy import tenant
from adminctr.web.middleware import BodySizeMiddleware
from domains.models import Domain
from imports.causes import WORDS, Cause
from imports.drafts import MOST_DRAFTS
from imports.models import ImportList, ImportRun, Way
from imports.views import preparing
from organizations.models import Membership, Organization
from tests.imports.crowd import founders, logins
from tests.imports.runs import (
    IN_LABS,
    fresh,
    list_of,
    run_of,
    started,
    step,
    switched_on,
)
from tests.users.people import stay_of
from users.models import Session, User, UserStatus

YEARS_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PLAN = re.compile(r'name="plan" value="([^"]+)"')


@pytest.fixture
def acme_imports(acme) -> Organization:
    return switched_on(acme, IN_LABS)


@pytest.fixture
def people(acme_imports) -> list[User]:
    return [*logins(IN_LABS, 3), *founders(IN_LABS, 2)]


def text_of(response) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode("utf-8-sig")
    return response.content.decode("utf-8-sig")


def rows_of(response) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(text_of(response))))


def as_file(rows: list[list[str]], name: str = "list.csv") -> SimpleUploadedFile:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return SimpleUploadedFile(name, text.getvalue().encode(), "text/csv")


def begin_review(client: Client) -> ImportList:
    answer = client.post(reverse("imports:new-review"), {"domains": [IN_LABS]})
    assert answer.status_code == 303
    return ImportList.unscoped.latest("pk")


def downloaded(client: Client, listing: ImportList) -> list[list[str]]:
    return rows_of(client.post(reverse("imports:list-download", args=[listing.sid])))


def confirm(client: Client, listing: ImportList):
    url = reverse("imports:list-start", args=[listing.sid])
    page = client.get(url).content.decode()
    found = PLAN.search(page)
    assert found, page
    typed = {"plan": unescape(found[1]), "read": "on", "password": "correct horse battery staple"}
    return client.post(url, typed)


def test_from_the_instructions_to_the_run(people, acme_imports, ana, sign_in, work) -> None:
    client = sign_in(ana)
    assert "Rows may be deleted, never added" in text_of(client.get(reverse("imports:new")))
    way = client.post(reverse("imports:new-way"), {"way": "review"})
    assert way["Location"] == reverse("imports:new-review")
    page = text_of(client.get(way["Location"]))
    assert IN_LABS in page
    assert "checked" in page

    listing = begin_review(client)
    header, *rows = downloaded(client, listing)
    assert {row[1] for row in rows} == {one.email for one in people}
    kept = [row for row in rows if row[1] != people[0].email]
    answer = client.post(
        reverse("imports:list-review", args=[listing.sid]),
        {"file": as_file([header, *kept], "../../reviewed.csv")},
    )
    notice = reverse("imports:list-notice", args=[listing.sid])
    assert answer["Location"] == notice
    answer = client.post(notice, {"is_notifying": "no"})
    assert answer["Location"] == reverse("imports:list-start", args=[listing.sid])
    plan = text_of(client.get(answer["Location"]))
    assert "Start importing users and accounts" in plan
    assert "reviewed.csv" in plan
    assert "../" not in plan

    done = confirm(client, listing)
    run = ImportRun.unscoped.get()
    assert done["Location"] == run.get_absolute_url()
    assert "refreshes every 3 seconds" in text_of(client.get(done["Location"]))
    work()
    assert (fresh(run).imported, fresh(run).not_imported) == (4, 0)
    page = text_of(client.get(done["Location"]))
    assert "http-equiv" not in page
    assert people[4].email in page
    assert stay_of(people[4]).organization == acme_imports
    assert not Membership.unscoped.open().filter(user=people[0]).exists()
    listed = text_of(client.get(reverse("imports:list")))
    assert run.sid in listed


def test_everybody_without_review(people, acme_imports, ana, sign_in, work) -> None:
    client = sign_in(ana)
    answer = client.post(reverse("imports:new-all"), {"domains": [IN_LABS]})
    listing = ImportList.unscoped.get()
    assert answer["Location"] == reverse("imports:list-notice", args=[listing.sid])
    client.post(answer["Location"], {"is_notifying": "yes"})
    confirm(client, listing)
    work()
    assert fresh(ImportRun.unscoped.get()).imported == 5


def test_a_list_that_was_reviewed_before(people, acme_imports, ana, sign_in) -> None:
    client = sign_in(ana)
    rows = downloaded(client, begin_review(client))
    answer = client.post(reverse("imports:new-upload"), {"file": as_file(rows[:3])})
    listing = ImportList.unscoped.get(way=Way.FILE)
    assert answer["Location"] == reverse("imports:list-notice", args=[listing.sid])
    assert listing.total == 2
    assert listing.domains == [IN_LABS]


def test_the_same_file_again_is_the_same_import(people, acme_imports, ana, ben, sign_in) -> None:
    client = sign_in(ana)
    rows = downloaded(client, begin_review(client))
    for _ in range(2):
        client.post(reverse("imports:new-upload"), {"file": as_file(rows)})
    listings = list(ImportList.unscoped.filter(way=Way.FILE))
    for listing in listings:
        client.post(reverse("imports:list-notice", args=[listing.sid]), {"is_notifying": "no"})
    first, second = (confirm(client, listing) for listing in listings)
    run = ImportRun.unscoped.get()
    assert first["Location"] == second["Location"] == run.get_absolute_url()
    other = sign_in(ben)
    answer = other.post(reverse("imports:new-upload"), {"file": as_file(rows)})
    assert answer["Location"] == run.get_absolute_url()
    told = text_of(other.get(answer["Location"]))
    assert "This file was uploaded before: this is its import." in told


@pytest.mark.parametrize("damage", ["altered", "added", "header", "twice"])
def test_a_damaged_list_imports_nobody_and_keeps_the_draft(
    damage, people, acme_imports, ana, sign_in
) -> None:
    client = sign_in(ana)
    listing = begin_review(client)
    rows = downloaded(client, listing)
    if damage == "altered":
        rows[2][1] = "eve@globex.example"
    elif damage == "added":
        rows.append([make_sid("US"), *rows[1][1:]])
    elif damage == "header":
        rows[0][0] = "Role"
    else:
        rows.append(rows[1])
    answer = client.post(
        reverse("imports:list-review", args=[listing.sid]), {"file": as_file(rows)}
    )
    assert answer.status_code == 200
    assert "Rows may be deleted, and nothing else may be changed" in text_of(answer)
    listing.refresh_from_db()
    assert not listing.is_frozen()


def test_a_list_of_domains_that_were_not_chosen_is_refused(
    people, acme_imports, ana, sign_in
) -> None:
    client = sign_in(ana)
    rows = downloaded(client, begin_review(client))
    switched_on(acme_imports, "other.example")
    client.post(reverse("imports:new-review"), {"domains": ["other.example"]})
    other = ImportList.unscoped.latest("pk")
    answer = client.post(reverse("imports:list-review", args=[other.sid]), {"file": as_file(rows)})
    assert f"domains that you have not chosen: {IN_LABS}." in text_of(answer)


def test_what_is_larger_than_a_list_is_refused_unread(people, ana, sign_in, settings) -> None:
    client = sign_in(ana)
    large = SimpleUploadedFile("list.csv", b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 9))
    answer = client.post(reverse("imports:new-upload"), {"file": large})
    assert "Line 1 must name the columns" in text_of(answer)
    length = str(50 * 1024 * 1024)
    for url, asked in (("imports:new-upload", client), ("imports:new-way", client)):
        answer = asked.post(reverse(url), {}, CONTENT_LENGTH=length)
        assert answer.status_code == 413
    small = str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 9)
    assert client.post(reverse("imports:new-way"), {}, CONTENT_LENGTH=small).status_code == 413
    anonymous = Client().post(reverse("imports:new-upload"), {}, CONTENT_LENGTH=small)
    assert anonymous.status_code == 413


@pytest.mark.parametrize("whose", ["made_up", "nobodys", "over", "ended"])
def test_only_with_a_live_session_of_somebody_a_larger_body_is_read(
    whose, people, ana, sign_in, settings
) -> None:
    """The form's token is looked for in the body before anybody is asked to log in."""
    client = sign_in(ana)
    mine = Session.objects.filter(user=ana)
    if whose == "made_up":
        client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    elif whose == "nobodys":
        mine.update(user=None)
    elif whose == "over":
        mine.update(began_at=YEARS_AGO, expire_date=YEARS_AGO)
    else:
        mine.delete()
    large = SimpleUploadedFile("list.csv", b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 9))
    assert client.post(reverse("imports:new-upload"), {"file": large}).status_code == 413


def test_what_is_not_large_costs_no_look_at_the_session(
    people, ana, sign_in, django_assert_num_queries, settings
) -> None:
    key = sign_in(ana).session.session_key
    through = BodySizeMiddleware(lambda _: HttpResponse())
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for length, looks in ((most, 0), (most + 9, 1)):
        request = RequestFactory().post(reverse("imports:new-upload"), CONTENT_LENGTH=str(length))
        request.COOKIES[settings.SESSION_COOKIE_NAME] = key
        with django_assert_num_queries(looks):
            assert through(request).status_code == 200


@pytest.mark.parametrize("upload", [None, b"", b"hello", b"PK\x03\x04zip"])
def test_an_upload_that_is_no_list_is_told_beside_the_field(
    upload, people, acme_imports, ana, sign_in
) -> None:
    data = {} if upload is None else {"file": SimpleUploadedFile("x.csv", upload)}
    answer = sign_in(ana).post(reverse("imports:new-upload"), data)
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]


@pytest.mark.parametrize("way", ["review", "all", "upload", "again"])
def test_every_way_of_preparing_a_list_is_counted(
    way, people, acme_imports, ana, sign_in, monkeypatch
) -> None:
    client = sign_in(ana)
    listing = begin_review(client)
    review = reverse("imports:list-review", args=[listing.sid])
    monkeypatch.setattr(preparing, "PREPARATIONS", Limit("import_lists", times=0, seconds=3600))
    url = review if way == "again" else reverse(f"imports:new-{way}")
    file = {"file": SimpleUploadedFile("x.csv", b"x")}
    data = file if way in {"upload", "again"} else {"domains": [IN_LABS]}
    assert "Too many tries" in text_of(client.post(url, data))
    assert list(ImportList.unscoped.all()) == [listing]


def test_the_ways_are_counted_together(people, acme_imports, ana, sign_in, monkeypatch) -> None:
    monkeypatch.setattr(preparing, "PREPARATIONS", Limit("import_lists", times=1, seconds=3600))
    client = sign_in(ana)
    begin_review(client)
    answer = client.post(reverse("imports:new-all"), {"domains": [IN_LABS]})
    assert "Too many tries" in text_of(answer)


def test_so_many_lists_wait_to_be_started_and_no_more(
    people, acme_imports, ana, ben, sign_in
) -> None:
    client = sign_in(ana)
    for _ in range(MOST_DRAFTS):
        begin_review(client)
    other = sign_in(ben)
    for url in ("imports:new-review", "imports:new-all"):
        page = text_of(other.post(reverse(url), {"domains": [IN_LABS]}))
        assert "20 lists of your organization are not started yet, which is the limit." in page
        assert "Start importing or discard one of them" in page
    assert ImportList.unscoped.count() == MOST_DRAFTS
    listed = text_of(client.get(reverse("imports:list")))
    assert all(one.sid in listed for one in ImportList.unscoped.all())


def test_a_list_that_was_discarded_makes_room_for_another(
    people, acme_imports, ana, ben, sign_in
) -> None:
    client = sign_in(ana)
    for _ in range(MOST_DRAFTS):
        first = begin_review(client)
    other = sign_in(ben)
    page = text_of(other.get(reverse("imports:list")))
    discard = reverse("imports:list-discard", args=[first.sid])
    assert f'action="{discard}"' in page
    assert reverse("imports:list-review", args=[first.sid]) not in page
    answer = other.post(discard)
    assert answer["Location"] == reverse("imports:list")
    assert "The list was discarded; nobody was imported." in text_of(other.get(answer["Location"]))
    assert not ImportList.unscoped.filter(pk=first.pk).exists()
    begin_review(other)
    assert other.post(discard).status_code == 404
    trail = text_of(other.get(reverse("audit:list")))
    assert f"discarded an import of users of {IN_LABS}" in trail


def test_every_step_of_a_list_offers_to_discard_it(people, acme_imports, ana, sign_in) -> None:
    client = sign_in(ana)
    client.post(reverse("imports:new-all"), {"domains": [IN_LABS]})
    listing = ImportList.unscoped.get()
    discard = reverse("imports:list-discard", args=[listing.sid])
    for name in ("review", "notice", "start"):
        page = text_of(client.get(reverse(f"imports:list-{name}", args=[listing.sid])))
        assert f'action="{discard}"' in page


def test_the_button_that_starts_is_red_only_where_an_organization_ends(
    acme_imports, ana, sign_in
) -> None:
    client = sign_in(ana)
    for more, variant in ((logins, "primary"), (founders, "danger")):
        more(IN_LABS, 1)
        client.post(reverse("imports:new-all"), {"domains": [IN_LABS]})
        listing = ImportList.unscoped.latest("pk")
        client.post(reverse("imports:list-notice", args=[listing.sid]), {"is_notifying": "no"})
        page = text_of(client.get(reverse("imports:list-start", args=[listing.sid])))
        button = f'<button class="button button--{variant}" type="submit">Start importing'
        assert button in page


def test_what_was_started_and_what_others_have_takes_no_room(
    people, acme_imports, globex, ana, sign_in
) -> None:
    started(acme_imports, [IN_LABS], ana)
    list_of(globex)
    client = sign_in(ana)
    for _ in range(MOST_DRAFTS):
        begin_review(client)


# Who sees what


OFF = [
    "imports:list", "imports:new", "imports:new-way", "imports:new-review", "imports:new-all",
    "imports:new-upload",
]  # fmt: skip


@pytest.mark.parametrize("name", OFF)
@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_feature_nothing_is_there(name, method, acme, ana, sign_in) -> None:
    assert getattr(sign_in(ana), method)(reverse(name)).status_code == 404


def test_without_the_feature_what_there_was_is_gone_too(acme, ana, sign_in) -> None:
    run, listing = run_of(acme), list_of(acme)
    client = sign_in(ana)
    assert client.get(run.get_absolute_url()).status_code == 200
    Organization.objects.filter(pk=acme.pk).update(has_import=False)
    names = ("review", "discard", "download", "notice", "start", "start-plan")
    urls = [reverse(f"imports:list-{name}", args=[listing.sid]) for name in names]
    urls += [run.get_absolute_url(), reverse("imports:run-export", args=[run.sid])]
    for url in urls:
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404


def test_without_a_verified_domain_the_button_is_disabled_and_says_why(
    globex, eve, sign_in
) -> None:
    switched_on(globex)
    Domain.unscoped.filter(organization=globex).delete()
    page = text_of(sign_in(eve).get(reverse("imports:list")))
    assert "Verify a domain first" in page
    assert reverse("imports:new") not in page
    assert "Verify a domain first" in text_of(sign_in(eve).get(reverse("imports:new-all")))


def test_another_organizations_run_and_list_are_not_there(acme, globex, eve, sign_in) -> None:
    switched_on(globex)
    run, listing = run_of(acme), list_of(acme)
    client = sign_in(eve)
    urls = [run.get_absolute_url(), reverse("imports:run-export", args=[run.sid])]
    urls += [reverse(f"imports:list-{name}", args=[listing.sid]) for name in ("discard", "start")]
    unknown = client.get(reverse("imports:run", args=[make_sid("IM")]))
    for url in urls:
        assert client.get(url).content == unknown.content
        assert client.post(url).status_code in {404, 405}


def test_an_upload_of_another_organizations_list_is_refused(
    people, acme_imports, globex, ana, eve, sign_in
) -> None:
    switched_on(globex)
    rows = downloaded(sign_in(ana), begin_review(sign_in(ana)))
    answer = sign_in(eve).post(reverse("imports:new-upload"), {"file": as_file(rows)})
    assert "changed or added" in text_of(answer)


def test_only_whoever_made_a_draft_goes_on_with_it(acme, ben, sign_in) -> None:
    url = reverse("imports:list-notice", args=[list_of(acme).sid])
    client = sign_in(ben)
    assert client.get(url).status_code == 200
    assert client.post(url, {"is_notifying": "yes"}).status_code == 403


def test_the_instructions_say_how_many_could_be_imported(
    people, acme_imports, ana, sign_in
) -> None:
    page = text_of(sign_in(ana).get(reverse("imports:new")))
    assert "people with an address of your verified domains could be imported." in page


def test_without_the_feature_the_list_of_users_says_nothing(acme, ana, sign_in) -> None:
    page = text_of(sign_in(ana).get(reverse("users:list")))
    assert "imported." not in page
    assert reverse("imports:list") not in page


# What became of each


def test_failures_are_a_file_in_the_same_columns_and_the_reason(
    people, acme_imports, ana, sign_in
) -> None:
    User.objects.filter(pk=people[1].pk).update(status=UserStatus.SUSPENDED)
    User.objects.filter(pk=people[2].pk).update(first_name="=1+1", last_name="")
    with tenant(acme_imports):
        held = held_by(acme_imports)
    Organization.objects.filter(pk=acme_imports.pk).update(account_limit=held)
    run = step(started(acme_imports, [IN_LABS], ana))
    client = sign_in(ana)
    url = reverse("imports:run-export", args=[run.sid])
    header, *rows = rows_of(client.post(f"{url}?result=not_imported"))
    assert header[-2:] == ["Proof", "Reason"]
    assert [row[1] for row in rows] == [one.email for one in (people[1], *people[3:])]
    assert rows[0][-1].startswith("This login is deactivated or suspended.")
    assert rows[1][4:6] == ["Their own", "Not imported: No room for the accounts"]
    _, *everybody = rows_of(client.post(url))
    assert [row[2] for row in everybody if row[2].endswith("1+1")] == ["'=1+1"]

    page = text_of(client.get(run.get_absolute_url(), {"result": Cause.ACCOUNT_LIMIT}))
    assert people[3].email in page
    assert people[1].email not in page
    groups = client.get(run.get_absolute_url()).context["groups"]
    assert [(one["count"], one["label"]) for one in groups] == [
        ("1", "Login not active"),
        ("2", "No room for the accounts"),
    ]


def test_failures_without_the_reason_are_a_list_to_upload(
    people, acme_imports, ana, sign_in
) -> None:
    User.objects.filter(pk=people[1].pk).update(status=UserStatus.SUSPENDED)
    run = step(started(acme_imports, [IN_LABS], ana))
    User.objects.filter(pk=people[1].pk).update(status=UserStatus.ACTIVE)
    client = sign_in(ana)
    url = reverse("imports:run-export", args=[run.sid])
    rows = rows_of(client.post(f"{url}?result=not_imported"))
    answer = client.post(
        reverse("imports:new-upload"), {"file": as_file([row[:-1] for row in rows])}
    )
    assert answer.status_code == 303
    assert ImportList.unscoped.latest("pk").total == 1


def test_why_somebody_was_not_imported_stands_below_and_nothing_beside_the_others(
    people, acme_imports, ana, sign_in
) -> None:
    User.objects.filter(pk=people[1].pk).update(status=UserStatus.SUSPENDED)
    run = step(started(acme_imports, [IN_LABS], ana))
    page = text_of(sign_in(ana).get(run.get_absolute_url()))
    assert f'1: Login not active</a><p class="weak">{WORDS[Cause.LOGIN_NOT_ACTIVE]}</p>' in page
    assert page.count('<td data-label="Reason"></td>') == len(people) - 1


def test_what_was_begun_is_found_again(acme_imports, ana, sign_in) -> None:
    listing, client = list_of(acme_imports), sign_in(ana)
    unread = begin_review(client)
    page = client.get(reverse("imports:list"))
    assert [(one["domains"], one["people"]) for one in page.context["drafts"]] == [
        (IN_LABS, "Not chosen yet"),
        (f"importable-{acme_imports.pk}.example", "1"),
    ]
    for name, one in (("review", unread), ("notice", listing)):
        link = f'<th scope="row"><a href="{reverse(f"imports:list-{name}", args=[one.sid])}">'
        assert link in text_of(page)
    assert f'Discard this list<span class="visually-hidden"> of {IN_LABS}</span>' in text_of(page)


def test_an_imported_person_can_be_told_in_the_trail(people, acme_imports, ana, sign_in) -> None:
    step(started(acme_imports, [IN_LABS], ana))
    page = text_of(sign_in(ana).get(reverse("audit:list")))
    assert f"imported {people[0].email} as Standard User (accounts: 0)" in page


def test_a_list_that_ends_up_empty_is_refused(acme_imports, ana, sign_in) -> None:
    answer = sign_in(ana).post(reverse("imports:new-all"), {"domains": [IN_LABS]})
    assert "Nobody outside your organization has a login" in text_of(answer)
