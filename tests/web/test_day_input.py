"""The field for a day: a calendar for days, and a line of text for what is none."""

from datetime import date

import pytest

from adminctr.web.forms import DayInput


@pytest.mark.parametrize("value", ["x", "2026-02-31", "31.12.2026", "20261231", "2026-W01-1"])
def test_what_is_no_day_stays_as_it_was_typed(value: str) -> None:
    shown = DayInput().render("on", value)
    assert f'value="{value}"' in shown
    assert 'type="text"' in shown
    assert 'type="date"' not in shown


@pytest.mark.parametrize("value", ["", None])
def test_nothing_is_an_empty_calendar(value: str | None) -> None:
    assert 'type="date"' in DayInput().render("on", value)


@pytest.mark.parametrize("value", ["2026-12-31", date(2026, 12, 31)])
def test_a_day_is_shown_in_the_calendar(value: object) -> None:
    shown = DayInput().render("on", value)
    assert 'value="2026-12-31"' in shown
    assert 'type="date"' in shown
