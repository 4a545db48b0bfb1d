"""Addresses and domains have one canonical form, and no spelling reaches somebody else's."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

import string

import dns.name
import idna
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adminctr.core.addresses import (
    ADDRESS_LENGTH,
    canonical_address,
    canonical_domain,
    domain_of,
    listed_addresses,
    readable_domain,
)
from adminctr.core.errors import RuleViolation

quick = settings(max_examples=150)

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
        ("データ.jp", "xn--5ckp3n.jp"),
        ("佐々木.jp", "xn--u6jy55gilq.jp"),
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
        ("payーpal.example", "domain_mixed_scripts"),
        ("pay々pal.example", "domain_mixed_scripts"),
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


def near(text: str) -> st.SearchStrategy[tuple[str, str]]:
    """A name, and another spelling that something might take for the same."""
    others = [text.upper(), text.swapcase(), f"{text}.", text.replace("ß", "ss"), f"xn--{text}"]
    if canonical := canonical_or_none(text):
        others += [canonical, canonical.upper(), readable_domain(canonical)]
    return st.tuples(st.just(text), st.sampled_from(others))


@quick
@example(("faß.de", "fass.de"))
@example(("bücher.example", "XN--BCHER-KVA.example."))
@example(("BÜCHER.example", "bücher.example"))
@given(spelling.flatmap(near) | st.tuples(spelling, spelling))
def test_two_names_become_one_only_where_the_dns_takes_them_for_one(pair: tuple[str, str]) -> None:
    """As dnspython sees them, which encodes by its own IDNA 2008 codec and folds ASCII alone."""
    one, other = pair
    ours = canonical_or_none(one), canonical_or_none(other)
    if None not in ours:
        assert (ours[0] == ours[1]) == (_in_the_dns(one) == _in_the_dns(other))


@quick
@given(spelling, st.data())
def test_other_letters_of_one_case_are_one_name(text: str, data: st.DataObject) -> None:
    turned = "".join(
        data.draw(st.sampled_from([one, one.swapcase()])) if one.isascii() else one for one in text
    )
    canonical = canonical_or_none(text)
    if canonical is not None:
        assert canonical_or_none(turned) == canonical
        assert _in_the_dns(turned) == _in_the_dns(canonical)


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


def _in_the_dns(text: str) -> dns.name.Name:
    """A name of the DNS, which compares without regard to the case of ASCII letters."""
    written = _ascii_lower(text.strip(" \t\r\n"))
    return dns.name.from_text(written, idna_codec=dns.name.IDNA_2008_Strict)


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.example", [(1, "a@x.example")]),
        (
            "a@x.example; b@x.example, Karl <k@x.example>",
            [(1, "a@x.example"), (1, "b@x.example"), (1, "k@x.example")],
        ),
        ("a@x.example b@x.example\tc@x.example", [(1, f"{one}@x.example") for one in "abc"]),
        ("a@x.example,\r\n\r\n b@x.example,\rc@x.example;", [
            (1, "a@x.example"), (3, "b@x.example"), (4, "c@x.example"),
        ]),
        ("Berg, Ulla <u@x.example>; Karl Maria <k@x.example>;", [
            (1, "u@x.example"), (1, "k@x.example"),
        ]),
        ("\"Berg, Ulla\" <u@x.example>, 'b@x.example' <b@x.example>", [
            (1, "u@x.example"), (1, "b@x.example"),
        ]),
        ("<a@x.example>", [(1, "a@x.example")]),
        ("Bo.O'Brien@X.example", [(1, "Bo.O'Brien@X.example")]),
        ("a@x.example; b@x.example\nnobody", [
            (1, "a@x.example"), (1, "b@x.example"), (2, "nobody"),
        ]),
        ("a@x.example\nd@x,example\nb@x.example,Owner", [
            (1, "a@x.example"), (2, "d@x,example"), (3, "b@x.example,Owner"),
        ]),
        ("a@x.example, b@, 'nobody', Karl <c@x.example>\nd@x.example", [
            (1, "a@x.example"), (1, "b@"), (1, "nobody"), (1, "c@x.example"), (2, "d@x.example"),
        ]),
        ('a@x.example\n"b@x.example"', [(1, "a@x.example"), (2, "b@x.example")]),
    ],
)  # fmt: skip
def test_a_list_of_addresses_is_taken_as_mail_programs_write_it(text, found) -> None:
    assert listed_addresses(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "email",
        "email\na@x.example",
        "a@x.example,Administrator",
        "Administrator,Ulla <u@x.example>",
        "Administrator;Ulla <u@x.example>",
        "Berg, Ulla <u@x.example>",
        "a@x.example,Owner\nb@x.example,Administrator",
        "nobody\na@x.example",
        "a@x.example@y.example",
        "a@x.example<b@x.example>",
        "Karl <k@x.example",
        'email\n"a@x.example"',
        "@x.example",
    ],
)
def test_where_anything_but_addresses_stands_there_is_no_list(text) -> None:
    assert listed_addresses(text) is None


@given(st.lists(st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True), max_size=8))
def test_no_address_of_a_list_is_lost(addresses) -> None:
    for between in (",", ";", " ", "\t", ", ", "; ", ",\n"):
        text = between.join(addresses)
        assert [one for _, one in listed_addresses(text) or []] == addresses


@quick
@given(st.text(st.sampled_from("ab@<>,;'\" \t\n."), max_size=60))
def test_whatever_is_taken_out_of_a_list_is_written_in_its_line(text) -> None:
    lines = text.split("\n")
    for line, address in listed_addresses(text) or []:
        assert address in lines[line - 1]
