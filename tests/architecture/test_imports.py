"""The import contracts name every module of the domain halves, which know nothing of the web."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture import source

CONTRACTS: list[dict[str, Any]] = tomllib.loads((source.ROOT / "pyproject.toml").read_text())[
    "tool"
]["importlinter"]["contracts"]
DOMAIN_MODULES = source.domain_modules()
WEB = (
    "django.http",
    "django.shortcuts",
    "django.forms",
    "django.views",
    "django.template.response",
)


def layered() -> set[str]:
    layers = [layer for one in CONTRACTS if one["type"] == "layers" for layer in one["layers"]]
    return {module.strip() for layer in layers for module in layer.replace(":", "|").split("|")}


def kept_from_the_web() -> set[str]:
    forbidden = [one for one in CONTRACTS if one["type"] == "forbidden"]
    return {module for one in forbidden for module in one["source_modules"]}


def is_in(module: str, listed: set[str]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in listed)


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in source.nodes(file):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_the_domain_halves_are_found() -> None:
    assert {"users.operations.people", "audit.log", "adminctr.core.tenancy"} <= set(DOMAIN_MODULES)
    assert not {"users.views", "users.sign_in", "adminctr.web.views"} & set(DOMAIN_MODULES)


@pytest.mark.parametrize("module", DOMAIN_MODULES)
def test_a_domain_module_has_its_floor(module: str) -> None:
    assert is_in(module, layered()), "list it in a layers contract of pyproject.toml"


@pytest.mark.parametrize("module", DOMAIN_MODULES)
def test_a_domain_module_is_kept_from_the_web_by_contract(module: str) -> None:
    assert is_in(module, kept_from_the_web()), "list it under source_modules in pyproject.toml"


@pytest.mark.parametrize("module", sorted(layered() | kept_from_the_web()))
def test_the_contracts_name_no_module_that_is_gone(module: str) -> None:
    path = source.ROOT.joinpath(*module.split("."))
    assert path.with_suffix(".py").exists() or path.is_dir()


def test_every_package_of_ours_is_under_contract() -> None:
    every = {file.parent.name for file in source.ROOT.glob("*/__init__.py")}
    ours = every - {"tests", "bench"}
    pyproject = tomllib.loads((source.ROOT / "pyproject.toml").read_text())
    assert set(pyproject["tool"]["importlinter"]["root_packages"]) == ours
    assert set(source.PACKAGES) == ours


def test_make_check_keeps_the_contracts() -> None:
    assert "lint-imports" in (source.ROOT / "Makefile").read_text()


@pytest.mark.parametrize("module", DOMAIN_MODULES)
def test_a_domain_half_knows_nothing_of_requests_and_pages(module: str) -> None:
    imported = imports_of(DOMAIN_MODULES[module])
    assert not {name for name in imported if is_in(name, set(WEB))}


@pytest.mark.parametrize("file", source.files(), ids=source.path_of)
def test_no_module_is_named_after_nothing(file: Path) -> None:
    assert file.stem not in {"utils", "util", "helpers", "constants", "common", "misc", "services"}


@pytest.mark.parametrize("file", source.files(), ids=source.path_of)
def test_signals_are_received_in_few_places(file: Path) -> None:
    allowed = {"audit/apps.py", "adminctr/web/apps.py", "users/sign_in.py"}
    connects = any(
        isinstance(node, ast.Attribute)
        and node.attr == "connect"
        and isinstance(node.value, ast.Name)
        and node.value.id.startswith(("post_", "pre_", "user_", "m2m_"))
        for node in source.nodes(file)
    )
    assert connects == (source.path_of(file) in allowed)
    assert "django.dispatch.receiver" not in imports_of(file)
