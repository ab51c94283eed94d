"""Budgets: set, reached, overrun, lifted, over with the month; and what the gateway is told."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from functions.errors import AccessDenied, ResourceConflict, ResourceNotFound
from functions.models import AuditEntry, Budget, UsageMonth
from functions.pricing import PICO
from functions.queries import snapshots
from functions.services import budgets
from functions.services import functions as function_services
from functions.states import Role
from tests.support import rows
from tests.support.seed import Seed


@pytest.fixture
def deployed(function):
    return rows.deploy(function)


def spend(function, pico):
    """What the recorder adds up for this month."""
    seed = Seed(project_id=function.project_id, function_id=function.pk, name=function.name)
    seed.day(day=timezone.now().date(), requests=10, cost_pico=pico)


def set_one(acting, project, function=None, dollars=5, is_hard=True):
    return budgets.set_budget(
        acting=acting, project=project, function=function, amount_pico=dollars * PICO, is_hard=is_hard
    )


def refusal(function):
    return snapshots.route_by_id(function_id=function.pk, qualifier="").choices[0][0].over_budget


def look(now=None):
    return budgets.look_at_all(now=now or timezone.now())


def test_one_that_is_not_used_up_holds_nothing_back(operator, project, deployed):
    budget = set_one(operator, project, deployed)
    spend(deployed, 4 * PICO)
    assert look() == 0
    budget.refresh_from_db()
    assert (budget.spent_pico, budget.announced, budget.is_stopping) == (4 * PICO, 80, False)
    assert refusal(deployed) == ""


def test_a_hard_one_that_is_used_up_stops_its_function_and_no_other(operator, project, deployed, announced):
    set_one(operator, project, deployed)
    other = rows.deploy(rows.make_function(project, "other"))
    spend(deployed, 5 * PICO)
    announced.clear()
    assert look() == 1
    assert announced == [{"function_id": str(deployed.pk)}]
    assert "of the function hello is used up" in refusal(deployed)
    assert refusal(other) == ""
    assert look() == 0
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["budget.set", "budget.reach", "budget.stop"]


def test_a_project_s_stops_all_its_functions_and_no_other_project_s(operator, project, deployed, announced):
    set_one(operator, project)
    elsewhere = rows.deploy(rows.make_function(rows.make_project("Other"), "other"))
    spend(deployed, 3 * PICO)
    second = rows.deploy(rows.make_function(project, "second"))
    spend(second, 3 * PICO)
    announced.clear()
    look()
    assert announced == [{"project_id": str(project.pk)}]
    assert "of the project is used up" in refusal(deployed)
    assert refusal(second) == refusal(deployed)
    assert refusal(elsewhere) == ""


def test_a_soft_one_tells_and_stops_nothing(operator, project, deployed):
    budget = set_one(operator, project, deployed, is_hard=False)
    spend(deployed, 50 * PICO)
    look()
    budget.refresh_from_db()
    assert (budget.announced, budget.is_stopping) == (100, False)


def test_lifting_lets_calls_through_until_the_month_ends(operator, project, deployed, announced):
    budget = set_one(operator, project, deployed)
    with pytest.raises(ResourceConflict):
        budgets.lift(acting=operator, budget=budget)
    spend(deployed, 5 * PICO)
    look()
    budgets.lift(acting=operator, budget=budget)
    assert refusal(deployed) == ""
    assert look() == 0
    assert refusal(deployed) == ""


def test_the_next_month_begins_with_nothing_spent(operator, project, deployed, announced):
    budget = set_one(operator, project, deployed)
    spend(deployed, 5 * PICO)
    look()
    announced.clear()
    first = timezone.now().date().replace(day=1) + timedelta(days=32)
    assert look(datetime(first.year, first.month, 1, tzinfo=UTC)) == 1
    budget.refresh_from_db()
    assert (budget.spent_pico, budget.announced, budget.is_stopping) == (0, 0, False)
    assert announced == [{"function_id": str(deployed.pk)}]


def test_raising_or_removing_it_lets_calls_through_at_once(operator, project, deployed):
    set_one(operator, project, deployed)
    spend(deployed, 5 * PICO)
    look()
    budget = set_one(operator, project, deployed, dollars=6)
    assert refusal(deployed) == ""
    set_one(operator, project, deployed, dollars=2)
    assert "used up" in refusal(deployed)
    assert Budget.objects.count() == 1
    budgets.remove_budget(acting=operator, budget=budget)
    assert refusal(deployed) == ""


def test_operators_set_them_and_developers_do_not(developer, operator, project, deployed):
    with pytest.raises(AccessDenied):
        set_one(developer, project)
    budget = set_one(operator, project)
    for act in (budgets.lift, budgets.remove_budget):
        with pytest.raises(AccessDenied):
            act(acting=developer, budget=budget)
    theirs = rows.make_project("Other")
    they = rows.principal_of(theirs, rows.make_user(theirs, "they", Role.OPERATOR), Role.OPERATOR)
    with pytest.raises(ResourceNotFound):
        budgets.remove_budget(acting=they, budget=budget)


def test_a_deleted_function_s_is_looked_at_no_more(operator, project, deployed):
    set_one(operator, project, deployed)
    spend(deployed, 5 * PICO)
    function_services.delete_function(acting=operator, function=deployed)
    assert look() == 0


def test_what_is_spent_is_what_the_bill_says(operator, project, deployed):
    budget = set_one(operator, project)
    spend(deployed, 3)
    look()
    budget.refresh_from_db()
    assert budget.spent_pico == sum(UsageMonth.objects.values_list("cost_pico", flat=True)) == 3
