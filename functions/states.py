"""Closed vocabularies: every status, kind and class that is stored or compared, with its named groups."""

from __future__ import annotations

from django.db.models import TextChoices


class Role(TextChoices):
    """What a member of a project may do; each includes the ones before it."""

    VIEWER = "viewer", "Viewer"
    DEVELOPER = "developer", "Developer"
    OPERATOR = "operator", "Operator"
    ADMINISTRATOR = "administrator", "Administrator"

    @property
    def rank(self) -> int:
        """Position in the order of rights, 0 for a viewer."""
        return list(Role).index(self)


class NetworkMode(TextChoices):
    """What a sandbox can reach."""

    NONE = "none", "No network"
    INTERNET = "internet", "Internet only"
    OPEN = "open", "Open (private addresses too)"


class TriggerKind(TextChoices):
    """What called a function; stored on every record."""

    TEST = "test", "Test"
    API = "api", "API"
    FUNCTION_URL = "function_url", "Function URL"
    SCHEDULE = "schedule", "Schedule"
    REPLAY = "replay", "Replay"
    DEPLOY = "deploy", "Deploy check"
    DESTINATION = "destination", "Destination"
    EVENT_RULE = "event_rule", "Event rule"
    QUEUE = "queue", "Queue"
    BUCKET = "bucket", "Bucket"
    WEBHOOK = "webhook", "Webhook"


class InvocationType(TextChoices):
    """As in the Invoke API."""

    REQUEST_RESPONSE = "RequestResponse", "Synchronous"
    EVENT = "Event", "Asynchronous"
    DRY_RUN = "DryRun", "Dry run"


class Outcome(TextChoices):
    """How an invocation ended: one class each, decided by the gateway alone."""

    # Enum's own is a call of Python, and every call of a function asks tables by its outcome.
    __hash__ = str.__hash__

    SUCCESS = "success", "Succeeded"
    FUNCTION_ERROR = "function_error", "Function error"
    TIMEOUT = "timeout", "Timed out"
    OUT_OF_MEMORY = "out_of_memory", "Out of memory"
    CRASH = "crash", "Process exited"
    INIT_FAILURE = "init_failure", "Failed to start"
    THROTTLED = "throttled", "Throttled"
    PLATFORM = "platform", "Platform failure"


# The function's own failures: they count as Errors (AWS's metric) and use up a retry.
FUNCTION_FAULTS = frozenset(
    {Outcome.FUNCTION_ERROR, Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.CRASH, Outcome.INIT_FAILURE}
)
# Not the function's fault: never billed, never use up a retry.
NOT_RUN = frozenset({Outcome.THROTTLED, Outcome.PLATFORM})


class EndReason(TextChoices):
    """Why a sandbox ended."""

    IDLE = "idle", "Idle for its time to live"
    EVICTED = "evicted", "Evicted for capacity"
    DRAINED = "drained", "Replaced by a newer revision"
    TIMEOUT = "timeout", "A call timed out"
    OUT_OF_MEMORY = "out_of_memory", "Out of memory"
    CRASH = "crash", "Its process exited"
    INIT_FAILURE = "init_failure", "The code failed to start"
    SHUTDOWN = "shutdown", "Functory stopped"
    ORPHANED = "orphaned", "Found after a restart"
    PLATFORM = "platform", "Platform failure"


class DeploymentState(TextChoices):
    """Where a deployment stands."""

    QUEUED = "queued", "Queued"
    SAVING = "saving", "Saving code"
    BUILDING = "building", "Installing dependencies"
    STARTING = "starting", "Starting a sandbox"
    SUCCEEDED = "succeeded", "Deployed"
    FAILED = "failed", "Failed"
    SUPERSEDED = "superseded", "Superseded by a newer deploy"


class AlarmState(TextChoices):
    """As CloudWatch's alarms have it."""

    OK = "OK", "OK"
    ALARM = "ALARM", "In alarm"
    INSUFFICIENT = "INSUFFICIENT_DATA", "Insufficient data"


