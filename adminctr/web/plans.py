"""Pages that show what a dangerous operation would do, and confirm exactly that."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from adminctr.core import clock
from adminctr.core.errors import RuleViolation
from adminctr.core.plans import HEADINGS, OUTDATED, Effect, Plan, Thing, Weight, differences
from adminctr.web import spreadsheets, tones
from adminctr.web.forms import Form
from adminctr.web.views import (
    EXPORTS,
    ConsolePage,
    Done,
    OperationFrame,
    Page,
    attempt,
    redirect_to,
)
from organizations import policy
from organizations.operations import export_list
from organizations.policy import Action

# How long somebody may think before they have to read a plan again.
LIFETIME = timedelta(hours=24)

TOO_OLD = "You looked at this too long ago. Read it again."
SAME_NUMBERS = "The numbers are the same, but not the people or things behind them."
TICK_ALL = "Tick every box to continue."
TICK_IT = "Tick the box to continue."
CHOSEN_OTHERWISE = "You changed a choice. Read what it does now."
LOOK = "look"
COLUMNS = ("Kind", "What", "SID", "Name", "Note")

# How many objects of an effect stand on the page; the file has all of them.
MOST_SHOWN = 50

# Of more than these one has to unfold the names.
MOST_UNFOLDED = 10

# Things of the organization that have a page in the Admin Center, whoever they are.
_PAGES = {"AC": "accounts:detail", "DN": "domains:detail"}

# A first sentence goes no further than what it introduces by quoting; a quoted name is part of it.
_FIRST_SENTENCE = re.compile(r"(?:“[^”]*”|(?!: “|\. ).)*")

Address = Callable[[Thing], str]


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody has looked at a plan, to be handed back by their form; nothing is stored.

    The salt names who looked and at which address, which is one operation on one subject; the
    digest names both once more.
    """

    digest: str
    summary: Mapping[str, int]

    def sign(self, salt: str) -> str:
        return signing.dumps([self.digest, self.summary], salt=salt, compress=True)

    @classmethod
    def read(cls, token: str, salt: str) -> "Look | None":
        """None for what was not signed for this, was changed or is too old."""
        try:
            return cls(*signing.loads(token, salt=salt, max_age=LIFETIME))
        except signing.BadSignature:
            return None


