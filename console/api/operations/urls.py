"""Function URL configurations."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from console.api import describe
from console.api.call import Call
from functions.errors import ResourceNotFound
from functions.models import Function, FunctionUrl
from functions.naming import is_latest
from functions.queries.pages import keyset_page
from functions.services import triggers
from functions.states import InvokeMode

Output = dict[str, Any]
_CHANGES = {"AuthType": "auth", "InvokeMode": "invoke_mode", "Cors": "cors"}


def create_function_url_config(call: Call) -> Output:
    """An HTTP address for $LATEST or an alias."""
    function, qualifier = call.function(), call.reference().qualifier
    url = triggers.create_url(
        acting=call.principal,
        function=function,
        qualifier=qualifier,
        auth=call["AuthType"],
        invoke_mode=call.get("InvokeMode", InvokeMode.BUFFERED),
        cors=call.get("Cors"),
    )
    return _without_modified(_describe(function, url))


def get_function_url_config(call: Call) -> Output:
    """The address of a qualifier."""
    function, url = _found(call)
    return _describe(function, url)


def update_function_url_config(call: Call) -> Output:
    """Change who may call, CORS or the mode."""
    function, url = _found(call)
    changes = {field: call[name] for name, field in _CHANGES.items() if name in call.parameters}
    return _describe(function, triggers.update_url(acting=call.principal, url=url, **changes))


def delete_function_url_config(call: Call) -> Output:
    """Take the address away."""
    _, url = _found(call)
    triggers.delete_url(acting=call.principal, url=url)
    return {}


def list_function_url_configs(call: Call) -> Output:
    """All addresses of a function."""
    function = call.function()
    rows = FunctionUrl.objects.filter(function=function)
    page = keyset_page(rows, order=["id"], marker=call.get("Marker", ""), size=call.page_size())
    shown = [_describe(function, url) for url in page.items]
    return {"FunctionUrlConfigs": shown, "NextMarker": page.next_marker or None}


def _found(call: Call) -> tuple[Function, FunctionUrl]:
    function, qualifier = call.function(), call.reference().qualifier
    wanted = "" if is_latest(qualifier) else qualifier
    url = FunctionUrl.objects.filter(function=function, qualifier=wanted).select_related("function").first()
    if url is None:
        raise ResourceNotFound("The resource you requested does not exist.")
    return function, url


def _describe(function: Function, url: FunctionUrl) -> Output:
    return describe.function_url(function, url, settings.FUNCTORY.gateway_public_url)


def _without_modified(answer: Output) -> Output:
    return {name: value for name, value in answer.items() if name != "LastModifiedTime"}
