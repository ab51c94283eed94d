"""One call of the API: who calls, in which project, with which parameters; and how functions are found by name
or ARN on the caller's behalf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.errors import AccessDenied, NotImplementedHere, ResourceNotFound
from functions.installation import region_of
from functions.models import Function, Project
from functions.naming import FunctionReference, parse_reference
from functions.queries.access import live_functions
from functions.snapshots import Principal


@dataclass(frozen=True, slots=True)
class Call:
    """Parsed and checked against the model; what it means is the operation's. `trace` is the caller's trace
    header."""

    principal: Principal
    project: Project
    parameters: Mapping[str, Any]
    trace: str = ""

    @property
    def region(self) -> str:
        """Where it acts."""
        return region_of(self.principal)

    def __getitem__(self, name: str) -> Any:
        """A required parameter."""
        return self.parameters[name]

    def get(self, name: str, default: Any = None) -> Any:
        """An optional parameter."""
        return self.parameters.get(name, default)

    def refuse_given(self, *names: str) -> None:
        """Raises NotImplementedHere for the first of these members that is there: nothing is taken and ignored."""
        for name in names:
            if self.get(name):
                raise NotImplementedHere(f"{name} is not implemented by Functory: leave it out.")

    def reference(self) -> FunctionReference:
        """FunctionName with the Qualifier beside it; another account's function is refused as AWS does."""
        found = parse_reference(self["FunctionName"], self.get("Qualifier", ""))
        if found.account and found.account != self.project.account:
            raise AccessDenied(
                f"User: {self.principal.arn} is not authorized to act on functions of account {found.account}"
            )
        if found.region and found.region != self.region:
            raise ResourceNotFound(f"Functions from '{found.region}' are not reachable from '{self.region}'")
        return found

    def function(self) -> Function:
        """The function named by FunctionName; raises ResourceNotFound in AWS's words. Drafts that were never
        deployed do not exist for the API."""
        return self.function_by(self.reference())

    def function_by(self, reference: FunctionReference) -> Function:
        """The live function of a reference."""
        rows = live_functions(self.project.pk).filter(region=self.region, name=reference.name)
        found = rows.exclude(latest=None, deployments=None).select_related("project", "latest").first()
        if found is None:
            arn = f"arn:aws:lambda:{self.region}:{self.project.account}:function:{reference.name}"
            suffix = f":{reference.qualifier}" if reference.qualifier else ""
            raise ResourceNotFound(f"Function not found: {arn}{suffix}")
        return found

    def page_size(self, most: int = 50) -> int:
        """MaxItems, at most what AWS gives at once."""
        return min(int(self.get("MaxItems", most)), most)
