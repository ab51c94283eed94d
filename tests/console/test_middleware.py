"""Addresses that no database could look up are answered before it is asked."""

import pytest
from django.urls import reverse


@pytest.mark.parametrize("address", ["/p/000000000001/functions/%00", "/accounts?next=%00"])
def test_a_nul_in_an_address_names_nothing(client, databases, address):
    answer = client.get(address)
    assert (answer.status_code, answer.content) == (404, b"There is nothing at this address.")


def test_other_addresses_are_answered(client, databases):
    assert client.get(reverse("login")).status_code == 200
