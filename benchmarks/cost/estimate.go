package cost

import (
	"slices"
	"time"
)

// Estimate prices a workload for one contestant. The error wraps ErrWorkload
// for nonsense input, ErrContestant for an unknown name, ErrImpossible for what
// the contestant cannot carry on Lambda, and ErrPrices for a price that is
// missing or malformed.
func Estimate(w Workload, c Contestant, p Prices) (Bill, error) {
	w, err := prepare(w, c)
	if err != nil {
		return Bill{}, err
	}
	return estimate(w, c, p, newClock(w))
}

// prepare checks and completes a workload for a contestant.
func prepare(w Workload, c Contestant) (Workload, error) {
	if !slices.Contains(contestants, c) {
		_, err := ParseContestant(string(c))
		return w, err
	}
	return w.normal()
}

func estimate(w Workload, c Contestant, p Prices, clk *clock) (Bill, error) {
	if err := possible(w, c, clk); err != nil {
		return Bill{}, err
	}
	u := measure(w, c, clk)
	t := newTab(p)
	for _, part := range []func(*tab, Workload, Contestant, usage) error{
		chargeRequests, chargeDuration, chargeQueue, chargeBytes, chargeExtras,
	} {
		if err := part(t, w, c, u); err != nil {
			return Bill{}, err
		}
	}
	return Bill{Contestant: c, AsOf: p.AsOf, Region: p.Region, Items: t.items, Notes: notes(w, c)}, nil
}

func chargeRequests(t *tab, w Workload, c Contestant, u usage) error {
	meter, label := MeterHTTPAPI, "HTTP API requests"
	if w.Front == RESTAPI || c == APIGatewayAsync {
		meter, label = MeterRESTAPI, "REST API requests"
	}
	if err := t.charge(meter, Item{Kind: KindGateway, Label: label}, u.gateway); err != nil {
		return err
	}
	if err := t.charge(MeterRequests, Item{Kind: KindRequests, Label: "Lambda requests, function"}, u.front.invocations); err != nil {
		return err
	}
	if err := t.charge(MeterRequests, Item{Kind: KindRequests, Label: "Lambda requests, worker"}, u.worker.invocations); err != nil {
		return err
	}
	return t.charge(MeterRequests, Item{
		Kind: KindAsyncChunks, Label: "Lambda requests, 64 KB chunks of events above 256 KB",
		Note: "counted once for each event, not for its retries",
	}, u.chunks)
}

func chargeDuration(t *tab, w Workload, _ Contestant, u usage) error {
	meter := durationMeter(w.Function.Arch)
	if w.Provisioned.Environments > 0 {
		meter = provisionedRunsMeter(w.Function.Arch)
	}
	for _, part := range []struct {
		kind  Kind
		label string
		ms    rat
	}{
		{KindResponse, "Lambda duration, response", u.front.response},
		{KindTail, "Lambda duration, tail", u.front.tail},
		{KindRetries, "Lambda duration, retries in process", u.front.retries},
		{KindInit, "Lambda duration, init", u.front.init},
	} {
		q := gbSeconds(part.ms.mul(u.front.invocations), w.Function.MemoryMB)
		if err := t.charge(meter, Item{Kind: part.kind, Label: part.label}, q); err != nil {
			return err
		}
	}
	meter = durationMeter(w.Worker.Arch)
	busy := u.worker.response.mul(u.worker.invocations) // nobody waits: it has no tail
	if err := t.charge(meter, Item{Kind: KindWorker, Label: "Lambda duration, worker"}, gbSeconds(busy, w.Worker.MemoryMB)); err != nil {
		return err
	}
	start := u.worker.init.mul(u.worker.invocations)
	if err := t.charge(meter, Item{Kind: KindInit, Label: "Lambda duration, init of the worker"}, gbSeconds(start, w.Worker.MemoryMB)); err != nil {
		return err
	}
	if err := chargeProvisioned(t, w); err != nil {
		return err
	}
	front := u.front.response.add(u.front.tail).add(u.front.retries).add(u.front.init).mul(u.front.invocations)
	storage := gbSeconds(front, w.Function.StorageMB-MinStorageMB).
		add(gbSeconds(busy.add(start), w.Worker.StorageMB-MinStorageMB))
	return t.charge(MeterStorage, Item{Kind: KindStorage, Label: "Ephemeral storage above 512 MB"}, storage)
}

