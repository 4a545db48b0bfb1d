"""Our own modules, as files and as syntax trees, for the tests that read the source."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "accounts", "adminctr", "audit", "bulk", "console", "domains", "imports", "invitations",
    "merges", "organizations", "overview", "profiles", "users",
)  # fmt: skip

# The web half of an app, its declarations to Django, and the doors that stand above operations.
_NOT_DOMAIN = {"admin", "api", "apps", "forms", "urls", "views"}
_NOT_DOMAIN_FOLDERS = {"management", "migrations", "templatetags", "views"}
_DOORS = {
    "audit.presenters", "users.reauthentication", "users.remembered", "users.session_notes",
    "users.sessions", "users.sign_in", "users.stages",
}  # fmt: skip
_KERNEL = ("adminctr.core", "adminctr.queue")


def files() -> list[Path]:
    """Every Python file of ours but tests and migrations."""
    found = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    return sorted(file for file in found if "migrations" not in file.parts)


def path_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def nodes(file: Path) -> Iterator[ast.AST]:
    return ast.walk(tree_of(file))


def domain_modules() -> dict[str, Path]:
    """The modules of the domain halves and of the kernel below them, by dotted name."""
    return {module_of(file): file for file in files() if _is_domain(file)}


def _is_domain(file: Path) -> bool:
    module = module_of(file)
    parts = file.relative_to(ROOT).parts
    if file.name == "__init__.py" or file.stem in _NOT_DOMAIN or module in _DOORS:
        return False
    if _NOT_DOMAIN_FOLDERS & set(parts):
        return False
    return parts[0] not in {"adminctr", "console", "profiles"} or module.startswith(_KERNEL)