class PlanFrame(OperationFrame):
    """One plan, and the form that confirms it. A page gives `plan` and `acknowledgements`.

    `perform` gets what was typed, without the acknowledgements, and with the `digest` of the plan
    that was shown, which its operation requires. What the plan depends on stands in the address: a
    page that lets it be chosen gives `choices`, whose fields are sent with every button, and the
    names of what is `kept` when another plan is shown.
    """

    form_class: ClassVar[type[forms.Form]] = Form
    export_name: ClassVar[str] = ""
    kept: ClassVar[tuple[str, ...]] = ()

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        return self._show(subject, self._form(subject), self.plan(subject))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        subject = self.subject(**kwargs)
        if other_plan := self._other_plan(request.POST):
            return redirect_to(other_plan)
        form = self._form(subject, request.POST)
        look = Look.read(request.POST.get("plan", ""), self._salt())
        done = attempt(form, partial(self._confirm, subject, form, look.digest)) if look else None
        return done.answer(request) if done else self._show_again(subject, form, look)

    def plan(self, subject: Any) -> Plan:
        """What the operation would do, by the code that the operation itself goes by."""
        raise NotImplementedError

    def choices(self) -> forms.Form | None:
        """What the plan depends on, as the address says; None where there is nothing to choose."""
        return None

    def acknowledgements(self, subject: Any) -> Sequence[tuple[str, str]]:
        """Name and sentence of each box that must be ticked."""
        return ()

    def address_of(self, thing: Thing) -> str:
        """The page about something that the plan names, where this person may open one."""
        return ""

    def export_refusal(self) -> str | None:
        """Why this person may not take the plan out as a file."""
        return None

    def _form(self, subject: Any, data: QueryDict | None = None) -> forms.Form:
        form = self.with_password(subject, self.form(subject, data))
        with_boxes(form, self.acknowledgements(subject))
        return of_choices(form) if self.choices() else form

    def _other_plan(self, posted: QueryDict) -> str:
        """Where the plan of what is chosen now stands; empty where it is the one that was shown."""
        choices = self.choices()
        if choices is None:
            return ""
        chosen = {name: posted[name] for name in choices.fields if name in posted}
        if LOOK not in posted:
            if all(str(choices[name].value() or "") == value for name, value in chosen.items()):
                return ""
            messages.warning(self.request, CHOSEN_OTHERWISE)
        kept = {name: posted[name] for name in self.kept if name in posted}
        query = urlencode(self.request.GET.dict() | chosen | kept)
        return f"{self.request.path}?{query}"

    def _confirm(self, subject: Any, form: forms.Form, digest: str, data: dict[str, Any]) -> Done:
        boxes = dict(self.acknowledgements(subject))
        confirmed = self.confirmed(form, data)
        typed = {name: value for name, value in confirmed.items() if name not in boxes}
        return self.perform(subject, typed | {"digest": digest})

    def _show_again(self, subject: Any, form: forms.Form, look: Look | None) -> HttpResponse:
        """What was typed is kept; where the plan has moved, the boxes must be ticked anew."""
        plan = self.plan(subject)
        if look and look.digest == plan.digest:
            return self._show(subject, form, plan)
        boxes = dict(self.acknowledgements(subject))
        fresh = self._form(subject)
        typed = {name: form[name].value() for name in form.fields if name not in boxes}
        fresh.initial = {**fresh.initial, **typed}
        return self._show(subject, fresh, plan, moved(look, plan))

    def _show(
        self,
        subject: Any,
        form: forms.Form,
        plan: Plan,
        notice: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        token = Look(plan.digest, plan.summary()).sign(self._salt())
        shown = show(plan, self.address_of) | {"token": token, "notice": notice}
        if self.export_name:
            shown["export_url"] = self.beside(self.export_name)
            shown["export_refusal"] = self.export_refusal()
        context = {"form": form, "plan": shown, "choices": self.choices()}
        return self.page(context | self.context(subject))

    def _salt(self) -> str:
        return f"plan:{self.user.sid}:{self.request.get_full_path()}"


class PlanPage(PlanFrame, ConsolePage):
    """One dangerous operation in the organization, about it where nothing else is named."""

    def subject(self, **kwargs: Any) -> Any:
        return self.organization

    def address_of(self, thing: Thing) -> str:
        return page_of(thing)

    def export_refusal(self) -> str | None:
        return self.refusal(Action.LIST_EXPORT)


class PlanExportFrame(Page):
    """A plan as a file. It names the page that shows the plan, and notes who takes it out."""

    of: ClassVar[type[PlanFrame]]
    shown_at: ClassVar[str]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Whoever had to log in again before the button worked is led to where it stands."""
        self._page().subject(**kwargs)
        return redirect_to(self.beside(self.shown_at))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        page = self._page()
        plan = page.plan(page.subject(**kwargs))
        try:
            EXPORTS.spend(self.actor.sid)
        except RuleViolation as refused:
            messages.error(request, refused.message)
            return redirect_to(self.beside(self.shown_at))
        self.record(plan)
        name = f"{_words(plan.operation, '-')}-{plan.subject_sid}-{clock.now():%Y-%m-%d}"
        content = spreadsheets.beginning(COLUMNS, cells(plan))
        return HttpResponse(content, headers=spreadsheets.headers(name))

    def record(self, plan: Plan) -> None:
        """Note who takes which plan out, before a byte of it leaves."""
        raise NotImplementedError

    def _page(self) -> PlanFrame:
        """The page that shows the plan, on the same visit."""
        return self.of(**vars(self))


class PlanExport(PlanExportFrame, ConsolePage):
    """A plan of the organization as a file, for whoever may open its page and export lists."""

    action = Action.LIST_EXPORT
    of: ClassVar[type[PlanPage]]

    def record(self, plan: Plan) -> None:
        policy.require(self.actor, self.of.action, self.organization)
        which = f"{_words(plan.operation, ' ')} {plan.subject_sid}"
        export_list(self.organization, listed="effects", which=which, actor=self.actor)


def page_of(thing: Thing) -> str:
    """The page of the Admin Center about something; empty where it has none."""
    if thing.sid.startswith("EX"):
        return f"{reverse('users:what-if')}#expected"
    name = _PAGES.get(thing.sid[:2])
    return reverse(name, args=[thing.sid]) if name else ""


def with_boxes(form: forms.Form, boxes: Sequence[tuple[str, str]]) -> forms.Form:
    """The form with a box to tick for each sentence, before what it asks besides."""
    required = TICK_IT if len(boxes) == 1 else TICK_ALL
    ticked = {
        name: forms.BooleanField(label=sentence, error_messages={"required": required})
        for name, sentence in boxes
    }
    form.fields = {**ticked, **form.fields}
    return form


def of_choices(form: forms.Form) -> forms.Form:
    """The form, whose fields are sent with what is chosen above it, in one."""
    for field in form.fields.values():
        field.widget.attrs["form"] = "choices"
    return form


def show(plan: Plan, address_of: Address) -> dict[str, Any]:
    """A plan as its component takes it."""
    by_weight = [(weight, plan.by_weight(weight)) for weight in Weight]
    return {
        "figures": [figure for effect in plan.effects if (figure := _figure(effect))],
        "is_blocked": bool(plan.blockers),
        "sections": [
            {
                "weight": weight.value,
                "heading": HEADINGS[weight],
                "tone": tones.WEIGHT[weight],
                "effects": [_effect(effect, address_of) for effect in effects],
            }
            for weight, effects in by_weight
            if effects
        ],
    }


def moved(look: Look | None, plan: Plan) -> dict[str, str]:
    """Why a plan must be read again, and what has moved where that is known."""
    if look is None:
        return {"title": TOO_OLD, "text": ""}
    sentences = differences(look.summary, plan) or [SAME_NUMBERS]
    return {"title": OUTDATED, "text": " ".join(sentences)}


def cells(plan: Plan) -> Iterator[tuple[spreadsheets.Cell, ...]]:
    """Each effect, followed by its objects, in the order of the page."""
    for weight in Weight:
        for effect in plan.by_weight(weight):
            listed = len(effect.objects)
            note = "" if listed in {0, effect.count} else f"{listed:,} of {effect.count:,} listed"
            yield HEADINGS[weight], effect.text, "", "", note
            for thing in effect.objects:
                yield HEADINGS[weight], effect.text, thing.sid, thing.name, thing.note


def _effect(effect: Effect, address_of: Address) -> dict[str, Any]:
    shown = effect.objects[:MOST_SHOWN]
    return {
        "text": effect.text,
        "objects": [
            {
                "sid": thing.sid,
                "name": thing.name,
                "note": thing.note,
                "url": address_of(thing),
            }
            for thing in shown
        ],
        "more": f"{effect.count - len(shown):,}" if effect.count > len(shown) else "",
        "is_listed": effect.count == len(effect.objects),
        "is_unfolded": effect.weight is Weight.BLOCKER or effect.count <= MOST_UNFOLDED,
    }


def _figure(effect: Effect) -> dict[str, str] | None:
    """The number that an effect begins with, and the other words of its first sentence."""
    number, _, words = effect.text.removesuffix(".").partition(" ")
    if not effect.count or number != f"{effect.count:,}":
        return None
    first = _FIRST_SENTENCE.match(words)
    return {"number": number, "words": first.group() if first else ""}


def _words(operation: str, between: str) -> str:
    return operation.replace("_", between)
