"""Accounts of Acme, as the tests of accounts have them."""

from tests.accounts.conftest import billing, dora, marketing, support

__all__ = ["billing", "dora", "marketing", "support"]
