"""What SQS refuses: its error types, and the codes of its older query protocol that SDKs go by to this day. Pure.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html"""

from __future__ import annotations

from functions.errors import FunctoryError

_PREFIX = "AWS.SimpleQueueService."


class QueueRefusal(FunctoryError):
    """Any of them."""

    status = 400
    kind = "User"


class QueueDoesNotExist(QueueRefusal):
    """No queue of the caller has this name or address."""

    code = "QueueDoesNotExist"
    query_code = _PREFIX + "NonExistentQueue"


class QueueNameExists(QueueRefusal):
    """A queue of that name is there with other attributes."""

    code = "QueueNameExists"
    query_code = "QueueAlreadyExists"


class InvalidQueueParameter(QueueRefusal):
    """A parameter that the operation cannot take."""

    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"


class MissingQueueParameter(QueueRefusal):
    """A parameter that has to be there."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class InvalidAddress(QueueRefusal):
    """A QueueUrl that is none."""

    code = "InvalidAddress"
    query_code = "InvalidAddress"


class InvalidAttributeName(QueueRefusal):
    """An attribute that queues do not have."""

    code = "InvalidAttributeName"
    query_code = "InvalidAttributeName"


class InvalidAttributeValue(QueueRefusal):
    """A value that an attribute cannot have."""

    code = "InvalidAttributeValue"
    query_code = "InvalidAttributeValue"


class InvalidMessageContents(QueueRefusal):
    """A body with characters that XML does not have."""

    code = "InvalidMessageContents"
    query_code = "InvalidMessageContents"


class ReceiptHandleIsInvalid(QueueRefusal):
    """A receipt handle that no receive gave."""

    code = "ReceiptHandleIsInvalid"
    query_code = "ReceiptHandleIsInvalid"


class MessageNotInflight(QueueRefusal):
    """A message that nobody holds now."""

    code = "MessageNotInflight"
    query_code = _PREFIX + "MessageNotInflight"


class EmptyBatchRequest(QueueRefusal):
    """A batch without entries."""

    code = "EmptyBatchRequest"
    query_code = _PREFIX + "EmptyBatchRequest"


class TooManyEntriesInBatchRequest(QueueRefusal):
    """A batch of more than ten."""

    code = "TooManyEntriesInBatchRequest"
    query_code = _PREFIX + "TooManyEntriesInBatchRequest"


class BatchEntryIdsNotDistinct(QueueRefusal):
    """Two entries of one id."""

    code = "BatchEntryIdsNotDistinct"
    query_code = _PREFIX + "BatchEntryIdsNotDistinct"


class BatchRequestTooLong(QueueRefusal):
    """Bodies that are too large together."""

    code = "BatchRequestTooLong"
    query_code = _PREFIX + "BatchRequestTooLong"


class InvalidBatchEntryId(QueueRefusal):
    """An entry's id that is none."""

    code = "InvalidBatchEntryId"
    query_code = _PREFIX + "InvalidBatchEntryId"


class PurgeQueueInProgress(QueueRefusal):
    """It was emptied within the last minute."""

    code = "PurgeQueueInProgress"
    query_code = _PREFIX + "PurgeQueueInProgress"


class UnsupportedQueueOperation(QueueRefusal):
    """What Functory's queues do not have."""

    code = "UnsupportedOperation"
    query_code = _PREFIX + "UnsupportedOperation"


def no_such_queue() -> QueueDoesNotExist:
    """In AWS's words."""
    return QueueDoesNotExist("The specified queue does not exist.")
