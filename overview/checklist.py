"""What a new organization has still to do: computed from how it stands, never ticked off."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from overview.figures import Figures


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the list; `blocked` says what must come first, else `page` is where it is done."""

    key: str
    name: str
    hint: str
    page: str
    is_done: bool
    blocked: str = ""

    @property
    def url(self) -> str:
        """Where the row leads; nowhere while something else must come first."""
        return self.page if self.is_done or not self.blocked else ""

    @property
    def status(self) -> str:
        if self.is_done:
            return "Completed"
        return f"Cannot start yet: {self.blocked}" if self.blocked else "Not started"


def steps(figures: Figures) -> list[Step]:
    """Every step, in the order in which they become possible."""
    has_domain = bool(figures.verified_domains)
    has_colleague = figures.members > 1
    return [
        Step(
            "name",
            "Name the organization",
            "So that people know whose invitation they get",
            reverse("organizations:settings"),
            is_done=not figures.has_default_name,
        ),
        Step(
            "domain",
            "Verify a domain",
            "Prove that a domain is your company's",
            reverse("domains:list"),
            is_done=has_domain,
        ),
        Step(
            "colleagues",
            "Invite colleagues",
            "Bring people of that domain in",
            reverse("users:invite"),
            is_done=has_colleague or figures.pending > 0,
            blocked="" if has_domain else "Verify a domain first",
        ),
        Step(
            "administrator",
            "Have a second person who can administer",
            "So that nobody is locked out while the Owner is away",
            reverse("users:list"),
            is_done=figures.administrators > 1,
            blocked="" if has_colleague else "Wait until a colleague has joined",
        ),
    ]


def open_keys(all_steps: Sequence[Step]) -> list[str]:
    return [step.key for step in all_steps if not step.is_done]


def is_shown(all_steps: Sequence[Step], hidden: Sequence[str]) -> bool:
    """Whether a step is open that was not so when this person hid the list."""
    return not set(open_keys(all_steps)) <= set(hidden)


def in_one_line(all_steps: Sequence[Step]) -> str:
    """How far it is and what comes next, such as "3 of 4, next: Verify a domain"."""
    still_open = [step for step in all_steps if not step.is_done]
    progress = f"{len(all_steps) - len(still_open)} of {len(all_steps)}"
    following = next((step for step in still_open if not step.blocked), None)
    return f"{progress}, next: {following.name}" if following else progress
