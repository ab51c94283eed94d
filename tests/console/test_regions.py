"""Functions of one name in two regions on the console: each has its pages, its region is said, and a name alone is the
installation's own."""

from __future__ import annotations

import pytest
from django.utils import timezone

from functions.errors import ResourceNotFound
from functions.models import Function, MessageQueue
from functions.queries.access import function_at
from functions.services import event_sources
from tests.support import rows
from tests.support.seed import Seed

FAR = "eu-west-1"
TABS = ("code", "test", "triggers", "configuration", "monitor", "logs", "versions", "security")


@pytest.fixture
def far(project, function) -> Function:
    """Another `hello`, elsewhere."""
    made = rows.make_function(project, "hello-there")
    rows.deploy(made)
    Function.objects.filter(pk=made.pk).update(name="hello", region=FAR)
    return Function.objects.get(pk=made.pk)


def test_an_address_names_one_function(project, function, far) -> None:
    assert (function.address, far.address) == ("hello", f"hello@{FAR}")
    for one in (function, far):
        assert function_at(project_id=project.id, address=one.address) == one
    for address in ("hello@ap-south-1", "nobody", f"nobody@{FAR}"):
        with pytest.raises(ResourceNotFound):
            function_at(project_id=project.id, address=address)


def test_a_name_that_is_only_elsewhere_is_enough(project, function, far) -> None:
    Function.objects.filter(pk=function.pk).update(deleted_at=timezone.now())
    assert function_at(project_id=project.id, address="hello") == far


def test_every_tab_is_the_function_s_own_and_leads_to_its_own(admin, project, far) -> None:
    for tab in TABS:
        page = admin.get(f"/p/{project.account}/functions/{far.address}/{tab}")
        assert page.status_code == 200, tab
        text = page.content.decode()
        assert f", in {FAR}." in text or f">{far.address}<" in text, tab
        assert f"/functions/{far.address}/" in text, tab
        assert "/functions/hello/" not in text, tab


def test_the_list_says_which_is_where(admin, project, function, far) -> None:
    text = admin.get(f"/p/{project.account}/functions").content.decode()
    assert f'href="/p/{project.account}/functions/hello/"' in text
    assert f'href="/p/{project.account}/functions/{far.address}/"' in text
    assert text.count(f">{FAR}<") == 1


def test_what_is_done_is_done_to_the_one(admin, project, function, far) -> None:
    admin.post(f"/p/{project.account}/bulk", {"action": "pause", "name": far.address})
    far.refresh_from_db()
    function.refresh_from_db()
    assert (far.paused_at is not None, function.paused_at) == (True, None)
    answer = admin.post(f"/p/{project.account}/functions/{far.address}/pause", {"paused": "0"})
    assert answer.headers["Location"].endswith(f"/functions/{far.address}/configuration")
    far.refresh_from_db()
    assert far.paused_at is None
    admin.post(f"/p/{project.account}/functions/{far.address}/delete")
    assert list(Function.objects.filter(name="hello", deleted_at=None)) == [function]


def test_commands_say_the_region_where_it_is_not_the_installation_s(admin, project, function, far) -> None:
    base = f"/p/{project.account}/functions"
    assert f"--region {FAR}" in admin.get(f"{base}/{far.address}/versions").content.decode()
    assert "--region" not in admin.get(f"{base}/hello/versions").content.decode()


def test_a_queue_that_is_made_for_a_function_is_where_it_is(principal, far) -> None:
    event_sources.create_mapping_by_name(acting=principal, function=far, queue_name="orders")
    assert MessageQueue.objects.get().region == FAR


@pytest.fixture
def far_seed(project, far) -> Seed:
    """Telemetry of the one elsewhere."""
    return Seed(project_id=project.id, function_id=far.id, name=far.name)


def test_a_call_s_page_is_its_function_s(admin, project, far, far_seed) -> None:
    row = far_seed.invocation(at=timezone.now())
    base = f"/p/{project.account}/functions/{far.address}"
    monitor = admin.get(f"{base}/monitor").content.decode()
    assert f"{base}/invocations/{row.request_id}" in monitor
    page = admin.get(f"{base}/invocations/{row.request_id}")
    assert (page.status_code, page.context["function"]) == (200, far)
    found = admin.get(f"/p/{project.account}/invocations/{row.request_id}", follow=True)
    assert found.context["function"] == far


def test_the_bill_leads_to_the_one_that_cost(admin, project, function, far, far_seed) -> None:
    far_seed.day(day=timezone.now().date())
    text = admin.get(f"/p/{project.account}/billing").content.decode()
    assert f"/functions/{far.address}/monitor" in text
    assert "/functions/hello/monitor" not in text
