"""What a function's policies say, for pages."""

from __future__ import annotations

from functions.models import Function, FunctionPolicy
from functions.policies import ANYONE, AUTH_TYPE, INVOKE_URL, allows, read_statement
from functions.states import UrlAuth


def public_qualifiers(function: Function) -> set[str]:
    """The qualifiers ("" is $LATEST) whose URL everybody may call without a signature."""
    context = {AUTH_TYPE: UrlAuth.NONE.value}
    return {
        policy.qualifier
        for policy in FunctionPolicy.objects.filter(function=function)
        if allows(map(read_statement, policy.statements), ANYONE, INVOKE_URL, context)
    }