// chargeProvisioned adds the price of keeping environments ready: billed for the
// time it is configured, rounded up to five minutes.
func chargeProvisioned(t *tab, w Workload) error {
	const step = 5 * time.Minute
	steps := int64((w.Provisioned.For + step - 1) / step)
	q := whole(steps * int64(step/time.Second)).mul(whole(int64(w.Provisioned.Environments))).mul(ratio(int64(w.Function.MemoryMB), 1024))
	return t.charge(provisionedMeter(w.Function.Arch), Item{Kind: KindProvisioned, Label: "Provisioned concurrency"}, q)
}

func chargeQueue(t *tab, w Workload, c Contestant, u usage) error {
	meter := MeterSQSStandard
	if w.Queue.FIFO {
		meter = MeterSQSFIFO
	}
	for _, line := range []struct {
		item Item
		q    rat
	}{
		{Item{Kind: KindSend, Label: "SQS requests, send"}, u.sends},
		{Item{Kind: KindReceive, Label: "SQS requests, receive"}, u.receives},
		{Item{Kind: KindDelete, Label: "SQS requests, delete", Note: "assumes deletes in batches of up to ten"}, u.deletes},
		{Item{
			Kind: KindPoll, Label: "SQS requests, empty polls",
			Note: "modelled: random arrivals at pollers with a 20 s long poll",
		}, u.empty},
	} {
		if err := t.charge(meter, line.item, line.q); err != nil {
			return err
		}
	}
	if !c.queues() {
		return nil
	}
	return t.charge(MeterEventPollerUnits, Item{Kind: KindPoll, Label: "Provisioned event pollers"}, decimal(w.Queue.EPUHours))
}

func chargeBytes(t *tab, _ Workload, _ Contestant, u usage) error {
	if err := t.charge(MeterStreamedBytes, Item{Kind: KindStreamed, Label: "Streamed bytes beyond 6 MB"}, u.streamed.div(gigabyte)); err != nil {
		return err
	}
	return t.charge(MeterLogs, Item{Kind: KindLogs, Label: "Log bytes"}, u.logs.div(gigabyte))
}

func chargeExtras(t *tab, w Workload, _ Contestant, u usage) error {
	for _, x := range w.Extras {
		n := decimal(x.Count)
		switch x.Per {
		case PerRequest:
			n = n.mul(u.requests)
		case PerTask:
			n = n.mul(u.requests).mul(whole(int64(w.Tasks)))
		case PerFailedTask:
			n = n.mul(u.failed)
		case PerMonth:
		}
		if n.sign() > 0 {
			line := Item{Kind: KindExtra, Label: x.Label, Unit: x.Unit, Source: x.Source}
			t.items = append(t.items, line.of(n, x.Price, ""))
		}
	}
	return nil
}

// gbSeconds converts milliseconds at a memory size. Lambda's GB is 1,024 MB.
func gbSeconds(ms rat, memoryMB int) rat {
	return ms.mul(ratio(int64(memoryMB), 1024*1000))
}

func notes(w Workload, c Contestant) []string {
	var n []string
	if c == Goroutine && w.Tasks > 0 {
		n = append(n, "tasks freeze with the environment and may never run: this is the price of losing them")
	}
	if c == APIGatewayAsync {
		n = append(n, "the client gets a fixed 202 from API Gateway, not the handler's answer")
		if w.Front != RESTAPI {
			n = append(n, "priced behind a REST API: "+string(w.Front)+" has no asynchronous integration")
		}
	}
	return n
}
