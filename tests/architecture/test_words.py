"""A sentence that people read has one home, and the product's own labels are kept."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture import source

TEMPLATES = source.ROOT / "templates"
# Mails say the same twice, as text and as HTML; the gallery shows what others say.
_APART = {"email", "gallery.html"}
_LEAST_WORDS = 5


def sentences(text: str) -> Iterator[str]:
    """Whole sentences of some length; fragments between marks are not."""
    for part in re.split(r"(?<=[.?!])\s+|\n", text):
        sentence = " ".join(part.split())
        if sentence.endswith((".", "?", "!")) and len(sentence.split()) >= _LEAST_WORDS:
            yield sentence


def text_of(template: Path) -> str:
    """What a template says: its words, and what it hands to components."""
    content = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    tags = " ".join(re.findall(r"\{%.*?%\}", content))
    handed = re.findall(r'"([^"{}<>%]+)"', tags)
    words = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "…", content)
    return re.sub(r"</?(p|li|h\d|div|dd|dt|label|td|th)\b[^>]*>", "\n", words) + "\n".join(handed)


def text_in(module: Path) -> str:
    tree = source.tree_of(module)
    bodies = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    docstrings = {
        node.body[0].value for node in bodies if node.body and isinstance(node.body[0], ast.Expr)
    }
    constants = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    ]
    return "\n".join(constants)


def test_a_sentence_that_people_read_has_one_home() -> None:
    homes = defaultdict(list)
    for template in TEMPLATES.rglob("*.html"):
        if not _APART & set(template.parts):
            for sentence in set(sentences(text_of(template))):
                homes[sentence].append(template.relative_to(TEMPLATES).as_posix())
    for module in source.files():
        if module.name != "gallery.py":
            for sentence in set(sentences(text_in(module))):
                homes[sentence].append(source.path_of(module))
    assert len(homes) > 200
    assert {said: where for said, where in homes.items() if len(where) > 1} == {}


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        (
            "/admin-center/users/",
            ["Invite User", "Managed", "Pending", "Standard User (Account Creation)"],
        ),
        (
            "/admin-center/users/invite/",
            ["Invite User", "Administrator", "Standard User (Account Creation)"],
        ),
        (
            "/admin-center/settings/",
            ["Change Ownership", "Restricted", "Auto-enrollment", "Blocked"],
        ),
        ("/admin-center/settings/ownership/", ["Choose a new owner", "Change Owner"]),
        ("/admin-center/access/", ["Role assignments", "Billing Manager", "Developer", "Support"]),
        (
            "/admin-center/",
            ["Managed accounts", "Managed users", "Pending users", "Domains", "Settings"],
        ),
    ],
)
def test_labels_are_those_of_the_product(path: str, labels: list[str], ana, sign_in) -> None:
    page = sign_in(ana).get(path).content.decode()
    assert [label for label in labels if not re.search(rf">\s*{re.escape(label)}\s*<", page)] == []
