"""Budgets on the Billing page: set, shown, lifted, removed; and the pages that tell of calls held back."""

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.models import Budget
from functions.pricing import PICO
from functions.services import budgets
from functions.states import Role
from tests.support import rows
from tests.support.seed import Seed


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


def bill(client, project) -> str:
    return client.get(url("billing", project)).content.decode()


@pytest.fixture
def used_up(principal, project, function) -> Budget:
    deployed = rows.deploy(function)
    seed = Seed(project_id=project.pk, function_id=deployed.pk, name=deployed.name)
    seed.day(day=timezone.now().date(), cost_pico=6 * PICO)
    return budgets.set_budget(
        acting=principal, project=project, function=deployed, amount_pico=5 * PICO, is_hard=True
    )


def test_one_for_the_project_and_one_for_a_function(admin, project, function):
    rows.deploy(function)
    assert "None yet" in bill(admin, project)
    admin.post(url("budget_save", project), {"function": "", "amount": "20"})
    admin.post(url("budget_save", project), {"function": "hello", "amount": "5", "hard": "1"})
    text = bill(admin, project)
    assert "Whole project" in text
    assert "of $20.00, 0" in text
    assert "Refuse calls once it is used up" in text
    assert [(row.subject, row.is_hard) for row in Budget.objects.order_by("amount_pico")] == [
        ("hello", True),
        ("the whole project", False),
    ]


@pytest.mark.parametrize(
    ("typed", "status", "field"),
    [
        ({"function": "nothing", "amount": "5"}, 404, "function"),
        ({"function": "", "amount": "a lot"}, 400, "amount"),
        ({"function": "", "amount": ""}, 400, "amount"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_what_was_typed_stays(admin, project, typed, status, field):
    answer = admin.post(url("budget_save", project), {**typed, "hard": "1"})
    assert answer.status_code == status
    text = answer.content.decode()
    assert f'id="budget-{field}-problem"' in text
    assert "checked" in text
    assert not Budget.objects.exists()


def test_what_is_held_back_is_said_where_it_concerns_somebody(admin, project, used_up):
    words = "The budget of hello ($5.00 a month) is used up"
    for page in (url("home", project), url("function_versions", project, "hello")):
        assert words in admin.get(page).content.decode()
    other = rows.deploy(rows.make_function(project, "other"))
    assert words not in admin.get(url("function_versions", project, other.name)).content.decode()
    assert "Calls are refused" in bill(admin, project)


def test_it_is_lifted_by_one_click(admin, project, used_up):
    admin.post(url("budget_lift", project, used_up.pk))
    text = bill(admin, project)
    assert "Lifted until the month ends" in text
    assert "is used up" not in admin.get(url("home", project)).content.decode()
    assert admin.post(url("budget_lift", project, used_up.pk)).status_code == 409


def test_it_is_removed(admin, project, used_up):
    admin.post(url("budget_remove", project, used_up.pk))
    assert not Budget.objects.exists()
    assert admin.post(url("budget_remove", project, used_up.pk)).status_code == 404


def test_developers_see_and_operators_change(as_role, project, used_up):
    developer = as_role(Role.DEVELOPER)
    text = bill(developer, project)
    assert "$6.00 of $5.00" in text
    assert "Set budget" not in text
    for name, more in (("budget_save", ()), ("budget_lift", (used_up.pk,)), ("budget_remove", (used_up.pk,))):
        assert developer.post(url(name, project, *more), {"amount": "9"}).status_code == 403
    assert Budget.objects.get().is_stopping


def test_strangers_change_nothing(stranger, project, used_up):
    assert stranger.post(url("budget_lift", project, used_up.pk)).status_code == 404


def test_other_months_show_no_budgets(admin, project, used_up):
    text = admin.get(url("billing", project) + "?month=2025-01").content.decode()
    assert "Budgets of this month" not in text
