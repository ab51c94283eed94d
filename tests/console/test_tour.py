"""The tour of the first visit, and the bar of a page that an older console made."""

from __future__ import annotations

from django.urls import reverse

from console.release import release
from functions.models import User
from functions.states import Role


def home(project, query="") -> str:
    return reverse("home", args=[project.account]) + query


def test_it_is_shown_until_it_is_closed_for_good(project, user, admin):
    assert "data-tour-stops" in admin.get(home(project)).content.decode()
    answer = admin.post(reverse("tour_close", args=[project.account]))
    assert answer.status_code == 204
    closed = User.objects.get(id=user.id).tour_closed_at
    assert "data-tour-stops" not in admin.get(home(project)).content.decode()
    admin.post(reverse("tour_close", args=[project.account]))
    assert User.objects.get(id=user.id).tour_closed_at == closed


def test_it_can_be_taken_again(project, user, admin):
    admin.post(reverse("tour_close", args=[project.account]))
    assert "data-tour-stops" in admin.get(home(project, "?tour=1")).content.decode()


def test_each_person_closes_their_own(project, admin, as_role):
    as_role(Role.VIEWER).post(reverse("tour_close", args=[project.account]))
    assert "data-tour-stops" in admin.get(home(project)).content.decode()


def test_looking_at_the_address_closes_nothing(project, user, admin):
    assert admin.get(reverse("tour_close", args=[project.account])).status_code == 405
    assert User.objects.get(id=user.id).tour_closed_at is None


def test_a_stranger_has_no_tour_here(project, stranger):
    assert stranger.post(reverse("tour_close", args=[project.account])).status_code == 404


def test_page_and_answers_name_the_same_release(project, admin):
    answer = admin.get(home(project))
    assert answer.headers["X-Functory-Release"] == release()
    assert f'data-release="{release()}"' in answer.content.decode()


def test_a_release_changes_with_the_pages(tmp_path, settings):
    release.cache_clear()
    (tmp_path / "templates").mkdir()
    settings.BASE_DIR = tmp_path
    empty = release()
    release.cache_clear()
    (tmp_path / "templates" / "a.html").write_text("changed")
    changed = release()
    release.cache_clear()
    assert changed != empty
