package sqstest_test

// Where the reasons below say recorded, the answer of SQS is in LocalStack's tests,
// which were run against AWS; API is the SQS API reference, DG the developer guide.
const (
	oneOfAGroup  = "fauxqs returns one message of each group in a receive; SQS empties a group first (DG FIFO-queues-understanding-logic, recorded)"
	noMoveTasks  = "fauxqs has no message move tasks"
	noPermission = "fauxqs has no permission actions"
	unchecked    = "fauxqs does not check this; SQS does (API SendMessage, DG sqs-message-metadata, recorded)"
	anyHandle    = "fauxqs takes any text for the handle of a message that is gone; SQS tells one that never was a handle (recorded)"
	lazyCounts   = "fauxqs counts a message as hidden until the next receive looks"
	noTrace      = "fauxqs has no AWSTraceHeader (API SendMessage, recorded)"
	noEncryption = "fauxqs does not know SqsManagedSseEnabled, which SQS sets on new queues (API CreateQueue, recorded)"
	anyAttribute = "fauxqs does not refuse attributes of the other kind of queue or unknown names everywhere (recorded)"
)

// fauxqsDifferences are the behaviours in which fauxqs 1.9.2 differs from this
// package, and why this package stays as it is.
var fauxqsDifferences = map[string]string{
	"attributes/FIFO ones on a standard queue":                          anyAttribute,
	"attributes/an empty policy is none":                                "fauxqs takes any text for a policy",
	"attributes/asked by name":                                          "fauxqs returns all attributes when none is named; SQS returns none (API GetQueueAttributes)",
	"attributes/choices":                                                "fauxqs has FifoThroughputLimit for reading only",
	"attributes/defaults of a FIFO queue":                               noEncryption,
	"attributes/defaults of a standard queue":                           noEncryption,
	"attributes/encryption is of one kind":                              noEncryption,
	"attributes/ranges":                                                 "fauxqs reads empty text as 0 and does not check KmsDataKeyReusePeriodSeconds (API CreateQueue)",
	"attributes/unknown and read-only names":                            anyAttribute,
	"batch/FIFO order and parameters":                                   oneOfAGroup + "; and it fails entries without a group alone, SQS the batch (recorded)",
	"batch/deletes fail alone":                                          anyHandle,
	"batch/entries fail alone":                                          unchecked,
	"batch/refused as a whole":                                          "fauxqs lets entry IDs through that are empty (API SendMessageBatchRequestEntry, recorded)",
	"batch/ten of each":                                                 "fauxqs forgets a handle when its visibility timeout is ended; on SQS it still deletes, as after a timeout that ran out (recorded)",
	"content/allowed characters":                                        "fauxqs refuses characters beyond U+FFFF; SQS allows #x10000 to #x10FFFF (API SendMessage)",
	"content/attribute names":                                           unchecked,
	"content/attribute types and values":                                unchecked,
	"content/system attributes":                                         noTrace,
	"content/ten attributes":                                            unchecked,
	"create/FIFO names":                                                 "fauxqs does not check the length of names (API CreateQueue)",
	"create/again does not compare FIFO spelling":                       "fauxqs compares text; SQS accepts True for true (recorded)",
	"create/names":                                                      "fauxqs does not check standard names (API CreateQueue, recorded)",
	"dedup/by content":                                                  oneOfAGroup,
	"dedup/identifier goes before content":                              oneOfAGroup,
	"dedup/per group":                                                   "fauxqs does not read DeduplicationScope (recorded)",
	"delete/a handle of another queue":                                  anyHandle,
	"delete/after the visibility timeout on a FIFO queue":               "fauxqs deletes; SQS answers that the receipt handle has expired (recorded)",
	"delete/after the visibility timeout on a standard queue":           lazyCounts,
	"delete/what was never a handle":                                    anyHandle,
	"fair/a tenant is noisy while its messages are in flight":           "fauxqs appends a message whose timeout ended; SQS promises no order and was seen to keep it (recorded)",
	"fair/a noisy tenant lets others pass":                              "fauxqs has no fair queues (DG sqs-fair-queues)",
	"fifo/a group in flight is locked":                                  oneOfAGroup,
	"fifo/a group that gave messages waits its turn":                    oneOfAGroup,
	"fifo/a message with a longer timeout holds back what follows":      oneOfAGroup,
	"fifo/a receive empties one group first":                            oneOfAGroup,
	"fifo/attempt ID ends with a change of visibility":                  oneOfAGroup,
	"fifo/attempt ID returns the same messages":                         "fauxqs ignores ReceiveRequestAttemptId (API ReceiveMessage)",
	"fifo/attempt ID starts the timeout anew":                           "fauxqs ignores ReceiveRequestAttemptId (API ReceiveMessage)",
	"fifo/counts":                                                       oneOfAGroup,
	"fifo/deleting what is in flight opens the group":                   oneOfAGroup,
	"fifo/ending a timeout opens the group up to the next in flight":    oneOfAGroup,
	"fifo/order survives a timeout":                                     oneOfAGroup,
	"fifo/queue delay, also for messages already sent":                  "in fauxqs a changed delay is for new messages only; on FIFO queues of SQS it is retroactive (DG sqs-delay-queues)",
	"list/bad maximum":                                                  "fauxqs does not check MaxResults (API ListQueues)",
	"list/pages":                                                        "fauxqs gives no NextToken (API ListQueues)",
	"move/at a rate, cancelled":                                         noMoveTasks,
	"move/back to the source":                                           noMoveTasks,
	"move/makes new messages":                                           noMoveTasks,
	"move/list is the latest first":                                     noMoveTasks,
	"move/of a message sent to the dead-letter queue":                   noMoveTasks,
	"move/refused":                                                      noMoveTasks,
	"move/to a queue deleted meanwhile":                                 noMoveTasks,
	"move/to another queue":                                             noMoveTasks,
	"permission/add and remove":                                         noPermission,
	"permission/refused":                                                noPermission,
	"poll/a client that is gone takes no message":                       "fauxqs gives the message to the poll whose client has gone",
	"poll/ends when the queue is deleted":                               "fauxqs answers with nothing; SQS documents neither, and an error does not hide the mistake",
	"purge/forgets deduplication":                                       "fauxqs keeps the identifiers; SQS accepts them again (recorded)",
	"receive/message attributes by name and wildcard":                   "fauxqs returns all attributes when none is asked for, knows no prefixes, and its digest covers what was sent; on SQS it covers what is returned (recorded)",
	"receive/oldest first, also after a timeout":                        "fauxqs appends a message whose timeout ended; SQS promises no order and was seen to keep it (recorded)",
	"receive/system attributes of a standard queue":                     noTrace,
	"receive/trace header from the HTTP request":                        noTrace,
	"redrive/FIFO":                                                      "fauxqs keeps the deduplication ID; SQS replaces it by the message ID (DG sqs-configure-dead-letter-queue-redrive)",
	"redrive/after maxReceiveCount receives":                            "fauxqs has no DeadLetterQueueSourceArn and counts the receive that moved the message; SQS does not (recorded)",
	"redrive/allow policy":                                              "fauxqs does not read RedriveAllowPolicy (API CreateQueue)",
	"redrive/policy is checked":                                         "fauxqs takes any text (API CreateQueue, recorded)",
	"send/FIFO parameters on a standard queue":                          "fauxqs ignores a deduplication ID on a standard queue (API SendMessage: only for FIFO queues)",
	"send/MD5 of a number and of the trace header as SQS computed them": noTrace,
	"send/delay of a message":                                           lazyCounts,
	"send/delay range":                                                  unchecked,
	"send/group and deduplication identifiers":                          unchecked,
	"sources of a dead-letter queue":                                    "fauxqs has no ListDeadLetterSourceQueues",
	"tags/limits":                                                       "fauxqs does not check tags (DG quotas-queues)",
	"url/of another account":                                            "fauxqs ignores QueueOwnerAWSAccountId",
	"visibility/after the timeout of a standard queue does nothing":     lazyCounts,
	"visibility/of a deleted message":                                   "fauxqs answers the MessageNotInflight of the service model; SQS answers InvalidParameterValue (recorded)",
}
