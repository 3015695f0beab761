package lambdatest

import "time"

// Limits of the service, from "Lambda quotas" in the AWS Lambda Developer Guide unless said otherwise.
const (
	// MaxPayload is the largest request of a synchronous invocation: 6 MB, as for AWS 6 * 1024 * 1024 bytes.
	MaxPayload = 6 << 20
	// MaxAsyncPayload is the largest event of an asynchronous invocation: 1 MB, as for AWS 1,024 * 1,024 bytes.
	MaxAsyncPayload = 1 << 20
	// MaxResponse is the largest buffered response. AWS's runtime interface emulator allows 100 bytes more than 6 MB,
	// and names this number in its error message.
	MaxResponse = 6<<20 + 100
	// MaxStreamedResponse is the largest streamed response: 200 MB.
	MaxStreamedResponse = 200 << 20

	// maxClientContext bounds the X-Amz-Client-Context header, in bytes (API reference of Invoke).
	maxClientContext = 3583
	// maxLogTail is how much of the log X-Amz-Log-Type: Tail returns (API reference of Invoke).
	maxLogTail = 4 << 10
	// maxExtensions may register in one environment (Extensions API).
	maxExtensions = 10
	// maxControlBody bounds the small documents of the Runtime and Extensions APIs: registrations and error reports of
	// extensions. AWS names no number.
	maxControlBody = 1 << 20

	defaultTimeout     = 3 * time.Second
	maxTimeout         = 900 * time.Second
	maxManagedTimeout  = 5400 * time.Second
	defaultInitTimeout = 10 * time.Second
	minManagedInit     = 130 * time.Second

	defaultMemorySize    = 128
	minMemorySize        = 128
	maxMemorySize        = 10240
	maxManagedMemorySize = 32768

	defaultMaxEnvironments = 10
	maxEnvironmentLimit    = 1000
	maxConcurrencyLimit    = 1600

	// defaultSettle is Function.Settle's default: a hundred times what a runtime on a quiet machine needs between the
	// answer to its POST and its next GET.
	defaultSettle = 50 * time.Millisecond
)

// Windows between SIGTERM and SIGKILL ("Shutdown phase" in the Developer Guide). Without any extension there is no
// window at all: the runtime gets SIGKILL.
const (
	internalShutdownWindow = 500 * time.Millisecond
	externalShutdownWindow = 2 * time.Second
	// externalRuntimeWindow is the runtime's part of externalShutdownWindow.
	externalRuntimeWindow = 300 * time.Millisecond
)

// The identity of everything that runs here.
const (
	accountID       = "123456789012"
	defaultRegion   = "us-east-1"
	functionVersion = "$LATEST"
)
