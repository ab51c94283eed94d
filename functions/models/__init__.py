"""The schema: fields, constraints and small derived reads. Telemetry models live in their own database."""

from functions.models.access import AccessKey, AuditEntry, Membership, Project, User
from functions.models.alarm import Alarm, AlarmChange
from functions.models.bucket import Bucket, MultipartUpload, StoredObject, UploadedPart
from functions.models.budget import Budget
from functions.models.event_config import EventInvokeConfig
from functions.models.event_rule import EventRule, EventTarget
from functions.models.function import Draft, DraftFile, Function, TestEvent
from functions.models.identity import IamAttachment, IamPolicy, IamRole, IamRolePolicy, IamSession
from functions.models.invocation import Attempt, Event, Invocation, InvocationLog, InvocationPayload, LogChunk
from functions.models.layer import LayerVersion
from functions.models.log_group import LogEvent, LogGroup, LogStream
from functions.models.message_queue import EventSourceMapping, MessageQueue, QueueDeduplication, QueueMessage
from functions.models.metric import MetricMinute, MetricSpan, UsageDay, UsageMonth
from functions.models.policy import FunctionPolicy
from functions.models.provision import ProvisionedConcurrency
from functions.models.refusal import Refusal
from functions.models.release import Release
from functions.models.secret import Secret
from functions.models.trigger import FunctionUrl, Schedule
from functions.models.version import Alias, Artifact, DependencyTree, Deployment, Revision, Version
from functions.models.webhook import Webhook

__all__ = [
    "Alarm",
    "AlarmChange",
    "AccessKey",
    "Alias",
    "Artifact",
    "Attempt",
    "AuditEntry",
    "Bucket",
    "Budget",
    "DependencyTree",
    "Deployment",
    "Draft",
    "DraftFile",
    "Event",
    "EventInvokeConfig",
    "EventRule",
    "EventSourceMapping",
    "EventTarget",
    "Function",
    "FunctionPolicy",
    "FunctionUrl",
    "IamAttachment",
    "IamPolicy",
    "IamRole",
    "IamRolePolicy",
    "IamSession",
    "Invocation",
    "InvocationLog",
    "InvocationPayload",
    "LayerVersion",
    "LogChunk",
    "LogEvent",
    "LogGroup",
    "LogStream",
    "Membership",
    "MessageQueue",
    "MetricMinute",
    "MetricSpan",
    "MultipartUpload",
    "Project",
    "ProvisionedConcurrency",
    "QueueDeduplication",
    "QueueMessage",
    "Refusal",
    "Release",
    "Revision",
    "Schedule",
    "Secret",
    "StoredObject",
    "TestEvent",
    "UploadedPart",
    "UsageDay",
    "UsageMonth",
    "User",
    "Version",
    "Webhook",
]
