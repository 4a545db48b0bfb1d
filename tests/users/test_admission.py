"""One function says whether an address may come in, and how, whichever door it stands at."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adminctr.core.addresses import canonical_address, domain_of
from adminctr.core.errors import RuleViolation
from domains.models import Domain, MailDomain
from organizations.models import DomainSetting, Organization
from tests.users.people import choose, doubt, lose, prove, share
from users.admission import AS_IT_IS, World, decide
from users.models import Outcome, WayIn

# ruff: noqa: RUF001 (letters that look like others are what is tested)

quick = settings(max_examples=300)
AUTO, BLOCKED, RESTRICTED = (
    DomainSetting.AUTO_ENROLLMENT,
    DomainSetting.BLOCKED,
    DomainSetting.RESTRICTED,
)
NEW = "zoe@acme.example"

# What comes of an address of acme.example, by the state of the domain and Acme's setting: for
# whoever signs up, is invited, is provisioned or imported, changes their address from elsewhere,
# and is invited to an account of Acme's.
TABLE = """
state      setting          sign_up           invitation           added                email_change      access
verified   INVITATION_ONLY  domain_restricted joins                joins                domain_restricted membership_required
verified   AUTO_MEMBERSHIP  joins             joins                joins                domain_restricted membership_required
verified   NO_MEMBERSHIP    outside           joins                domain_blocked       outside           outside
uncertain  INVITATION_ONLY  domain_uncertain  domain_not_verified  domain_not_verified  domain_restricted membership_required
uncertain  AUTO_MEMBERSHIP  domain_uncertain  domain_not_verified  domain_not_verified  domain_restricted membership_required
uncertain  NO_MEMBERSHIP    outside           domain_not_verified  domain_not_verified  outside           outside
shared     INVITATION_ONLY  outside           joins                domain_shared        outside           outside
shared     AUTO_MEMBERSHIP  outside           joins                domain_shared        outside           outside
shared     NO_MEMBERSHIP    outside           joins                domain_shared        outside           outside
alone      AUTO_MEMBERSHIP  outside           joins                domain_shared        outside           outside
alone      INVITATION_ONLY  outside           joins                domain_shared        outside           outside
lost       INVITATION_ONLY  outside           domain_not_verified  domain_not_verified  outside           outside
lost       AUTO_MEMBERSHIP  outside           domain_not_verified  domain_not_verified  outside           outside
common     INVITATION_ONLY  outside           domain_common        domain_common        outside           outside
common     AUTO_MEMBERSHIP  outside           domain_common        domain_common        outside           outside
unclaimed  AUTO_MEMBERSHIP  outside           domain_not_verified  domain_not_verified  outside           outside
"""  # noqa: E501
LINES = [line.split() for line in TABLE.strip().splitlines()[1:]]


@pytest.fixture
def put(acme: Organization, globex: Organization) -> Callable[[str, str], Organization]:
    def into(state: str, setting: str) -> Organization:
        choose(acme, DomainSetting(setting))
        match state:
            case "uncertain":
                doubt("acme.example")
            case "shared":
                share("acme.example", globex)
            case "alone":  # the others are gone, and nobody has switched the setting on again
                share("acme.example")
            case "common":  # as support says, although it is verified
                MailDomain.objects.create(name="acme.example", is_common=True)
            case "lost":
                lose("acme.example")
            case "unclaimed":
                Domain.unscoped.filter(name="acme.example").delete()
        return acme

    return into


def answer(way_in: WayIn, into: Organization | None, address: str = NEW) -> str:
    verdict = decide(address, way_in, into=into)
    return verdict.code or verdict.outcome


@pytest.mark.parametrize("line", LINES, ids=lambda line: "-".join(line[:2]))
def test_what_comes_of_an_address_stands_in_the_table(line, put) -> None:
    state, setting, sign_up, invitation, added, email_change, access = line
    acme = put(state, setting)
    assert answer(WayIn.SIGN_UP, None) == sign_up
    assert answer(WayIn.INVITATION, acme) == invitation
    assert answer(WayIn.SCIM, acme) == answer(WayIn.IMPORT, acme) == added
    assert answer(WayIn.EMAIL_CHANGE, None) == email_change
    assert answer(WayIn.ACCOUNT_ACCESS, acme) == access
    added_by_account = invitation.replace("domain", "owner_domain")
    assert answer(WayIn.ACCOUNT_ADDED, acme) == added_by_account


def test_who_joins_joins_the_organization_that_holds_the_domain(acme) -> None:
    choose(acme, AUTO)
    assert decide(NEW, WayIn.SIGN_UP).joins == acme
    assert decide("zoe@fresh.example", WayIn.SIGN_UP).joins is None


@pytest.mark.parametrize("way_in", WayIn)
@pytest.mark.parametrize("setting", DomainSetting)
def test_nobody_joins_by_a_domain_that_another_organization_holds(
    way_in, setting, acme, globex
) -> None:
    choose(acme, setting)
    verdict = decide(NEW, way_in, into=globex)
    assert verdict.outcome != Outcome.JOINS or verdict.joins == acme


@pytest.mark.parametrize("address", ["zoe@evilacme.example", "zoe@sub.acme.example", "zoe@example"])
@pytest.mark.parametrize("setting", DomainSetting)
def test_only_the_exact_domain_counts(address, setting, acme) -> None:
    choose(acme, setting)
    assert answer(WayIn.SIGN_UP, None, address) == "outside"
    assert answer(WayIn.INVITATION, acme, address) == "domain_not_verified"


@pytest.mark.breaks_invariants
def test_a_second_holder_counts_although_nobody_has_marked_the_first(acme, globex) -> None:
    choose(acme, AUTO)
    share("acme.example", globex)
    Domain.unscoped.named("acme.example").update(follows_setting=True)
    assert answer(WayIn.SIGN_UP, None) == "outside"
    assert answer(WayIn.SCIM, acme) == "domain_shared"


def test_who_is_managed_may_change_to_any_domain_of_their_organization_and_to_no_other(
    acme, globex
) -> None:
    prove(acme, "acme-labs.example")
    doubt("acme-labs.example")

    def change(wanted: str) -> str:
        way_in, present = WayIn.EMAIL_CHANGE, "cy@acme.example"
        verdict = decide(wanted, way_in, into=acme, present=present)
        return verdict.code or verdict.outcome

    assert change("cy@acme-labs.example") == "joins"
    assert change("cy@globex.example") == change("cy@fresh.example") == "domain_not_verified"


def test_what_support_says_about_a_mail_service_decides(acme) -> None:
    assert answer(WayIn.INVITATION, acme, "zoe@gmail.com") == "domain_common"
    assert answer(WayIn.ACCOUNT_ADDED, acme, "zoe@gmail.com") == "owner_domain_common"
    MailDomain.objects.create(name="acme.example", is_common=True)
    assert answer(WayIn.INVITATION, acme) == "domain_common"
    MailDomain.objects.create(name="gmail.com", is_common=False)
    assert answer(WayIn.INVITATION, acme, "zoe@gmail.com") == "domain_not_verified"


def test_signing_in_with_sso_makes_nobody(acme) -> None:
    choose(acme, AUTO)
    assert answer(WayIn.SSO, acme) == "login_unknown"


@pytest.mark.parametrize("way_in", WayIn)
@pytest.mark.parametrize("setting", DomainSetting)
@pytest.mark.parametrize("into", ["acme", "globex", None])
def test_a_refusal_says_why_and_names_no_organization(way_in, setting, into, acme, globex) -> None:
    choose(acme, setting)
    for change in (lambda: None, lambda: doubt("acme.example"), lambda: share("acme.example")):
        change()
        asking = {"acme": acme, "globex": globex, None: None}[into]
        verdict = decide(NEW, way_in, into=asking)
        told = f"{verdict.reason} {verdict.steps}".replace("acme.example", "")
        assert not any(name in told for name in (acme.name, acme.sid, globex.name, "Ana"))
        assert bool(verdict.reason) == bool(verdict.code) == (not verdict.allowed)
        assert verdict.steps


def test_a_domain_is_written_as_people_write_it(acme) -> None:
    prove(acme, "xn--bcher-kva.example")
    verdict = decide("zoe@xn--bcher-kva.example", WayIn.SIGN_UP)
    assert "bücher.example" in verdict.reason
    assert "bücher.example" in verdict.steps[0].question


def test_the_way_to_a_verdict_is_told_step_by_step(acme) -> None:
    steps = decide(NEW, WayIn.SIGN_UP).steps
    assert [(step.question, step.answer) for step in steps] == [
        ("Has an organization verified acme.example?", "Yes."),
        ("Is acme.example a mail service where anybody can have an address?", "No."),
        ("Do several organizations hold acme.example, or did they?", "No."),
        ("Is the domain setting Blocked?", "No: it is Restricted."),
        ("Is the verification sure?", "Yes."),
        ("Is the domain setting Auto-enrollment?", "No."),
    ]


# However it is spelled


class _AcmeAlone(World):
    """acme.example is held by an organization that adds whoever signs up with it."""

    def __init__(self) -> None:
        adding = Organization(pk=1, name="Acme", domain_setting=AUTO)
        self.claim = Domain(name="acme.example", organization=adding, status="verified")

    def holders(self, domain: str) -> list[Domain]:
        return [self.claim] if domain == self.claim.name else []

    def is_common(self, domain: str) -> bool:
        return False


ACME_ALONE = _AcmeAlone()
_LOOKS_LIKE = {
    "a": "AaＡａаᴀα", "c": "CｃсϲＣ", "m": "MｍмＭ", "e": "EеｅéＥ", "x": "XхｘＸ", "p": "PрｐＰ",
    "l": "LⅼｌＬ1I", ".": "。．｡․", "@": "＠﹫",
}  # fmt: skip
_BETWEEN = st.text(
    "ax0-._@\"'+ \t\n%=*/:,;<>()[]\\\x00\u00ad\u200bäаＡ。．", min_size=1, max_size=3
)
_LOCAL = st.sampled_from(["zoe", "ZOE", "zoe+x", "z.oe", '"zoe"', '"zoe@acme.example"'])
_DOMAIN = st.sampled_from(["acme.example", "ACME.example", "acme.example.", "sub.acme.example"])


@st.composite
def spelling(draw: st.DrawFn) -> str:
    """Something that a person, a library or an attacker might take for zoe@acme.example."""
    written = f"{draw(_LOCAL)}@{draw(_DOMAIN)}"
    place = draw(st.integers(0, len(written) - 1))
    before, letter, after = written[:place], written[place], written[place + 1 :]
    letter = draw(st.sampled_from(_LOOKS_LIKE.get(letter, letter)))
    return draw(
        st.sampled_from([written, before + letter + after, before + draw(_BETWEEN) + after])
    )


@quick
@example("zoe@acme\u200b.example")
@example("zoe@acme.example@evil.example")
@given(spelling() | spelling().map(lambda text: f"{text}@evil.example"))
def test_no_address_outside_of_a_domain_is_let_in_by_it(text: str) -> None:
    """Who is let in has an address whose part after the last @ is that domain, letter by letter."""
    try:
        address = canonical_address(text)
    except RuleViolation:
        return
    joins = decide(address, WayIn.SIGN_UP, world=ACME_ALONE).outcome == Outcome.JOINS
    local, _, written = text.strip(" \t\r\n").rpartition("@")
    assert joins == (written.isascii() and written.lower() == "acme.example")
    assert "@" not in local or not joins
    assert domain_of(address) == "acme.example" or not joins


@pytest.mark.parametrize(
    "text", ["ZOE@acme.example", "zoe@ACME.example", " zoe@Acme.Example\t", "Zoe@acme.EXAMPLE"]
)
@pytest.mark.parametrize("setting", DomainSetting)
def test_one_address_gets_one_verdict_however_it_is_spelled(text, setting, acme) -> None:
    choose(acme, setting)
    for way_in in WayIn:
        assert decide(canonical_address(text), way_in, into=acme) == decide(NEW, way_in, into=acme)


def test_the_world_that_is_asked_is_the_one_as_it_is(acme) -> None:
    assert [one.organization for one in AS_IT_IS.holders("acme.example")] == [acme]
    assert decide(NEW, WayIn.SIGN_UP) == decide(NEW, WayIn.SIGN_UP, world=AS_IT_IS)
