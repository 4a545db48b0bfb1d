"""Views of lists that people keep: what is kept, who sees it, and who may forget it."""

import pytest
from django.urls import reverse

from adminctr.core.actor import Actor
from adminctr.core.errors import NotAllowed, RuleViolation
from organizations.models import QUERY_LENGTH, Organization, SavedView
from organizations.operations import MOST_VIEWS, forget_view, save_view
from tests.conftest import acting
from tests.pages.effects import follow
from users.models import User

LIST, SAVE = "/admin-center/users/", "/admin-center/users/save-view/"


def view(acme: Organization, user: User, name: str = "Mine", *, is_shared: bool = False):
    return save_view(
        acme,
        listed="users:list",
        name=name,
        query="status=suspended",
        is_shared=is_shared,
        actor=acting(user),
    )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("users:list", "Users"),
        ("users:imported", "Imported users"),
        ("users:independent", "Independent users"),
        ("users:pending", "Pending users"),
    ],
)
def test_every_list_of_users_keeps_views(name, label, ben, sign_in) -> None:
    client, url = sign_in(ben), reverse(name)
    word = "search=zzz"
    html = client.get(f"{url}?{word}").content.decode()
    assert f"{url}save-view/?{word}" in html
    assert f'<a href="{url}?{word}">{label}</a>' in (
        client.get(f"{url}save-view/?{word}").content.decode()
    )
    answer = client.post(f"{url}save-view/?{word}", {"name": "Those"})
    assert answer["Location"] == f"{url}?{word}"
    assert "The view “Those” is saved." in follow(client, answer).content.decode()
    assert f'href="{url}?{word}" aria-current="true">Those</a>' in (
        client.get(f"{url}?{word}").content.decode()
    )


def test_what_the_list_does_not_understand_is_not_kept(ben, sign_in) -> None:
    client = sign_in(ben)
    refused = client.post(f"{SAVE}?role=wizard&status=active", {"name": "Active"})
    assert "First fix the filter" in refused.content.decode()
    assert "Save this view" not in client.get(f"{LIST}?role=wizard").content.decode()
    assert not SavedView.unscoped.exists()
    client.post(f"{SAVE}?status=active&sort=-since&evil=1", {"name": "Active"})
    kept = SavedView.unscoped.get()
    assert kept.query == "status=active&sort=-since"
    assert (kept.by, kept.listed, kept.is_shared) == (ben, "users:list", False)


def test_the_list_as_it_is_offers_nothing_to_keep(ben, sign_in) -> None:
    assert "Save this view" not in sign_in(ben).get(LIST).content.decode()


def test_a_private_view_is_seen_and_forgotten_by_its_maker_alone(acme, ana, ben, sign_in) -> None:
    mine = view(acme, ben)
    url = reverse("organizations:view-forget", args=[mine.sid])
    other = sign_in(ana)
    assert "Mine</a>" not in other.get(LIST).content.decode()
    assert other.post(url).status_code == 404
    with pytest.raises(NotAllowed):
        forget_view(mine, actor=acting(ana))
    own = sign_in(ben)
    assert "Mine</a>" in own.get(LIST).content.decode()
    assert own.post(url)["Location"] == LIST
    assert not SavedView.unscoped.exists()


def test_a_shared_view_is_everybodys(acme, ana, ben, sign_in) -> None:
    shared = view(acme, ben, is_shared=True)
    client = sign_in(ana)
    assert f"Mine, by {ben.get_full_name()}</a>" in client.get(LIST).content.decode()
    client.post(reverse("organizations:view-forget", args=[shared.sid]))
    assert not SavedView.unscoped.exists()


def test_views_of_one_name_say_whose_they_are(acme, ana, ben, sign_in) -> None:
    view(acme, ana, "Administrators", is_shared=True)
    view(acme, ben, "Administrators", is_shared=True)
    html = sign_in(ana).get(LIST).content.decode()
    assert ">Administrators</a>" in html
    assert f">Administrators, by {ben.get_full_name()}</a>" in html


def test_more_views_of_others_ask_no_more(acme, ana, ben, sign_in, count_queries) -> None:
    client = sign_in(ana)
    view(acme, ben, "First", is_shared=True)
    client.get(LIST)
    asked = count_queries(lambda: client.get(LIST))
    for number in range(3):
        view(acme, ben, f"View {number}", is_shared=True)
    assert count_queries(lambda: client.get(LIST)) == asked


def test_the_view_that_is_open_is_named_so(acme, ben, sign_in) -> None:
    mine = view(acme, ben)
    client, open_now = sign_in(ben), ">Open now</span>"
    assert open_now not in client.get(LIST).content.decode()
    html = client.get(f"{LIST}?{mine.query}").content.decode()
    assert html.count(open_now) == 1
    assert 'aria-current="true">Mine</a>' in html


def test_whoever_forgets_a_shared_view_is_asked_first(acme, ben, sign_in) -> None:
    """What is one's own alone goes at once; what everybody sees, by a second button."""
    client, confirmed = sign_in(ben), "Delete for everyone"
    view(acme, ben)
    assert confirmed not in client.get(LIST).content.decode()
    view(acme, ben, "Ours", is_shared=True)
    html = client.get(LIST).content.decode()
    assert html.count(confirmed) == 1
    assert html.index("<summary>Delete") < html.index(confirmed)


def test_the_filters_in_force_stay_when_a_view_is_forgotten(acme, ben, sign_in) -> None:
    mine, client = view(acme, ben), sign_in(ben)
    here = f"{LIST}?role=administrator&sort=-since"
    url = reverse("organizations:view-forget", args=[mine.sid]) + "?role=administrator&sort=-since"
    assert url.replace("&", "&amp;") in client.get(here).content.decode()
    assert client.get(url)["Location"] == here
    assert client.post(url)["Location"] == here
    assert not SavedView.unscoped.exists()


def test_others_see_nothing_of_it(acme, ben, eve, sign_in) -> None:
    shared = view(acme, ben, is_shared=True)
    client = sign_in(eve)
    assert "Mine</a>" not in client.get(LIST).content.decode()
    url = reverse("organizations:view-forget", args=[shared.sid])
    assert client.post(url).status_code == 404


def test_a_name_stands_for_one_view(acme, ben, sign_in) -> None:
    view(acme, ben)
    answer = sign_in(ben).post(f"{SAVE}?status=active", {"name": "Mine"})
    assert "You have a view of this name" in answer.content.decode()


def test_there_is_an_end_to_views_and_to_their_length(acme, ben) -> None:
    with pytest.raises(RuleViolation) as refused:
        save_view(
            acme,
            listed="users:list",
            name="Long",
            query="x" * (QUERY_LENGTH + 1),
            is_shared=False,
            actor=acting(ben),
        )
    assert refused.value.code == "view_too_long"
    for number in range(MOST_VIEWS):
        view(acme, ben, f"View {number}")
    with pytest.raises(RuleViolation) as refused:
        view(acme, ben, "One more")
    assert refused.value.code == "too_many_views"


def test_nobody_but_a_person_keeps_views(acme) -> None:
    with pytest.raises(NotAllowed):
        save_view(
            acme,
            listed="users:list",
            name="Mine",
            query="",
            is_shared=False,
            actor=Actor.operator("test"),
        )


def test_a_standard_user_keeps_none(acme, cy) -> None:
    with pytest.raises(NotAllowed):
        view(acme, cy)
