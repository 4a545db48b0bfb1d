"""How devices, places, time zones and moments are written."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from adminctr.web import time_zones
from adminctr.web.devices import device_of
from adminctr.web.display import moment, until
from adminctr.web.places import place_of

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def places(tmp_path: Path, settings) -> None:
    """A small database of places in the format that the real ones have."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True)
    lisbon = {"city": {"names": {"en": "Lisbon"}}, "country": {"names": {"en": "Portugal"}}}
    writer.insert_network(IPSet(["1.2.3.0/24", "2600:1::/32"]), lisbon)
    writer.insert_network(IPSet(["9.8.7.0/24"]), {"country": {"names": {"en": "Norway"}}})
    writer.to_db_file(str(tmp_path / "places.mmdb"))
    settings.PLACES_DATABASE = str(tmp_path / "places.mmdb")


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("1.2.3.4", "Lisbon, Portugal"),
        ("2600:1::7", "Lisbon, Portugal"),
        ("9.8.7.6", "Norway"),
        ("8.8.8.8", ""),
        ("127.0.0.1", "This machine"),
        ("::1", "This machine"),
        ("10.1.2.3", "A private network"),
        ("", ""),
        ("somewhere", ""),
    ],
)
def test_a_place_is_looked_up_on_this_installation(ip, place, places) -> None:
    assert place_of(ip) == place


def test_without_a_database_no_place_is_guessed(settings) -> None:
    settings.PLACES_DATABASE = ""
    assert place_of("8.8.8.8") == ""


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("curl/8.5.0", "curl"),
        ("", "Unknown device"),
        ("something of ours", "Unknown device"),
    ],
)
def test_a_device_is_called_as_people_call_it(agent, device) -> None:
    assert device_of(agent) == device


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "1 Jul 2026, 12:00 UTC"),
        ("Europe/Lisbon", "1 Jul 2026, 13:00 WEST"),
        ("America/Sao_Paulo", "1 Jul 2026, 09:00 UTC-03:00"),
        ("Pacific/Kiritimati", "2 Jul 2026, 02:00 UTC+14:00"),
    ],
)
def test_a_moment_is_written_in_the_zone_of_who_looks(zone, text) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert moment(NOON).text == text
        assert moment(NOON).iso == "2026-07-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "5 Dec 2026"),
        ("Europe/Lisbon", "5 Dec 2026"),
        ("Europe/Berlin", "6 Dec 2026, 01:00 CET"),
        ("America/Sao_Paulo", "5 Dec 2026, 21:00 UTC-03:00"),
    ],
)
def test_an_end_with_a_day_is_that_day_in_the_zone_where_the_day_ends(zone, text) -> None:
    end = datetime(2026, 12, 6, tzinfo=UTC)
    with timezone.override(ZoneInfo(zone)):
        assert until(end).text == text
        assert until(end).iso == "2026-12-06T00:00:00+00:00"


def test_what_has_no_end_says_so() -> None:
    assert until(None) == ("No end", "")


def test_every_zone_that_can_be_chosen_is_known_and_stands_once() -> None:
    (utc, *regions) = time_zones.choices()
    names = [name for _, zones in regions for name, _ in zones]
    assert utc == ("UTC", "UTC")
    assert len(names) == len(set(names)) > 400
    assert all(time_zones.zone(name).key == name for name in names)
    assert "Etc/GMT+1" not in names


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "x" * 64, "Africa", "America/Argentina"],
)
def test_what_is_no_zone_is_utc(name) -> None:
    assert time_zones.zone(name).key == "UTC"
