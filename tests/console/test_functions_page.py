"""The list of functions, what is done to several at once, and bringing deleted ones back."""

import re

from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from functions.models import Function
from functions.states import Outcome, Role
from tests.support import rows


def page_of(client, project, **query):
    return client.get(reverse("functions", args=[project.account]), query)


def bulk(client, project, **data):
    return client.post(reverse("functions_bulk", args=[project.account]), data, follow=True)


def test_the_list_shows_state_runtime_and_numbers(admin, project, function, seed):
    seed.minute(at=timezone.now(), errors=3)
    seed.day(day=timezone.now().date(), cost_pico=2_500_000_000_000)
    seed.invocation(at=timezone.now())
    text = page_of(admin, project).content.decode()
    for shown in ("hello", "Python 3.13", "Active", ">3</a>", "$2.50", "ago"):
        assert shown in text


def test_what_never_started_has_no_duration(admin, project, function, seed):
    seed.minute(at=timezone.now(), durations_ms=[0.0, 0.0], errors=2)
    seed.invocation(at=timezone.now(), outcome=Outcome.INIT_FAILURE, duration_us=0)
    text = page_of(admin, project).content.decode()
    assert ">2</a>" in text
    assert "0 µs" not in text
    monitor = admin.get(reverse("function_monitor", args=[project.account, function.name])).content.decode()
    assert "Failed to start" in monitor
    assert '<td class="text-end num text-nowrap">0 µs</td>' not in monitor


def test_searching_filtering_and_sorting_are_in_the_address(admin, project, function, draft):
    assert b"sketch" not in page_of(admin, project, q="hel").content
    assert b">hello<" not in page_of(admin, project, state="draft").content
    text = page_of(admin, project, order="-name").content.decode()
    assert text.index(">sketch<") < text.index(">hello<")
    assert 'aria-sort="descending"' in text


def test_a_filter_without_hits_says_so(admin, project, function):
    assert b"No function matches" in page_of(admin, project, q="zzz").content


def test_an_unknown_order_is_refused(admin, project):
    assert page_of(admin, project, order="password").status_code == 400


def test_pages_follow_one_another(admin, project, monkeypatch):
    monkeypatch.setattr("console.views.functions.PAGE", 2)
    for name in ("a", "b", "c"):
        rows.make_function(project, name)
    text = page_of(admin, project).content.decode()
    marker = text.split("marker=")[1].split('"')[0]
    following = page_of(admin, project, marker=marker).content.decode()
    assert ">c<" in following
    assert ">a<" not in following


def test_several_are_paused_and_resumed(admin, project, function, draft):
    assert b"2 functions paused" in bulk(admin, project, action="pause", name=["hello", "sketch"]).content
    assert Function.objects.filter(paused_at__isnull=False).count() == 2
    bulk(admin, project, action="resume", name=["hello"])
    assert Function.objects.get(name="hello").paused_at is None


def test_deleting_several_is_undone_at_once(admin, project, function, draft):
    page = bulk(admin, project, action="delete", name=["hello", "sketch"]).content.decode()
    assert "2 functions deleted, to be restored for 7 days." in page
    assert Function.objects.filter(deleted_at__isnull=False).count() == 2
    undo = re.search(r'action="([^"]*restore[^"]*)"', page)[1].replace("&amp;", "&")
    assert b"2 functions are back" in admin.post(undo, follow=True).content
    assert not Function.objects.filter(deleted_at__isnull=False).exists()


def test_undoing_brings_back_all_or_none(admin, project, function, draft):
    page = bulk(admin, project, action="delete", name=["hello", "sketch"]).content.decode()
    undo = re.search(r'action="([^"]*restore[^"]*)"', page)[1].replace("&amp;", "&")
    rows.make_function(project, "sketch")
    assert admin.post(undo).status_code == 409
    assert Function.objects.filter(deleted_at__isnull=False).count() == 2
    assert admin.post(reverse("functions_restore", args=[project.account]) + "?function=x").status_code == 404


def test_a_bulk_action_needs_its_role_and_existing_functions(as_role, admin, project, function):
    assert bulk(as_role(Role.VIEWER), project, action="pause", name=["hello"]).status_code == 403
    assert bulk(as_role(Role.DEVELOPER), project, action="pause", name=["hello"]).status_code == 403
    assert bulk(admin, project, action="pause", name=["hello", "nobody"]).status_code == 404
    assert Function.objects.get(name="hello").paused_at is None


def test_a_deleted_function_comes_back(admin, project, function):
    Function.objects.update(deleted_at=timezone.now())
    assert b"hello" in admin.get(reverse("functions_deleted", args=[project.account])).content
    answer = admin.post(reverse("function_restore", args=[project.account, function.pk]))
    assert answer.url == reverse("function", args=[project.account, "hello"])
    assert Function.objects.get().deleted_at is None


def test_a_taken_name_is_said_beside_its_field(admin, project, function):
    Function.objects.update(deleted_at=timezone.now())
    rows.make_function(project, "hello")
    url = reverse("function_restore", args=[project.account, function.pk])
    answer = admin.post(url)
    assert answer.status_code == 409
    assert b"Restore it under another name" in answer.content
    assert admin.post(url, {"name": "hello-2"}).status_code == 302
    assert Function.objects.filter(name="hello-2", deleted_at=None).exists()


def test_restoring_needs_the_role_developer_and_the_project(as_role, stranger, project, function):
    Function.objects.update(deleted_at=timezone.now())
    url = reverse("function_restore", args=[project.account, function.pk])
    assert as_role(Role.VIEWER).post(url).status_code == 403
    assert stranger.post(url).status_code == 404


def test_the_filters_choices_are_read_once_in_a_while(project, function, admin):
    first = page_of(admin, project)
    assert first.context["runtimes"] == ["python3.13"]
    rows.make_function(project, "later", runtime="nodejs24.x")
    Function.objects.filter(name="later").update(tags={"team": "blue"})
    again = page_of(admin, project)
    assert (again.context["runtimes"], again.context["tags"]) == (["python3.13"], [])
    cache.clear()
    fresh = page_of(admin, project).context
    assert (fresh["runtimes"], fresh["tags"]) == (["nodejs24.x", "python3.13"], ["team"])
