// Package sqstest is a local Amazon SQS endpoint for tests: a server in this
// process, in memory, that AWS SDKs talk to by endpoint URL.
//
//	srv := sqstest.Start(t, nil)
//	url, err := srv.CreateQueue("orders", map[string]string{"VisibilityTimeout": "5"})
//	client := sqs.New(sqs.Options{BaseEndpoint: aws.String(srv.URL()), ...})
//
// A program under test reaches it by AWS_ENDPOINT_URL_SQS set to [Server.URL].
//
// # Time
//
// The server reads the clock of the process that runs it. Two ways lead past the
// minutes and days that SQS counts in:
//
//   - [Server.Advance] moves the server's clock ahead of the real one. Visibility
//     timeouts, delays, deduplication and retention that end within the step end
//     at once, and long polls notice. It works with real sockets and with child
//     processes.
//   - With [Options.InMemory] the server listens on no socket, so it can run inside
//     a testing/synctest bubble together with the client made from [Server.Client];
//     the bubble's clock then rules everything, the SDK's retry backoff included.
//
// # Faults
//
// [Server.Inject] makes requests fail in the ways SQS does: throttled, 5xx, slow,
// partly failed batches, messages delivered twice, and the response lost after the
// request took effect. [Queue.Snapshot], [Queue.Wait] and [Server.Requests] tell a
// test what arrived.
//
// # Level of support
//
// Spoken: the AWS JSON 1.0 protocol, every action of API version 2012-11-05 but
// none of the older query protocol, which is refused with a message that says so.
// Checked against aws-sdk-go-v2/service/sqs with its MD5 validation on.
//
// Numbers and error codes come from the SQS API reference and developer guide, and
// from answers of the real service that are recorded in public test suites; a
// comment beside each says where AWS documents nothing and this package chose.
//
// What it does not do:
//
//   - Signatures, credentials and policies are not checked. AddPermission and
//     Policy are stored and returned, never evaluated.
//   - Nothing is encrypted: the KMS attributes are stored only, and no Kms* error occurs.
//   - Everything is consistent at once. SQS needs up to 60 s for attributes, purges
//     and deleted queues, and a minute for its approximate counts; here counts are exact.
//   - A short poll looks at all messages; SQS asks a sample of its hosts and may
//     return nothing from a queue that is not empty.
//   - Standard queues deliver oldest first and once unless a fault asks for a
//     duplicate. Code that relies on either is wrong on SQS.
//   - Throughput limits (300 or 3,000 requests a second on FIFO queues, tagging
//     limits) are not enforced; inject throttles instead.
//   - When a tenant of a fair queue counts as noisy is not published; here it is one
//     with more than an equal share of the messages in flight.
//   - Number attributes are validated and stored as sent; SQS strips zeroes at either end.
//   - One account, one region. Queues of other accounts do not exist.
//   - Messages are lost when the server is closed.
package sqstest
