"""Filters and orders are read from the address; by a filter that makes no sense no row fits."""

from urllib.parse import parse_qsl

import pytest
from django import forms
from django.http import QueryDict

from adminctr.web.filters import FilterForm, Noun, Order, Selection
from adminctr.web.forms import LineField
from users.models import User

ORDERS = {
    "name": Order("name_key", "by name"),
    "-name": Order("-name_key", "by name from the end"),
    "-began": Order("-began_at", "newest first"),
    "began": Order("began_at", "oldest first"),
}


class CarFilter(FilterForm):
    search = LineField(label="Search", max_length=20)
    colour = forms.ChoiceField(label="Colour", choices=[("", "Any"), ("red", "Red"), ("b", "Blue")])
    state = forms.ChoiceField(label="State", choices=[("on", "On"), ("off", "Off")], initial="on")
    since = forms.DateField(label="Since", input_formats=["%Y-%m-%d"])

    more = ("since",)


def read(address: str, orders: dict[str, Order] = ORDERS) -> Selection:
    return Selection.read(QueryDict(address), CarFilter, orders)


def query_of(url: str) -> dict[str, str]:
    assert url.startswith("?")
    return dict(parse_qsl(url[1:], strict_parsing=True)) if url != "?" else {}


def test_nothing_asked_is_nothing_chosen() -> None:
    usual = read("")
    assert (usual.order, usual.query, usual.dropped, usual.chips()) == ("name", {}, "", [])
    assert usual.words() == "State: On, by name"
    assert usual.echo() == ""


def test_what_is_usual_is_no_filter() -> None:
    assert read("search=&colour=&state=on&since=&sort=name").query == {}


def test_what_is_chosen_is_kept_and_said() -> None:
    asked = read("search=vw&colour=b&state=off&since=2026-11-01&sort=-began")
    assert asked.words() == (
        "Search: vw, Colour: Blue, State: Off, Since: 1 Nov 2026, newest first"
    )
    assert query_of(asked.url) == asked.query
    assert set(asked.query) == {"search", "colour", "state", "since", "sort"}
    assert asked.dropped == ""
    assert asked.is_understood


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("colour=green", "Colour"),
        ("colour=" + "x" * 5000, "Colour"),
        ("colour=b%00", "Colour"),
        ("colour=b&colour=green", "Colour"),
        ("state=ON", "State"),
        ("since=tomorrow", "Since"),
        ("since=2026-02-30", "Since"),
        ("since=0000-00-00", "Since"),
        ("since=" + "9" * 5000, "Since"),
        ("since=%00", "Since"),
        ("search=" + "x" * 5000, "Search"),
        ("search=a%00b", "Search"),
        ("search=a%0ab", "Search"),
        ("search=%e2%80%aex", "Search"),
    ],
)
def test_a_filter_that_makes_no_sense_stays_in_its_field(address: str, label: str) -> None:
    asked = read(f"{address}&page=1")
    [name] = asked.form.errors
    assert asked.form[name].label == label
    typed = QueryDict(address)[name]
    assert asked.form[name].value() == typed
    assert asked.query == {name: typed}
    assert [chip["label"] for chip in asked.chips()] == [f"{label}: not understood"]
    assert asked.echo() == f"{label}: not understood"
    assert not asked.is_understood


@pytest.mark.parametrize(
    "address",
    ["sort=password", "sort=--name", "sort=name&sort=x", "sort=" + "x" * 5000, "sort=%00"],
)
def test_an_order_that_makes_no_sense_is_left_out_and_said(address: str) -> None:
    asked = read(f"{address}&page=1")
    assert (asked.order, asked.query, asked.dropped) == ("name", {}, "Order")
    assert asked.is_understood


def test_by_a_filter_that_makes_no_sense_no_row_fits(ana: User) -> None:
    people = User.objects.filter(pk=ana.pk)
    car = Order("first_name", "by name")
    for address, number in (("", 1), ("colour=green", 0), ("colour=b", 1), ("search=%00", 0)):
        asked = read(address, {"name": car})
        listing = asked.of(people)
        assert len(listing.first(10)) == listing.count().number == number, address
        assert asked.counted(listing, Noun("car", "cars"), of_all=1).startswith(f"{number} car")


def test_what_a_choice_does_not_know_is_not_repeated() -> None:
    assert read("colour=<b>").form.errors["colour"] == ["Choose one of these."]


def test_one_bad_filter_spoils_no_other() -> None:
    asked = read("colour=b&since=x&sort=-name&search=vw")
    assert asked.query == {"search": "vw", "colour": "b", "since": "x", "sort": "-name"}
    assert list(asked.form.errors) == ["since"]
    assert asked.form.cleaned_data["colour"] == "b"


def test_of_a_repeated_parameter_the_last_counts() -> None:
    assert read("colour=red&colour=b").query == {"colour": "b"}


@pytest.mark.parametrize(
    "address", ["x=1", "colour[]=b", "colour__in=b", "after=x&before=y", "%00=1"]
)
def test_parameters_that_no_list_knows_are_nobodys_business(address: str) -> None:
    assert read(address).query == {}
    assert read(address).dropped == ""
    assert read(address).is_understood


def test_a_chip_leads_to_the_list_without_its_filter_and_clearing_keeps_the_order() -> None:
    asked = read("search=v%26w&colour=b&sort=began&after=AC1")
    without = {chip["label"]: query_of(chip["url"]) for chip in asked.chips()}
    assert without == {
        "Search: v&w": {"colour": "b", "sort": "began"},
        "Colour: Blue": {"search": "v&w", "sort": "began"},
    }
    assert query_of(asked.clear_url) == {"sort": "began"}


def test_the_head_of_a_column_turns_its_order_round_and_drops_the_cursor() -> None:
    usual = read("colour=b&after=AC1").headings()
    assert usual["name"].direction == "ascending"
    assert usual["began"].direction == ""
    assert query_of(usual["name"].url) == {"colour": "b", "sort": "-name"}
    assert query_of(usual["began"].url) == {"colour": "b", "sort": "-began"}

    newest = read("sort=-began").headings()
    assert (newest["name"].direction, newest["began"].direction) == ("", "descending")
    assert query_of(newest["began"].url) == {"sort": "began"}
    assert query_of(newest["name"].url) == {"sort": "name"}


def test_a_list_without_orders_takes_no_sort() -> None:
    assert read("sort=name", {}).query == {}
    assert read("sort=name", {}).dropped == ""


def test_folded_fields_are_open_while_one_of_them_narrows() -> None:
    assert not read("colour=b").form.shows_more()
    assert read("since=2026-11-01").form.shows_more()
    assert read("since=soon").form.shows_more()
    assert [one.name for one in read("").form.first_fields()] == ["search", "colour", "state"]
    assert [one.name for one in read("").form.more_fields()] == ["since"]


def test_no_filter_is_required() -> None:
    assert not any(field.required for field in read("").form.fields.values())
