// Package network adds modelled latency to the calls that a function makes to AWS
// services, for those who want to know more than what the library's own code costs.
// What comes out of it is labelled as modelled.
package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-offload/lambda/benchmarks/record"
)

// Names of the profiles.
const (
	Loopback = "loopback" // adds nothing
	AWS      = "aws"
	Real     = "real" // in files of runs against AWS: nothing is added to what is there
)

// Calls that a profile delays.
const (
	SQSSend    = "SQS SendMessageBatch"
	SQSDeliver = "SQS to worker"
	Invoke     = "Lambda Invoke, asynchronous"
	AsyncQueue = "asynchronous queue to worker"
)

// AWS publishes no latency distributions for these calls; what follows are other
// people's measurements, and where there is none an assumption that says so.
//
// "Serverless Messaging: Latency Compared" measured from the producer's clock to the
// consumer's handler: 16.2 ms at p50 and 105 ms at p99 for a standard queue with an
// event source mapping, 73 ms and 225 ms for SNS, which invokes asynchronously. What the
// producer's call takes of it is not told: half is assumed, with the same ratio.
const (
	messaging = "https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/ (eu-west-1, September 2022)"
	halfOfSQS = "assumption: half of the way from producer to handler for a standard queue in " + messaging
	viaSNS    = "SNS standard in " + messaging + ", which contains SNS itself, less the assumed call: an upper bound"
)

// awsDelays is the profile AWS.
var awsDelays = []record.Delay{
	{Call: SQSSend, P50MS: 8.1, P99MS: 52.5, Source: halfOfSQS},
	{Call: SQSDeliver, P50MS: 8.1, P99MS: 52.5, Source: halfOfSQS},
	{Call: Invoke, P50MS: 8.1, P99MS: 52.5, Source: "assumption: as a call to SQS"},
	{Call: AsyncQueue, P50MS: 64.9, P99MS: 172.5, Source: viaSNS},
}

// Profile draws delays. It may be used concurrently. A nil Profile adds nothing.
type Profile struct {
	record record.Network

	mu  sync.Mutex
	rng *rand.Rand
}

// New returns the profile of a name. Equal seeds draw equal delays in equal order.
func New(name string, seed uint64) (*Profile, error) {
	p := &Profile{record: record.Network{Profile: name}, rng: rand.New(rand.NewPCG(seed, 0x6e6574))}
	switch name {
	case Loopback:
	case AWS:
		p.record.Delays = awsDelays
	default:
		return nil, fmt.Errorf("network profile %q: there are %s and %s", name, Loopback, AWS)
	}
	return p, nil
}

// Record describes the profile for the file.
func (p *Profile) Record() record.Network { return p.record }

// Modelled reports whether the profile adds anything.
func (p *Profile) Modelled() bool { return p != nil && len(p.record.Delays) > 0 }

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// draw returns a delay for a call: log-normal, which is what latencies of remote
// calls look like, and cut off at three times the 99th percentile.
func (p *Profile) draw(call string) time.Duration {
	for _, d := range p.record.Delays {
		if d.Call != call {
			continue
		}
		p.mu.Lock()
		z := p.rng.NormFloat64()
		p.mu.Unlock()
		ms := d.P50MS * math.Exp(z*math.Log(d.P99MS/d.P50MS)/z99)
		return time.Duration(min(ms, 3*d.P99MS) * float64(time.Millisecond))
	}
	return 0
}
