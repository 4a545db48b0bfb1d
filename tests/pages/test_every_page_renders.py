"""Every page of the demo world answers and says what it is."""

import pytest

from tests.pages.addresses import path_to

PAGES = [
    ("console:home", "Welcome, Ana"),
    ("organizations:overview", "What needs attention"),
    ("shortcuts", "Press the two keys"),
    ("gallery", "Gallery of components"),
    ("account:activity", "created"),
    ("account:change-owner", "Choose a new owner"),
    ("account:close", "It cannot be opened again."),
    ("account:detail", "Why do I have access?"),
    ("account:new", "Create New Account"),
    ("account:user", "Gorō"),
    ("account:users", "Gorō"),
    ("accounts:activity", "created"),
    ("accounts:add", "Account SID"),
    ("accounts:change-owner", "Choose a new owner"),
    ("accounts:close", "It cannot be opened again."),
    ("accounts:detail", "Enable HIPAA for this account"),
    ("accounts:independent", "Client sites"),
    ("accounts:independent-detail", "Client sites"),
    ("accounts:invite", "Select account roles"),
    ("accounts:invited", "contractor.example"),
    ("accounts:list", "Billing"),
    ("accounts:look-up", "Email address or User SID"),
    ("accounts:new", "Friendly name"),
    ("accounts:new-review", "Review the new account"),
    ("accounts:new-subaccount", "Friendly name"),
    ("accounts:pending", "kai@acme.example"),
    ("accounts:pending-detail", "kai@acme.example"),
    ("accounts:pending-users", "contractor.example"),
    ("accounts:relinquish", "ana@acme.example loses access to Client sites."),
    ("accounts:roles", "Last day"),
    ("accounts:subaccounts", "Subaccounts"),
    ("accounts:user", "Developer"),
    ("accounts:users", "Ana Silva"),
    ("accounts:access", "Standard User (Account Creation)"),
    ("users:independent", "ida@freelance.example"),
    ("users:independent-detail", "Support line"),
    ("users:list", "Ben Okafor"),
    ("users:pending", "hana@acme.example"),
    ("users:invite", "Organization role"),
    ("domains:list", "acme-labs.example"),
    ("domains:add", "Domain name"),
    ("audit:list", "jun@acme.example"),
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
def test_a_page_of_the_admin_center_answers(name, text, sids, ana, sign_in) -> None:
    response = sign_in(ana).get(path_to(name, sids))
    assert response.status_code == 200
    assert text in response.content.decode()
