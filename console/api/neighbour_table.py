"""Which operations of Lambda's neighbours there are. What a model knows and this table does not answers
NotImplemented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.api.call import Call
from console.api.operations import (
    event_bus,
    iam_policies,
    iam_roles,
    log_events,
    log_groups,
    queue_messages,
    queues,
    secrets,
    sts,
)

Operation = Callable[[Call], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "sts:GetCallerIdentity": sts.get_caller_identity,
    "sts:AssumeRole": sts.assume_role,
    "iam:CreateRole": iam_roles.create_role,
    "iam:GetRole": iam_roles.get_role,
    "iam:ListRoles": iam_roles.list_roles,
    "iam:DeleteRole": iam_roles.delete_role,
    "iam:UpdateAssumeRolePolicy": iam_roles.update_assume_role_policy,
    "iam:TagRole": iam_roles.tag_role,
    "iam:UntagRole": iam_roles.untag_role,
    "iam:ListRoleTags": iam_roles.list_role_tags,
    "iam:PutRolePolicy": iam_roles.put_role_policy,
    "iam:GetRolePolicy": iam_roles.get_role_policy,
    "iam:DeleteRolePolicy": iam_roles.delete_role_policy,
    "iam:ListRolePolicies": iam_roles.list_role_policies,
    "iam:ListInstanceProfilesForRole": iam_roles.list_instance_profiles_for_role,
    "iam:CreatePolicy": iam_policies.create_policy,
    "iam:GetPolicy": iam_policies.get_policy,
    "iam:GetPolicyVersion": iam_policies.get_policy_version,
    "iam:ListPolicyVersions": iam_policies.list_policy_versions,
    "iam:ListPolicies": iam_policies.list_policies,
    "iam:DeletePolicy": iam_policies.delete_policy,
    "iam:AttachRolePolicy": iam_policies.attach_role_policy,
    "iam:DetachRolePolicy": iam_policies.detach_role_policy,
    "iam:ListAttachedRolePolicies": iam_policies.list_attached_role_policies,
    "secretsmanager:CreateSecret": secrets.create_secret,
    "secretsmanager:GetSecretValue": secrets.get_secret_value,
    "secretsmanager:PutSecretValue": secrets.put_secret_value,
    "secretsmanager:UpdateSecret": secrets.update_secret,
    "secretsmanager:DescribeSecret": secrets.describe_secret,
    "secretsmanager:ListSecrets": secrets.list_secrets,
    "secretsmanager:DeleteSecret": secrets.delete_secret,
    "logs:CreateLogGroup": log_groups.create_log_group,
    "logs:DeleteLogGroup": log_groups.delete_log_group,
    "logs:DescribeLogGroups": log_groups.describe_log_groups,
    "logs:PutRetentionPolicy": log_groups.put_retention_policy,
    "logs:DeleteRetentionPolicy": log_groups.delete_retention_policy,
    "logs:CreateLogStream": log_groups.create_log_stream,
    "logs:DeleteLogStream": log_groups.delete_log_stream,
    "logs:DescribeLogStreams": log_groups.describe_log_streams,
    "logs:GetLogEvents": log_events.get_log_events,
    "logs:FilterLogEvents": log_events.filter_log_events,
    "logs:PutLogEvents": log_events.put_log_events,
    "events:PutEvents": event_bus.put_events_on_bus,
    "events:PutRule": event_bus.put_rule,
    "events:DescribeRule": event_bus.describe_rule,
    "events:ListRules": event_bus.list_rules,
    "events:DeleteRule": event_bus.delete_rule,
    "events:EnableRule": event_bus.enable_rule,
    "events:DisableRule": event_bus.disable_rule,
    "events:PutTargets": event_bus.put_targets,
    "events:RemoveTargets": event_bus.remove_targets,
    "events:ListTargetsByRule": event_bus.list_targets_by_rule,
    "events:ListRuleNamesByTarget": event_bus.list_rule_names_by_target,
    "events:TestEventPattern": event_bus.try_event_pattern,
    "sqs:CreateQueue": queues.create_queue,
    "sqs:GetQueueUrl": queues.get_queue_url,
    "sqs:ListQueues": queues.list_queues,
    "sqs:ListDeadLetterSourceQueues": queues.list_dead_letter_source_queues,
    "sqs:GetQueueAttributes": queues.get_queue_attributes,
    "sqs:SetQueueAttributes": queues.set_queue_attributes,
    "sqs:DeleteQueue": queues.delete_queue,
    "sqs:PurgeQueue": queues.purge_queue,
    "sqs:TagQueue": queues.tag_queue,
    "sqs:UntagQueue": queues.untag_queue,
    "sqs:ListQueueTags": queues.list_queue_tags,
    "sqs:SendMessage": queue_messages.send_message,
    "sqs:SendMessageBatch": queue_messages.send_message_batch,
    "sqs:ReceiveMessage": queue_messages.receive_message,
    "sqs:DeleteMessage": queue_messages.delete_message,
    "sqs:DeleteMessageBatch": queue_messages.delete_message_batch,
    "sqs:ChangeMessageVisibility": queue_messages.change_message_visibility,
    "sqs:ChangeMessageVisibilityBatch": queue_messages.change_message_visibility_batch,
}

# For how long an answer that has nothing yet may be waited for, in seconds.
PATIENCE: Mapping[str, Callable[[Call, dict[str, Any]], int]] = {
    "sqs:ReceiveMessage": queue_messages.patience,
}
