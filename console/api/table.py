"""Which operations there are. What the model knows and this table does not is refused as AWS refuses what a region
does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.api.call import Call
from console.api.operations import (
    account,
    event_sources,
    events,
    functions,
    layers,
    policies,
    provisions,
    runtimes,
    urls,
    versions,
)

Operation = Callable[[Call], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "CreateFunction": functions.create_function,
    "GetFunction": functions.get_function,
    "GetFunctionConfiguration": functions.get_function_configuration,
    "ListFunctions": functions.list_functions,
    "UpdateFunctionCode": functions.update_function_code,
    "UpdateFunctionConfiguration": functions.update_function_configuration,
    "DeleteFunction": functions.delete_function,
    "PublishVersion": versions.publish_version,
    "ListVersionsByFunction": versions.list_versions_by_function,
    "CreateAlias": versions.create_alias,
    "GetAlias": versions.get_alias,
    "ListAliases": versions.list_aliases,
    "UpdateAlias": versions.update_alias,
    "DeleteAlias": versions.delete_alias,
    "CreateFunctionUrlConfig": urls.create_function_url_config,
    "GetFunctionUrlConfig": urls.get_function_url_config,
    "UpdateFunctionUrlConfig": urls.update_function_url_config,
    "DeleteFunctionUrlConfig": urls.delete_function_url_config,
    "ListFunctionUrlConfigs": urls.list_function_url_configs,
    "AddPermission": policies.add_permission,
    "RemovePermission": policies.remove_permission,
    "GetPolicy": policies.get_policy,
    "ListTags": account.list_tags,
    "TagResource": account.tag_resource,
    "UntagResource": account.untag_resource,
    "PutFunctionConcurrency": account.put_function_concurrency,
    "GetFunctionConcurrency": account.get_function_concurrency,
    "DeleteFunctionConcurrency": account.delete_function_concurrency,
    "GetAccountSettings": account.get_account_settings,
    "GetFunctionCodeSigningConfig": account.get_function_code_signing_config,
    "GetFunctionRecursionConfig": events.get_function_recursion_config,
    "PutFunctionRecursionConfig": events.put_function_recursion_config,
    "PutFunctionEventInvokeConfig": events.put_function_event_invoke_config,
    "UpdateFunctionEventInvokeConfig": events.update_function_event_invoke_config,
    "GetFunctionEventInvokeConfig": events.get_function_event_invoke_config,
    "ListFunctionEventInvokeConfigs": events.list_function_event_invoke_configs,
    "DeleteFunctionEventInvokeConfig": events.delete_function_event_invoke_config,
    "PublishLayerVersion": layers.publish_layer_version,
    "GetLayerVersion": layers.get_layer_version,
    "GetLayerVersionByArn": layers.get_layer_version_by_arn,
    "ListLayers": layers.list_layers,
    "ListLayerVersions": layers.list_layer_versions,
    "DeleteLayerVersion": layers.delete_layer_version,
    "AddLayerVersionPermission": layers.add_layer_version_permission,
    "RemoveLayerVersionPermission": layers.remove_layer_version_permission,
    "GetLayerVersionPolicy": layers.get_layer_version_policy,
    "GetRuntimeManagementConfig": runtimes.get_runtime_management_config,
    "PutRuntimeManagementConfig": runtimes.put_runtime_management_config,
    "PutProvisionedConcurrencyConfig": provisions.put_provisioned_concurrency_config,
    "GetProvisionedConcurrencyConfig": provisions.get_provisioned_concurrency_config,
    "ListProvisionedConcurrencyConfigs": provisions.list_provisioned_concurrency_configs,
    "DeleteProvisionedConcurrencyConfig": provisions.delete_provisioned_concurrency_config,
    "CreateEventSourceMapping": event_sources.create_event_source_mapping,
    "GetEventSourceMapping": event_sources.get_event_source_mapping,
    "ListEventSourceMappings": event_sources.list_event_source_mappings,
    "UpdateEventSourceMapping": event_sources.update_event_source_mapping,
    "DeleteEventSourceMapping": event_sources.delete_event_source_mapping,
}