class Comparison(TextChoices):
    """How a value lies beyond a threshold, as in PutMetricAlarm."""

    ABOVE = "GreaterThanThreshold", "above"
    AT_LEAST = "GreaterThanOrEqualToThreshold", "at or above"
    BELOW = "LessThanThreshold", "below"
    AT_MOST = "LessThanOrEqualToThreshold", "at or below"

    def holds(self, value: float, threshold: float) -> bool:
        """Whether it does."""
        return {
            Comparison.ABOVE: value > threshold,
            Comparison.AT_LEAST: value >= threshold,
            Comparison.BELOW: value < threshold,
            Comparison.AT_MOST: value <= threshold,
        }[self]


class NoticeStyle(TextChoices):
    """In which shape an alarm is sent to a webhook."""

    JSON = "json", "JSON"
    SLACK = "slack", "Slack-shaped text"


class ReleaseState(TextChoices):
    """Where a gradual release stands."""

    RUNNING = "running", "Under way"
    PROMOTED = "promoted", "Serves all calls"
    ROLLED_BACK = "rolled_back", "Rolled back by itself"
    ABORTED = "aborted", "Rolled back"
    SUPERSEDED = "superseded", "Overtaken"


DEPLOYMENT_MOVES: dict[str, frozenset[str]] = {
    DeploymentState.QUEUED: frozenset(
        {DeploymentState.SAVING, DeploymentState.FAILED, DeploymentState.SUPERSEDED}
    ),
    DeploymentState.SAVING: frozenset(
        {DeploymentState.BUILDING, DeploymentState.STARTING, DeploymentState.FAILED}
    ),
    DeploymentState.BUILDING: frozenset({DeploymentState.STARTING, DeploymentState.FAILED}),
    DeploymentState.STARTING: frozenset(
        {DeploymentState.SUCCEEDED, DeploymentState.FAILED, DeploymentState.SUPERSEDED}
    ),
    DeploymentState.SUCCEEDED: frozenset(),
    DeploymentState.FAILED: frozenset(),
    DeploymentState.SUPERSEDED: frozenset(),
}
DEPLOYMENT_ENDED = frozenset({DeploymentState.SUCCEEDED, DeploymentState.FAILED, DeploymentState.SUPERSEDED})


class EventState(TextChoices):
    """Where an asynchronous event stands."""

    PENDING = "pending", "Waiting"
    CLAIMED = "claimed", "In flight"
    SUCCEEDED = "succeeded", "Succeeded"
    DEAD = "dead", "Dead letter"
    EXPIRED = "expired", "Expired"


EVENT_ENDED = frozenset({EventState.SUCCEEDED, EventState.DEAD, EventState.EXPIRED})


class FunctionState(TextChoices):
    """How a function stands, as lists and its header say it; derived, never stored."""

    DRAFT = "draft", "Draft"
    DEPLOYING = "deploying", "Deploying"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"


class RecursiveLoop(TextChoices):
    """What becomes of a chain of calls that comes back again and again, as in PutFunctionRecursionConfig."""

    ALLOW = "Allow", "Allow"
    TERMINATE = "Terminate", "Terminate"


class UrlAuth(TextChoices):
    """Who may call a function URL, as in CreateFunctionUrlConfig."""

    NONE = "NONE", "Anyone"
    AWS_IAM = "AWS_IAM", "Signed requests"


class HookProvider(TextChoices):
    """Who sends a webhook, and so how it is signed."""

    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    STRIPE = "stripe", "Stripe"
    SLACK = "slack", "Slack"
    STANDARD = "standard", "Standard Webhooks"
    GENERIC = "generic", "Another sender (HMAC-SHA256)"


class HookDelivery(TextChoices):
    """What the sender of a webhook is answered."""

    EVENT = "event", "202 at once; the function is called behind it, with retries"
    WAIT = "wait", "What the function answers"


class InvokeMode(TextChoices):
    """As in CreateFunctionUrlConfig."""

    BUFFERED = "BUFFERED", "Buffered"
    RESPONSE_STREAM = "RESPONSE_STREAM", "Streamed"


class EventCapture(TextChoices):
    """Which events are kept with their invocation."""

    NONE = "none", "None"
    RECENT = "recent", "Failures and the last 50"
    ALL = "all", "All"


LATEST = "$LATEST"
# What a draft that is tested runs as: it has no number, and is not $LATEST either.
DRAFT = "draft"
LIVE_ALIAS = "live"
