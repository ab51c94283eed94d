"""Pages say which aws command does or reads the same."""

import pytest
from django.urls import reverse


@pytest.mark.parametrize(
    ("name", "more", "command"),
    [
        ("home", (), "aws lambda list-functions"),
        ("logs", (), "aws logs describe-log-groups"),
        ("function_logs", ("hello",), "aws logs tail /aws/lambda/hello"),
        ("function_monitor", ("hello",), "aws logs tail /aws/lambda/hello"),
        ("events", (), "aws lambda invoke --invocation-type Event"),
        ("queues", (), "aws sqs list-queues"),
        ("buckets", (), "aws s3 ls"),
        ("limits", (), "aws lambda get-account-settings"),
        ("keys", (), "aws sts get-caller-identity"),
        ("secrets", (), "aws secretsmanager list-secrets"),
        ("metrics", (), "aws logs filter-log-events"),
        ("billing", (), "aws logs filter-log-events"),
        ("project_settings", (), "aws lambda get-account-settings"),
        ("triggers", (), "aws lambda list-function-url-configs"),
    ],
)
def test_a_page_says_which_command_does_the_same(admin, project, function, name, more, command):
    page = admin.get(reverse(name, args=[project.account, *more])).content.decode()
    assert f"<code>{command}" in page
