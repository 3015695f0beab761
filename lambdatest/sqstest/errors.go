package sqstest

import (
	"fmt"
	"net/http"
)

// apiError is an error answer of the API.
type apiError struct {
	errorKind
	message string
}

// Error says the code that the JSON protocol carries, then the message.
func (e *apiError) Error() string { return e.code + ": " + e.message }

// errorKind is what distinguishes one API error from another on the wire.
type errorKind struct {
	// code is the shape name of the service model; the Go SDK chooses its error type by it.
	code string
	// query is the code of the older query protocol. SQS still sends it in the
	// x-amzn-query-error header and in batch results, and SDKs report it as the error's code.
	query  string
	status int
	// space precedes the code in __type.
	space string
}

const (
	spaceSQS   = "com.amazonaws.sqs#"
	spaceCoral = "com.amazon.coral.service#"
)

// Shapes, query codes and HTTP statuses of the SQS service model (API version 2012-11-05).
var (
	kindBatchEntryIDsNotDistinct = errorKind{"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400, spaceSQS}
	kindBatchRequestTooLong      = errorKind{"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400, spaceSQS}
	kindEmptyBatchRequest        = errorKind{"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400, spaceSQS}
	kindInvalidAddress           = errorKind{"InvalidAddress", "InvalidAddress", 404, spaceSQS}
	kindInvalidAttributeName     = errorKind{"InvalidAttributeName", "InvalidAttributeName", 400, spaceSQS}
	kindInvalidAttributeValue    = errorKind{"InvalidAttributeValue", "InvalidAttributeValue", 400, spaceSQS}
	kindInvalidBatchEntryID      = errorKind{"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400, spaceSQS}
	kindInvalidMessageContents   = errorKind{"InvalidMessageContents", "InvalidMessageContents", 400, spaceSQS}
	kindOverLimit                = errorKind{"OverLimit", "OverLimit", 403, spaceSQS}
	kindPurgeQueueInProgress     = errorKind{"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403, spaceSQS}
	kindQueueDeletedRecently     = errorKind{"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400, spaceSQS}
	kindQueueDoesNotExist        = errorKind{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400, spaceSQS}
	kindQueueNameExists          = errorKind{"QueueNameExists", "QueueAlreadyExists", 400, spaceSQS}
	kindReceiptHandleIsInvalid   = errorKind{"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404, spaceSQS}
	kindRequestThrottled         = errorKind{"RequestThrottled", "RequestThrottled", 403, spaceSQS}
	kindResourceNotFound         = errorKind{"ResourceNotFoundException", "ResourceNotFoundException", 404, spaceSQS}
	kindTooManyEntries           = errorKind{"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400, spaceSQS}
	kindUnsupportedOperation     = errorKind{"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400, spaceSQS}

	// The service answers with these too, though its model does not list them.
	kindInvalidParameterValue = errorKind{"InvalidParameterValueException", "InvalidParameterValue", 400, spaceCoral}
	kindMissingParameter      = errorKind{"MissingRequiredParameterException", "MissingParameter", 400, spaceCoral}
	kindSerialization         = errorKind{"SerializationException", "", 400, spaceCoral}
	kindUnknownOperation      = errorKind{"UnknownOperationException", "", 400, spaceCoral}
	kindThrottling            = errorKind{"ThrottlingException", "", 400, spaceCoral}
	kindInternalFailure       = errorKind{"InternalFailure", "InternalFailure", 500, spaceCoral}
	kindServiceUnavailable    = errorKind{"ServiceUnavailable", "ServiceUnavailable", 503, spaceCoral}
)

// errorf makes the error answer of one kind.
func (k errorKind) errorf(format string, args ...any) *apiError {
	return &apiError{errorKind: k, message: fmt.Sprintf(format, args...)}
}

// batchCode is the code in a batch result, which keeps the query protocol's spelling.
func (k errorKind) batchCode() string {
	if k.query != "" {
		return k.query
	}
	return k.code
}

// senderFault reports whether the caller caused it, so that repeating the request cannot help.
func (k errorKind) senderFault() bool { return k.status < http.StatusInternalServerError }

func missingParameter(name string) *apiError {
	return kindMissingParameter.errorf("The request must contain the parameter %s.", name)
}

// badValue is the sentence SQS uses for most values out of range.
func badValue(value any, parameter, reason string) *apiError {
	return kindInvalidParameterValue.errorf("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}
