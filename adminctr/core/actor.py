"""Who acts: a person, a stranger with a link, a job or an operator, without a database."""

import ipaddress
from dataclasses import dataclass, field, replace
from typing import Self

SYSTEM = "system"  # where an organization or a person would stand
STAFF = "staff"  # the door of support staff


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the audit trail."""

    ip: str = ""
    user_agent: str = ""
    request_id: str = ""

    @property
    def network(self) -> str:
        """What limits count: an IPv4 address, or the /64 that one customer gets with IPv6."""
        try:
            address = ipaddress.ip_address(self.ip)
        except ValueError:
            return self.ip
        if isinstance(address, ipaddress.IPv4Address):
            return str(address)
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who calls an operation, as policy and audit need to know them.

    `label` is what people read, `sid` what is chained. `role` is the role in the organization
    of `organization_id`. Support staff act in any organization by the actions in `staff`, which is
    None for everybody else, and say for which `reason`. A trusted actor is the system or an
    operator at the shell.
    """

    label: str
    via: str
    sid: str = ""
    user_id: int | None = None
    organization_id: int | None = None
    organization_sid: str = ""
    role: str = ""
    staff: frozenset[str] | None = None
    reason: str = ""
    trusted: bool = False
    origin: Origin = field(default_factory=Origin)

    @classmethod
    def stranger(cls, address: str, *, via: str = "page", origin: Origin | None = None) -> Self:
        """Somebody who holds a link mailed to this address and has no sign-in yet."""
        return cls(label=address, via=via, origin=origin or Origin())

    @classmethod
    def somebody(cls, origin: Origin) -> Self:
        """Nobody knows who; the address they typed proves nothing."""
        return cls(label="Somebody", via="page", origin=origin)

    @classmethod
    def system(cls, job: str) -> Self:
        """A job of the system's own."""
        return cls(label=f"System ({job})", via="job", sid=SYSTEM, trusted=True)

    @classmethod
    def operator(cls, command: str) -> Self:
        """Whoever runs a management command in a shell of this installation."""
        return cls(label=f"Operator ({command})", via="command", sid=SYSTEM, trusted=True)

    @property
    def acts_for_support(self) -> bool:
        """Whether what they do binds customers: support staff, an operator or the system."""
        return self.trusted or self.staff is not None

    def with_role(self, role: str) -> Self:
        return replace(self, role=role)

    def with_staff(self, actions: frozenset[str]) -> Self:
        return replace(self, staff=actions)

    def with_reason(self, reason: str) -> Self:
        return replace(self, reason=reason)
