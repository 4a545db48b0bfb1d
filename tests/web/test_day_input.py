"""The field for a day: what a browser's calendar cannot show is not given to it."""

from datetime import date

import pytest

from adminctr.web.forms import DayInput


@pytest.mark.parametrize("value", ["x", "2026-02-31", "31.12.2026", "", None])
def test_what_is_no_day_leaves_it_empty(value: str | None) -> None:
    assert " value=" not in DayInput().render("on", value)


@pytest.mark.parametrize("value", ["2026-12-31", date(2026, 12, 31)])
def test_a_day_is_shown(value: object) -> None:
    assert 'value="2026-12-31"' in DayInput().render("on", value)
