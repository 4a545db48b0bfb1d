"""Keys compare and sort byte by byte on both engines, whatever the names they are copies of."""

import pytest

from adminctr.core.columns import starts_with
from adminctr.core.tenancy import tenant
from organizations.models import Membership, Organization

pytestmark = pytest.mark.breaks_invariants

KEYS = ["B", "ab", "a b", "a-b", "z", "é", "日"]


def test_keys_sort_by_their_bytes(acme: Organization) -> None:
    with tenant(acme):
        pks = Membership.objects.open().values_list("pk", flat=True)[: len(KEYS)]
        for pk, key in zip(list(pks), KEYS, strict=True):
            Membership.objects.filter(pk=pk).update(name_key=key)
        found = list(Membership.objects.managed().values_list("name_key", flat=True))
    assert found == sorted(KEYS, key=str.encode)


@pytest.mark.parametrize("other", ["straße", "STRASSE", "Strasse", "Straße ", "Stra\u017fe"])
def test_keys_differ_where_their_bytes_do(acme: Organization, other: str) -> None:
    with tenant(acme):
        stay = Membership.objects.open().filter(email="cy@acme.example")
        stay.update(name_key="Straße")
        assert stay.filter(name_key="Straße").exists()
        assert not stay.filter(name_key=other).exists()


@pytest.mark.parametrize(
    "prefix", ["", "a", "a ", "a_", "a%", "é", "日", "\U0010fffe", "A", "z" * 200]
)
def test_a_prefix_finds_what_begins_so_and_nothing_else(acme: Organization, prefix: str) -> None:
    keys = ["a b", "a%b", "a_b", "ab", "é日", "日\U0001f469", "\U0010fffe"]
    with tenant(acme):
        pks = Membership.objects.open().values_list("pk", flat=True)[: len(keys)]
        for pk, key in zip(list(pks), keys, strict=True):
            Membership.objects.filter(pk=pk).update(name_key=key)
        found = Membership.objects.open().filter(starts_with("name_key", prefix))
        assert set(found.values_list("name_key", flat=True)) == {
            key for key in keys if key.startswith(prefix)
        }
