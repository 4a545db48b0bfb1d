"""The documents name what is there: commands, variables, and shell that a shell understands."""

import re
import subprocess

import pytest
from django.core.management import get_commands

from tests.architecture.source import ROOT

OPERATIONS = (ROOT / "docs/operations.md").read_text()
SHELL = re.findall(r"^ *```sh\n(.*?)^ *```", OPERATIONS, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("block", SHELL)
def test_a_shell_understands_what_is_to_be_typed(block: str) -> None:
    assert subprocess.run(["bash", "-n"], input=block, text=True).returncode == 0


def test_every_command_of_ours_that_is_named_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"manage\.py ([a-z_]+)", OPERATIONS + readme))
    assert len(named) >= 8
    assert named <= set(get_commands())


def test_every_variable_has_its_topic() -> None:
    [table] = re.findall(r"\| topic \|.*?\n\n", OPERATIONS, re.DOTALL)
    told = re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"`([A-Z_]+)`", table)) == sorted(told)


def test_every_figure_that_is_named_is_counted() -> None:
    sources = [ROOT / "adminctr/core/metrics.py", ROOT / "adminctr/web/metrics.py"]
    counted = {
        name for file in sources for name in re.findall(r'"(adminctr_[a-z_]+)"', file.read_text())
    }
    named = set(re.findall(r"adminctr_[a-z_]+", OPERATIONS)) - {"adminctr_restored"}
    assert {name.removesuffix("_total") for name in named} == counted
