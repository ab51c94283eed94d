"""Tickets and principals: whole, fresh and for their purpose, or refused."""

import pytest

from functions.errors import AccessDenied
from functions.snapshots import Principal
from functions.tokens import make_ticket, read_principal, read_ticket, sign_principal

KEY = b"k" * 32
ANN = Principal("user", "1", "ann", "p", "000000000001", "viewer", "127.0.0.1")


def test_a_ticket_comes_back_with_a_nonce():
    claims = read_ticket(KEY, make_ticket(KEY, {"project": "p", "function": ""}))
    assert claims["project"] == "p"
    assert claims["nonce"] != read_ticket(KEY, make_ticket(KEY, {}))["nonce"]


def test_a_principal_comes_back():
    assert read_principal(KEY, sign_principal(KEY, ANN)) == ANN


@pytest.mark.parametrize("make, read", [(lambda now: make_ticket(KEY, {}, now=now), read_ticket)])
def test_a_ticket_ages(make, read):
    assert read(KEY, make(1000.0), now=1059.0)
    with pytest.raises(AccessDenied):
        read(KEY, make(1000.0), now=1061.0)


def test_a_principal_ages():
    with pytest.raises(AccessDenied):
        read_principal(KEY, sign_principal(KEY, ANN, now=1000.0), now=1061.0)


def test_forgeries_and_mixed_purposes_are_refused():
    ticket, principal = make_ticket(KEY, {}), sign_principal(KEY, ANN)
    for forged in ("", ".", "a.b", ticket + "0", ticket[1:], "é.é", principal):
        with pytest.raises(AccessDenied):
            read_ticket(KEY, forged)
    for forged in ("", ticket, principal[:-1]):
        with pytest.raises(AccessDenied):
            read_principal(KEY, forged)
    with pytest.raises(AccessDenied):
        read_ticket(b"other", ticket)
