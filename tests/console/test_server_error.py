"""What a person sees when the console itself fails."""

from django.test import RequestFactory
from django.views.defaults import server_error


def test_a_failure_says_what_is_safe_and_where_to_look():
    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert b"What was saved before is safe" in response.content
    assert b"make doctor" in response.content
