"""Figures are for whoever has the token, and where there is none for nobody."""

import pytest
from django.test import Client


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer", "Bearer None"])
def test_without_a_token_in_the_settings_nobody_reads_figures(header: str, settings) -> None:
    assert settings.METRICS_TOKEN == ""
    assert Client(headers={"authorization": header}).get("/metrics").status_code == 404
