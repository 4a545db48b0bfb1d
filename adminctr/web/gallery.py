"""Every component in every state, to look at and to test; only mounted where DEMO is on."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from adminctr.core.clock import now
from adminctr.core.plans import Effect, Plan, Thing, Weight
from adminctr.web.display import moment
from adminctr.web.filters import FilterForm, Order, Selection
from adminctr.web.forms import DayInput, Form
from adminctr.web.plans import Look, moved, of_choices, show, with_boxes

_HERE = "#"
_SID = "US0123456789abcdef0123456789abcdef"
_ACCOUNT = "AC0123456789abcdef0123456789abcdef"
_ROLES = [("administrator", "Administrator"), ("standard", "Standard User (Account Creation)")]
_ORDERS = {"name": Order("name", "by name"), "-seen": Order("-seen", "last sign-in first")}
_BOXES = [
    ("final", "I understand that this account cannot be opened again."),
    ("data", "I understand that its data is deleted after 30 days."),
]
_TONES = ("neutral", "success", "warning", "danger", "new")


class EveryField(Form):
    """One field for each widget that pages use."""

    name = forms.CharField(label="Name", initial="Ana Silva")
    email = forms.EmailField(label="Email address", help_text="Of a domain that you have verified.")
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    organization_role = forms.ChoiceField(label="Organization role", choices=_ROLES)
    role = forms.ChoiceField(
        label="Account role",
        choices=_ROLES,
        widget=forms.RadioSelect,
        help_text="What this person may do.",
    )
    accounts = forms.MultipleChoiceField(
        label="Accounts",
        choices=[("billing", "Billing"), ("marketing", "Marketing")],
        widget=forms.CheckboxSelectMultiple,
    )
    confirmed = forms.BooleanField(label="Send a mail", help_text="To the Owner, too.")
    reason = forms.CharField(label="Reason", widget=forms.Textarea(attrs={"rows": 3}))
    users = forms.FileField(label="File with users")
    ends = forms.DateField(label="Ends on", widget=DayInput())


class SearchFilter(FilterForm):
    """Filters that are on, one of them folded away otherwise."""

    search = forms.CharField(label="Search", widget=forms.TextInput(attrs={"type": "search"}))
    role = forms.ChoiceField(label="Role", choices=[("", "Any role"), *_ROLES])

    more = ("role",)


class TypedName(Form):
    typed = forms.CharField(label="Type corporate.example to confirm")


class NewOwner(Form):
    owner = forms.CharField(label="Choose a new owner", initial="ana@acme.example")


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Shown to everybody, since it holds nothing but made-up words."""
    return TemplateResponse(request, "web/gallery.html", _examples())


def _view(label: str, *, is_shared: bool, current: bool) -> dict[str, Any]:
    return {
        "label": label,
        "url": _HERE,
        "is_shared": is_shared,
        "current": current,
        "forget_url": _HERE,
    }


