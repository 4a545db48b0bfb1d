"""Addresses and domains have one canonical form, and no spelling reaches somebody else's."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

import string

import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adminctr.core.addresses import (
    ADDRESS_LENGTH,
    canonical_address,
    canonical_domain,
    domain_of,
    readable_domain,
)
from adminctr.core.errors import RuleViolation

quick = settings(max_examples=150, deadline=None, database=None)

# Letters that some library or other folds, splits at, or takes for a plain one.
_TREACHEROUS = "ßſıİﬁﬃａＡ。．｡۰०аеоҝαüe\u0301\u200b\u200c\u200d\u00ad\u2024\u212a/@*: \n\x00\ud800"
anything = st.text(st.characters(exclude_categories=()), max_size=300)
letters = st.sampled_from(string.ascii_letters + string.digits + "--.." + _TREACHEROUS)
label = st.text(letters, min_size=1, max_size=8)
domain_like = st.lists(label, min_size=1, max_size=4).map(".".join)
a_label = st.text(string.ascii_lowercase + "üßаеобπ", min_size=1, max_size=5).map(
    lambda text: "xn--" + text.encode("punycode").decode()
)
spelling = st.one_of(domain_like, st.lists(a_label | label, min_size=2, max_size=3).map(".".join))


def canonical_or_none(text: str) -> str | None:
    try:
        return canonical_domain(text)
    except RuleViolation:
        return None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("acme.test", "acme.test"),
        ("ACME.org.", "acme.org"),
        ("  acme.org\t", "acme.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.Example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("fass.de", "fass.de"),
        ("www.acme.org", "www.acme.org"),
        ("日本.jp", "xn--wgv71a.jp"),
        ("1and1.example", "1and1.example"),
    ],
)
def test_a_domain_has_one_form(text: str, canonical: str) -> None:
    assert canonical_domain(text) == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "domain_blank"),
        (" . ", "domain_blank"),
        ("https://acme.org", "domain_is_url"),
        ("acme.org/path", "domain_is_url"),
        ("http:acme.org", "domain_is_url"),
        ("mike@acme.org", "domain_is_address"),
        ("*.acme.test", "domain_wildcard"),
        ("10.0.0.1", "domain_is_ip"),
        ("::1", "domain_is_ip"),
        ("[2001:db8::1]", "domain_is_ip"),
        ("test", "domain_single_label"),
        ("localhost", "domain_single_label"),
        ("a" * 300, "domain_invalid"),
        ("a" * 64 + ".example", "domain_invalid"),
        (".".join(["abcdefgh"] * 29), "domain_invalid"),
        ("acme..org", "domain_invalid"),
        ("acme.org..", "domain_invalid"),
        (".acme.org", "domain_invalid"),
        ("acme 1.org", "domain_invalid"),
        ("acme.org\x00", "domain_invalid"),
        ("acme\u200b.org", "domain_invalid"),
        ("-acme.org", "domain_invalid"),
        ("ac_me.org", "domain_invalid"),
        ("ａcme.test", "domain_invalid"),
        ("ﬃ.example", "domain_invalid"),
        ("mıke.Example\u0307", "domain_invalid"),
        ("BÜCHER.example", "domain_invalid"),
        ("acme。test", "domain_invalid"),
        ("acme.。test", "domain_invalid"),
        ("acme．test", "domain_invalid"),
        ("1.2.3", "domain_invalid"),
        ("acme.123", "domain_invalid"),
        ("cоrp.example", "domain_mixed_scripts"),
        ("xn--crp-fed.example", "domain_mixed_scripts"),
        ("xn--abc.example", "domain_invalid"),
        ("xn--55555577.example", "domain_invalid"),
    ],
)
def test_what_is_no_domain_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        canonical_domain(text)
    assert refused.value.code == code
    assert refused.value.field == "name"
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("MIKE@acme.test", "mike@acme.test"),
        ("Mike+Team.A@ACME.Test", "mike+team.a@acme.test"),
        (" mike@acme.test ", "mike@acme.test"),
        ("o'connor@acme.test", "o'connor@acme.test"),
        ("mike@bücher.example", "mike@xn--bcher-kva.example"),
        ("a" * 64 + "@acme.test", "a" * 64 + "@acme.test"),
    ],
)
def test_an_address_has_one_form(text: str, canonical: str) -> None:
    assert canonical_address(text) == canonical


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "address_blank"),
        ("mike", "address_invalid"),
        ("@acme.test", "address_invalid"),
        ("mike@", "address_invalid"),
        ("mike@localhost", "address_invalid"),
        ("mike@[10.0.0.1]", "address_invalid"),
        ("u@acme.test.", "address_invalid"),
        ('"a@acme.test"@evil.test', "address_invalid"),
        ("u@acme.test@evil.test", "address_invalid"),
        ("mike@ａcme.test", "address_invalid"),
        ("mike@evil.test。acme.test", "address_invalid"),
        ("mike@co_rp.test", "address_invalid"),
        ("mike@*.acme.test", "address_invalid"),
        ("mike <mike@acme.test>", "address_invalid"),
        ("mike@acme.test,eve@evil.test", "address_invalid"),
        ("mike@acme.test\neve@evil.test", "address_invalid"),
        ("mi ke@acme.test", "address_invalid"),
        ("mi..ke@acme.test", "address_invalid"),
        (".mike@acme.test", "address_invalid"),
        ("mike.@acme.test", "address_invalid"),
        ("mike\x00@acme.test", "address_invalid"),
        ("a" * 65 + "@acme.test", "address_invalid"),
        ("mıke@acme.test", "address_not_ascii"),
        ("ﬁn@acme.test", "address_not_ascii"),
        ("MİKE@acme.test", "address_not_ascii"),
        ("\u212aate@acme.test", "address_not_ascii"),
        ("a@" + ".".join(["abcdefgh"] * 18) + ".test", "address_too_long"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(text: str, code: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        canonical_address(text)
    assert refused.value.code == code
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    "text",
    [
        "u@evilacme.test",
        "u@acme.test.evil.test",
        "u@sub.acme.test",
        "acme.test@evil.test",
        "u+acme.test@evil.test",
    ],
)
def test_a_look_alike_is_not_in_the_domain(text: str) -> None:
    assert domain_of(canonical_address(text)) != "acme.test"


def test_a_domain_reads_as_people_write_it() -> None:
    assert readable_domain("xn--bcher-kva.example") == "bücher.example"
    assert readable_domain("acme.example") == "acme.example"
    assert readable_domain("not_a_name") == "not_a_name"


@quick
@example("a。.example")
@given(anything | spelling)
def test_no_text_whatever_breaks_the_domain_reader(text: str) -> None:
    canonical = canonical_or_none(text)
    if canonical is not None:
        assert canonical.isascii()
        assert canonical == canonical.lower()
        assert "." in canonical
        assert all(canonical.split("."))
        assert len(canonical) <= 253
        assert canonical_domain(canonical) == canonical


@quick
@example("a。example.test")
@given(spelling)
def test_no_two_names_become_one(text: str) -> None:
    """An accepted label is what was written, or its A-label; nothing was mapped or left out."""
    canonical = canonical_or_none(text)
    if canonical is not None:
        written = text.strip(" \t\r\n").removesuffix(".").split(".")
        encoded = canonical.split(".")
        assert len(written) == len(encoded)
        for before, after in zip(written, encoded, strict=True):
            if before.isascii():
                assert after == before.lower()
            else:
                assert idna.decode(after) == _ascii_lower(before)


@quick
@given(st.text(string.ascii_lowercase + "äöüßñéçø", min_size=1, max_size=10))
def test_the_readable_form_leads_back_to_the_canonical_one(name: str) -> None:
    canonical = canonical_domain(f"{name}.example")
    assert readable_domain(canonical) == f"{name}.example"
    assert canonical_domain(readable_domain(canonical)) == canonical


@quick
@given(anything | st.tuples(label, spelling).map("@".join))
def test_no_text_whatever_breaks_the_address_reader(text: str) -> None:
    try:
        canonical = canonical_address(text)
    except RuleViolation:
        return
    assert canonical.isascii()
    assert canonical == canonical.lower()
    assert canonical.count("@") == 1
    assert len(canonical) <= ADDRESS_LENGTH
    assert canonical_address(canonical) == canonical
    local, _, domain = text.strip(" \t\r\n").rpartition("@")
    assert canonical == f"{local.lower()}@{canonical_domain(domain)}"


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
