"""Budgets on the Billing page: set, removed, lifted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from console.forms import Form
from console.http import Place, project_view
from console.views.billing import page_of
from functions.budget_policy import read_amount
from functions.errors import FunctoryError, ResourceNotFound
from functions.models import Budget
from functions.services import budgets as services
from functions.states import Role

FIELDS = ("function", "amount", "hard")


@require_POST
@project_view(role=Role.OPERATOR)
def save(request: HttpRequest, place: Place) -> HttpResponse:
    """Set one, for the whole project where no function is named."""
    form = Form.read(request.POST, FIELDS)
    try:
        budget = _save(place, form)
    except FunctoryError as error:
        form.refuse(error)
        return page_of(request, place, budget_form=form, status=error.status)
    messages.info(request, f"The budget of {budget.subject} holds from now on.")
    return redirect("billing", place.account)


@require_POST
@project_view(role=Role.OPERATOR)
def remove(request: HttpRequest, place: Place, budget_id: UUID) -> HttpResponse:
    """Take one away."""
    budget = _budget(place, budget_id)
    services.remove_budget(acting=place.principal, budget=budget)
    messages.info(request, f"The budget of {budget.subject} is gone.")
    return redirect("billing", place.account)


@require_POST
@project_view(role=Role.OPERATOR)
def lift(request: HttpRequest, place: Place, budget_id: UUID) -> HttpResponse:
    """Let calls through for the rest of the month."""
    budget = _budget(place, budget_id)
    services.lift(acting=place.principal, budget=budget)
    messages.info(request, f"Calls of {budget.subject} go through again until the month ends.")
    return redirect("billing", place.account)


def _save(place: Place, form: Form) -> Budget:
    return services.set_budget(
        acting=place.principal,
        project=place.project,
        function=place.function_typed(form.text("function"), "function"),
        amount_pico=read_amount(form.text("amount")),
        is_hard=form.text("hard") == "1",
    )


def _budget(place: Place, budget_id: UUID) -> Budget:
    found = Budget.objects.select_related("function").filter(project=place.project, pk=budget_id).first()
    if found is None:
        raise ResourceNotFound("There is no such budget.")
    return found
