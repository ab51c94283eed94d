"""What each step of the wizard reads and writes: a step takes what was typed and calls one service. Order,
pages and redirects are the view's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import QueryDict

from console import configuration_form as fields
from console.forms import Form, as_mapping, as_pairs, read_pairs
from functions import trigger_rules
from functions.errors import InvalidParameterValue
from functions.models import Draft, DraftFile, Function, Project
from functions.runtimes import IMAGE, runtime
from functions.services import drafts, runtime_images
from functions.services import functions as services
from functions.snapshots import Principal
from functions.starters import SETTINGS as STARTER_SETTINGS
from functions.starters import Starter, all_keys, has_starter, starter, starters
from functions.states import UrlAuth

STEPS = ("Create", "Runtime", "Code", "Trigger", "Review and deploy")
LAST = len(STEPS)
TRIGGER_STEP = 4  # past it, the trigger is what a person said and not what a starter suggested
ASSUMED_MS = 100  # what a call is taken to last in an estimate, unless its reader says otherwise
TRIGGER_FIELDS = ("kind", "auth", "expression", "timezone", "payload")
REVIEW_FIELDS = ("memory_mb", "timeout_s", "ephemeral_mb", "network")


@transaction.atomic
def create(*, acting: Principal, project: Project, post: QueryDict) -> Function:
    """Step 1 for a new function: its draft, with starter code and the trigger that suits it."""
    tags = as_mapping(read_pairs(post, "tag"), field_name="tags", noun="tag")
    function = services.create_draft(
        acting=acting,
        project=project,
        name=post.get("name", "").strip(),
        description=post.get("description", "").strip(),
        tags=tags,
    )
    key = post.get("starter", "")
    chosen = starter(function.draft.runtime, key if key in all_keys() else "hello")
    apply_starter(acting=acting, function=function, chosen=chosen)
    return function


@transaction.atomic
def rename(*, acting: Principal, function: Function, post: QueryDict) -> None:
    """Step 1, visited again."""
    tags = as_mapping(read_pairs(post, "tag"), field_name="tags", noun="tag")
    services.rename_draft(acting=acting, function=function, name=post.get("name", "").strip(), tags=tags)
    drafts.save_configuration(
        acting=acting, function=function, description=post.get("description", "").strip()
    )


@transaction.atomic
def choose_runtime(*, acting: Principal, function: Function, identifier: str) -> None:
    """Step 2. Another language brings its handler, and its starter code in place of untouched starter code;
    code that somebody wrote is never thrown away, also while an image is chosen in its place."""
    draft = Draft.objects.get(function=function)
    before, after = runtime(draft.runtime), runtime(identifier)
    if after is IMAGE:
        drafts.save_configuration(acting=acting, function=function, runtime=after.identifier)
        return
    runtime_images.want(identifier=after.identifier)
    if after.language == before.language:
        drafts.save_configuration(acting=acting, function=function, runtime=after.identifier)
        return
    key = untouched_starter(draft)
    drafts.save_configuration(
        acting=acting, function=function, runtime=after.identifier, handler=after.default_handler
    )
    if key is not None:
        chosen = starter(after.identifier, key if has_starter(after.identifier, key) else "hello")
        _begin_with(acting=acting, function=function, chosen=chosen)


@transaction.atomic
def apply_starter(*, acting: Principal, function: Function, chosen: Starter) -> None:
    """Starter code in place of the draft's files, with the trigger that suits it unless somebody has chosen one."""
    draft = Draft.objects.get(function=function)
    _begin_with(acting=acting, function=function, chosen=chosen)
    if draft.wizard_step > TRIGGER_STEP:
        return
    choice: dict[str, Any] = {"kind": chosen.trigger}
    if chosen.trigger == trigger_rules.SCHEDULE_TRIGGER:
        choice |= {"expression": chosen.expression, "timezone": "UTC", "payload": chosen.payload}
    drafts.choose_trigger(acting=acting, function=function, trigger=trigger_rules.check_choice(choice))


def _begin_with(*, acting: Principal, function: Function, chosen: Starter) -> None:
    """The starter's files, variables and settings in the draft. What another starter brought goes with it; what
    somebody typed stays."""
    draft = Draft.objects.get(function=function)
    row = runtime(draft.runtime)
    before = starter(row.identifier, draft.starter) if has_starter(row.identifier, draft.starter) else None
    here = fields.environment_of(draft)
    brought = before.environment if before else {}
    typed = {name: value for name, value in here.items() if brought.get(name) != value}
    plain = {name: getattr(Draft(), name) for name in STARTER_SETTINGS}
    given = {**plain, **(before.settings if before else {})}
    settings = {
        name: value
        for name, value in {**plain, **chosen.settings}.items()
        if getattr(draft, name) == given[name]
    }
    drafts.replace_files(acting=acting, function=function, files=dict(chosen.files), starter=chosen.key)
    drafts.save_configuration(
        acting=acting,
        function=function,
        handler=row.default_handler,
        environment={**chosen.environment, **typed},
        **settings,
    )


def choose_trigger(*, acting: Principal, function: Function, form: Form) -> None:
    """Step 4."""
    chosen = trigger_rules.check_choice(trigger_choice(form))
    drafts.choose_trigger(acting=acting, function=function, trigger=chosen)


def review(*, acting: Principal, function: Function, form: Form, post: QueryDict) -> None:
    """Step 5: the settings, before the deploy."""
    known = fields.environment_of(function.draft)
    drafts.save_configuration(
        acting=acting,
        function=function,
        environment=fields.typed_environment(post, known),
        **fields.typed_settings(form),
    )


def trigger_choice(form: Form) -> dict[str, str]:
    """What was chosen, with what belongs to its kind."""
    kind = form.text("kind")
    names = {
        trigger_rules.URL_TRIGGER: ("auth",),
        trigger_rules.SCHEDULE_TRIGGER: ("expression", "timezone", "payload"),
    }.get(kind, ())
    chosen = {"kind": kind, **{name: form.text(name) for name in names}}
    if kind == trigger_rules.SCHEDULE_TRIGGER:
        if not form.text("expression"):
            raise InvalidParameterValue(
                "Say when: an expression such as rate(5 minutes).", field="expression"
            )
        chosen["timezone"] = form.text("timezone") or "UTC"
    return chosen


def trigger_form(trigger: Mapping[str, Any]) -> Form:
    """Step 4's form as it was saved."""
    known = {name: str(trigger.get(name, "")) for name in TRIGGER_FIELDS}
    known["kind"] = known["kind"] or trigger_rules.NO_TRIGGER
    known["auth"] = known["auth"] or UrlAuth.NONE
    return Form(known)


def create_form(function: Function | None) -> tuple[Form, list[tuple[str, str]]]:
    """Step 1's form and tags as they were saved."""
    if function is None:
        return Form({"name": "", "description": ""}), []
    return Form({"name": function.name, "description": function.draft.description}), as_pairs(function.tags)


def untouched_starter(draft: Draft) -> str | None:
    """The key of the starter that the draft's files are, as they were given; None once they were edited.
    A draft without files counts as untouched."""
    if draft.package_id is not None:
        return None
    here = {row.path: bytes(row.content) for row in DraftFile.objects.filter(draft=draft)}
    if not here:
        return "hello"
    for each in starters(draft.runtime) if not draft.is_image else ():
        if {path: file.content for path, file in each.files} == here:
            return each.key
    return None
