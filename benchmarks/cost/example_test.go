package cost_test

import (
	"fmt"
	"log"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
)

// orders is an API that sends a receipt after each order.
func orders() cost.Workload {
	return cost.Workload{
		Traffic:   cost.Constant(10),
		Function:  cost.Function{MemoryMB: 1024, Init: 80 * time.Millisecond, ColdStarts: 0.002},
		Handler:   []time.Duration{20 * time.Millisecond},
		Task:      []time.Duration{300 * time.Millisecond},
		Tasks:     1,
		TaskBytes: 982,
		Handoff:   cost.Handoff{Call: 8 * time.Millisecond},
	}
}

func ExampleEstimate() {
	bill, err := cost.Estimate(orders(), cost.ExtensionSQS, cost.USEast1())
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range bill.Items {
		fmt.Printf("%-27s %9s %-8s %s\n", item.Label, item.Quantity, item.Unit, item.Amount)
	}
	fmt.Println(bill.Total())
	// Output:
	// Lambda requests, function    25920000 request  $5.18
	// Lambda duration, response      518400 GB-s     $8.64
	// Lambda duration, tail         7776000 GB-s     $129.60
	// Lambda duration, init          4147.2 GB-s     $0.07
	// SQS requests, empty polls      648000 request  $0.26
	// $143.75
}

func ExampleEstimate_samples() {
	// Two invocations of 0.4 ms and 1.2 ms are billed 1 ms and 2 ms, not twice
	// the 1 ms of their mean.
	w := cost.Workload{
		Requests: 1_000_000,
		Function: cost.Function{MemoryMB: 1024},
		Handler:  []time.Duration{400 * time.Microsecond, 1200 * time.Microsecond},
	}
	bill, err := cost.Estimate(w, cost.Inline, cost.USEast1())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bill.Units(cost.KindResponse), "GB-s")
	// Output:
	// 1500 GB-s
}

func ExampleEnvironments() {
	for _, c := range []cost.Contestant{cost.Goroutine, cost.Stream, cost.SQS} {
		capacity, err := cost.Environments(orders(), c)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %.2f + %.2f busy, reserve %d\n", c, capacity.Front.Peak, capacity.Worker.Peak, capacity.Concurrency())
	}
	// Output:
	// goroutine: 0.20 + 0.00 busy, reserve 3
	// stream: 3.20 + 0.00 busy, reserve 10
	// sqs: 0.28 + 3.00 busy, reserve 13
}

func ExampleSimulateBurst() {
	for _, c := range []cost.Contestant{cost.Invoke, cost.Extension} {
		r, err := cost.SimulateBurst(orders(), c, cost.Burst{Rate: 100, For: 10 * time.Second})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %d cold starts in front of the client\n", c, r.Front.ColdStarts)
	}
	// Output:
	// invoke: 11 cold starts in front of the client
	// extension: 40 cold starts in front of the client
}

func ExampleBreakEven() {
	w := orders()
	w.Worker = &cost.Function{MemoryMB: 256} // a task that waits needs little memory
	crossings, err := cost.BreakEven(w, cost.Extension, cost.SQS, cost.USEast1(), cost.TaskDuration, 1, 60_000)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range crossings {
		fmt.Println(c)
	}
	// Output:
	// from 123 ms of task duration on, sqs is cheaper than extension
}

func ExampleRecommend() {
	w := orders()
	w.Worker = &cost.Function{MemoryMB: 768}
	advice, err := cost.Recommend(w, cost.Needs{
		Durability: cost.KeepsFailures,
		P99:        100 * time.Millisecond,
	}, cost.USEast1())
	if err != nil {
		log.Fatal(err)
	}
	for _, reason := range advice.Reasons {
		fmt.Println(reason)
	}
	// Output:
	// invoke costs $119.73 a month: the cheapest of those that meet the needs, at 1,024 MB and 25,920,000 requests a month.
	// extension,sqs costs $24.02 more.
	// sqs,handoff=after costs $31.10 more.
	// sqs costs $31.10 more.
	// goroutine is out: it loses tasks: they freeze with the environment.
	// stream is out: a task that fails for good is lost.
	// stream,response=streamed is out: a task that fails for good is lost.
	// extension is out: a task that fails for good is lost.
	// inline is out: 99 % of responses take up to 320ms, the limit is 100ms.
	// apigateway-async is out: the client needs the handler's answer and would get a fixed 202.
	// It keeps 3.28 environments busy at the peak; reserve 13.
	// From 78 ms of task duration on, invoke is cheaper than extension,sqs.
	// From 830 MB of memory on, invoke is cheaper than extension,sqs.
}

func ExamplePrices_With() {
	// A price that is not in the data, or that was negotiated.
	price, err := cost.ParseUSD("0.18")
	if err != nil {
		log.Fatal(err)
	}
	prices := cost.USEast1()
	rate := prices.Rates[cost.MeterRequests]
	rate.Tiers, rate.Source = []cost.Tier{{Price: price}}, "our agreement of 2026"
	bill, err := cost.Estimate(orders(), cost.Stream, prices.With(cost.MeterRequests, rate))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bill.Sum(cost.KindRequests), "by", bill.Items[0].Source)
	// Output:
	// $4.67 by our agreement of 2026
}
