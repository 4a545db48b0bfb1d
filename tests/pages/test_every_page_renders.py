"""Every page of the demo world answers and says what it is."""

import pytest
from django.urls import reverse

PAGES = [
    ("console:home", "Welcome, Ana"),
    ("organizations:overview", "What needs attention"),
    ("shortcuts", "Press the two keys"),
    ("gallery", "Gallery of components"),
    ("accounts:list", "Billing"),
    ("accounts:access", "Standard User (Account Creation)"),
    ("users:list", "Ben Okafor"),
    ("users:pending", "hana@acme.example"),
    ("users:invite", "Organization role"),
    ("domains:list", "acme-labs.example"),
    ("domains:add", "Domain name"),
    ("audit:list", "added the domain acme-labs.example"),
    ("organizations:settings", "Change Ownership"),
    ("organizations:ownership", "Choose a new owner"),
    ("profile:show", "Change preferences"),
    ("profile:name", "Save name"),
    ("profile:email", "Send the link"),
    ("profile:password", "New password"),
    ("profile:preferences", "Lisbon"),
    ("profile:sessions", "This browser"),
]


@pytest.mark.parametrize(("name", "text"), PAGES)
def test_a_page_of_the_admin_center_answers(name, text, ana, sign_in) -> None:
    response = sign_in(ana).get(reverse(name))
    assert response.status_code == 200
    assert text in response.content.decode()