def _examples() -> dict[str, Any]:
    wrong = EveryField({"wrong-email": "ana@"}, prefix="wrong")
    wrong.add_error(None, "Somebody else has changed this in the meantime.")
    disabled = EveryField(prefix="disabled")
    for field in disabled.fields.values():
        field.disabled = True
    return {
        "here": _HERE,
        "refusal": "Only the Owner (Ana Silva) can do this; ask Ana.",
        "sid": _SID,
        "tones": _TONES,
        "every_field": EveryField(prefix="every"),
        "wrong": wrong,
        "disabled": disabled,
        "selection": Selection.read(
            QueryDict("search=ana&role=administrator&sort=-seen"), SearchFilter, _ORDERS
        ),
        "bar": {
            "url": _HERE,
            "actions": [
                {"name": "suspend", "label": "Suspend"},
                {"name": "reactivate", "label": "Reactivate"},
            ],
            "all": "signed",
        },
        "saved": {
            "views": [
                _view("Suspended, by Ulla Berg", is_shared=True, current=True),
                _view("Never signed in", is_shared=False, current=False),
            ],
            "save_url": _HERE,
            "refusal": None,
        },
        "typed": TypedName(prefix="typed"),
        "plans": _plans(),
        "tabs": [
            {"label": "Managed", "url": _HERE, "current": True, "count": 1204},
            {"label": "Independent", "url": _HERE, "current": False, "count": 0},
            {"label": "Pending", "url": _HERE, "current": False},
        ],
        "steps": [
            _step("Verify a domain", "Prove that a domain is your company's", "Completed", True),
            _step("Invite User", "Bring colleagues of that domain in", "Not started"),
            _step("Connect SSO", "Let people in by your login", "Cannot start yet: verify a domain")
            | {"url": ""},
        ],
        "consequences": [
            "12 people lose their way in: nobody signs in with an address of this domain.",
            "3 open invitations end.",
        ],
        "survives": ["The 12 people stay members and keep their accounts."],
        "events": [
            _event("Ana Silva", "verified the domain acme.example", 13),
            _event("Sue Park", "renamed the organization Acme", 12) | {"reason": "Ticket 12"},
            _event("Cy Lindqvist", "tried to invite bo@acme.example", 11) | {"refused": True},
        ],
        "deadline_example": moment(now() + timedelta(days=14)),
        "idle_example": {"left": 120, "lead": 120, "stay_url": _HERE},
        "never": moment(None),
        "now": moment(now()),
        "request_id": "0123456789abcdef",
    }


def _plans() -> dict[str, Any]:
    """A plan in every state: as usual, read again, and not possible."""
    plan, longer = _plan(1204), _plan(1_000_003)
    notice = moved(Look(plan.digest, plan.summary()), longer)
    file = {"token": "", "export_url": _HERE}
    refused = {"export_refusal": "Lists are exported by Administrators; ask Ana Silva, the Owner."}
    return {
        "usual": show(plan, lambda thing: "") | file,
        "outdated": show(longer, lambda thing: "") | file | refused | {"notice": notice},
        "blocked": show(_blocked_plan(), lambda thing: _HERE),
        "form": with_boxes(TypedName(prefix="plan"), _BOXES),
        "choices": NewOwner(prefix="choices"),
        "form_of_choices": of_choices(with_boxes(TypedName(prefix="chosen"), _BOXES)),
        "form_again": with_boxes(TypedName(prefix="again"), _BOXES),
    }


def _plan(users: int) -> Plan:
    people = [Thing(_SID, f"User {number}", "Developer") for number in range(min(users, 2000))]
    lost = f"{users:,} users lose their access."
    effects = (
        Effect(Weight.LOSES, "users_lose_access", lost, tuple(people), users),
        Effect(
            Weight.CHANGES,
            "subaccounts",
            "2 subaccounts are closed with it.",
            (Thing(_ACCOUNT, "Billing EU"), Thing(_ACCOUNT, "Billing US", "Suspended")),
        ),
        Effect(Weight.CHANGES, "mail", "Its owner gets an email."),
        Effect(Weight.IRREVERSIBLE, "final", "Nobody can open this account again."),
        Effect(Weight.SURVIVES, "logins", "Everybody keeps their login and their other accounts."),
    )
    return Plan(_ACCOUNT, "close_account", effects)


def _blocked_plan() -> Plan:
    blockers = (
        Effect(
            Weight.BLOCKER,
            "hipaa",
            "1 subaccount is kept by an agreement. Ask support to end it first.",
            (Thing(_ACCOUNT, "Clinic records", "HIPAA"),),
        ),
        Effect(Weight.BLOCKER, "last", "This is the only account of its owner."),
    )
    return Plan(_ACCOUNT, "close_account", blockers + _plan(3).effects)


def _step(name: str, hint: str, status: str, is_done: bool = False) -> dict[str, Any]:
    return {"name": name, "hint": hint, "status": status, "is_done": is_done, "url": _HERE}


def _event(actor: str, sentence: str, sequence: int) -> dict[str, Any]:
    return {
        "at": moment(now()),
        "actor": actor,
        "sentence": sentence,
        "sequence": sequence,
        "via": "page",
        "ip": "192.0.2.7",
    }
