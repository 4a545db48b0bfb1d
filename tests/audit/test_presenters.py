"""Every event has a sentence that a person understands, also after its details were erased."""

import ast
import re
import string
from collections.abc import Iterator

import pytest

from audit.models import AuditEvent
from audit.presenters import ATTEMPTS, DAYS, SENTENCES, sentence
from organizations.policy import WORDS, Action
from tests.architecture import source

_RECORDERS = {"log.record", "record", "_record", "oneself.record", "settling.record", "note",
              "note_in", "trail.note", "trail.note_in", "_send"}  # fmt: skip
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def _recorded() -> Iterator[tuple[str, str]]:
    """Each action that the source records, with its file; a helper passes its own on."""
    for file in source.files():
        for node in source.nodes(file):
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in _RECORDERS:
                actions = [text for one in node.args for text in _actions_in(one)]
                yield from ((action, source.path_of(file)) for action in actions)
                passed_on = {one.id for one in node.args if isinstance(one, ast.Name)}
                assert actions or name != "log.record" or "action" in passed_on, file


def _actions_in(argument: ast.expr) -> Iterator[str]:
    """The text itself, or both where it depends on something."""
    for one in ast.walk(argument):
        if isinstance(one, ast.Constant) and _ACTION.fullmatch(str(one.value)):
            yield str(one.value)


RECORDED = sorted(set(_recorded()))


def test_what_is_recorded_is_found() -> None:
    actions = {action for action, _ in RECORDED}
    assert {"user.invited", "domain.verified", "user.logged_in", "organization.absorbed"} <= actions
    assert {"account.added", "account.hipaa_disabled", "account.user_invited"} <= actions


@pytest.mark.parametrize(("action", "path"), RECORDED)
def test_every_action_has_a_sentence(action: str, path: str) -> None:
    assert action in SENTENCES, f"{path} records it; add it to audit/presenters.py"


def test_no_sentence_is_about_an_action_that_nobody_records() -> None:
    assert set(SENTENCES) == {action for action, _ in RECORDED}


def test_the_sentences_stand_in_order() -> None:
    assert list(SENTENCES) == sorted(SENTENCES)


@pytest.mark.parametrize("action", SENTENCES)
def test_an_action_is_a_noun_and_what_happened(action: str) -> None:
    noun, _, verb = action.partition(".")
    assert noun.replace("_", "").isalpha()
    assert verb.replace("_", "").isalpha()


def test_the_sentences_of_the_demo_lack_no_word(db: None) -> None:
    events = AuditEvent.unscoped.select_related("details")
    for event in events:
        data = event.details.data
        assert "…" not in sentence(event.action, data)
        names = {name for _, name, _, _ in string.Formatter().parse(SENTENCES[event.action])}
        names -= {None, *DAYS.get(event.action, ())}
        assert all(str(data[name]) in sentence(event.action, data) for name in names if name)


def test_an_erased_event_keeps_its_kind() -> None:
    assert sentence("user.invited", None) == "user.invited (the details were erased)"


def test_a_lost_word_is_shown_as_lost() -> None:
    assert sentence("user.invited", {"role": "Owner"}) == "invited … as Owner"


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("invite_user.refused", "tried to invite user and was refused: “No.”"),
        ("send_batch.refused", "tried to send a table of invitations and was refused: “No.”"),
        ("schedule_offboarding.refused", "tried to plan a departure and was refused: “No.”"),
        ("domain:add.refused", "tried to add domains and was refused: “No.”"),
        ("domain:sell.refused", "tried to domain:sell and was refused: “No.”"),
    ],
)
def test_a_refusal_says_what_and_why(action: str, said: str) -> None:
    assert sentence(action, {"reason": "No."}) == said


@pytest.mark.parametrize("action", Action)
def test_a_refused_page_is_said_in_the_words_of_the_rule_book(action: Action) -> None:
    said = sentence(f"{action}.refused", {"reason": "No."})
    assert said.lower() == f"tried to {WORDS[action]} and was refused: “No.”".lower()
    assert ":" not in said.partition(" and was refused:")[0]


def test_only_what_can_be_tried_has_words_for_it() -> None:
    operations = {
        node.name
        for file in source.files()
        for node in source.nodes(file)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one).startswith("operation(") for one in node.decorator_list)
    }
    assert set(ATTEMPTS) <= operations


def test_a_planned_departure_is_told_with_its_day_in_plain_words() -> None:
    noted = {"subject": "cy@acme.example", "day": "2026-12-26", "how": "remove"}
    assert sentence("user.offboarding_scheduled", noted) == (
        "planned the departure of cy@acme.example on 26 Dec 2026, to remove them"
    )


def test_what_is_no_day_is_told_as_it_was_noted() -> None:
    told = sentence("organization.baa_recorded", {"before": "none", "after": "2026-01-31"})
    assert told.endswith("none, now 31 Jan 2026")


@pytest.mark.parametrize("name", ["{role}", "{0}", "{subject.__class__}", "{", "%s", "{role!r}"])
def test_a_name_with_braces_is_only_a_name(name: str) -> None:
    assert sentence("user.invited", {"subject": name, "role": "Owner"}) == (
        f"invited {name} as Owner"
    )


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        ({"people": None, "file": ""}, ""),
        ({"people": 12, "file": ""}, " (people: 12)"),
        ({"people": 12, "file": "new.csv"}, " (people: 12, file: “new.csv”)"),
        ({"people": None, "file": "new.csv"}, " (file: “new.csv”)"),
        ({"people": 0, "file": ""}, " (people: 0)"),
    ],
)
def test_what_was_noted_as_nothing_is_not_told(noted: dict[str, object], said: str) -> None:
    told = sentence("import.prepared", {"domains": "acme.example"} | noted)
    assert told == f"prepared an import of users of acme.example{said}"


def test_an_unknown_action_is_shown_by_its_name() -> None:
    assert sentence("future.thing", {}) == "future.thing"


def test_what_a_former_release_recorded_is_told_in_words() -> None:
    told = sentence("organization.roles_exported", {"which": "State: In force"})
    assert told == "exported the role assignments (State: In force)"
