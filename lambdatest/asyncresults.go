package lambdatest

// How many outcomes of asynchronous invocations are kept for those who ask late, and how many bytes of responses.
const (
	keptAsyncResults     = 1 << 13
	keptAsyncResultBytes = 64 << 20
)

// asyncResults are the newest outcomes.
type asyncResults struct {
	byID  map[string]AsyncResult
	order []string
	bytes int
}

func (r *asyncResults) add(res AsyncResult) {
	if r.byID == nil {
		r.byID = map[string]AsyncResult{}
	}
	r.byID[res.RequestID] = res
	r.order = append(r.order, res.RequestID)
	r.bytes += len(res.Payload)
	for len(r.order) > keptAsyncResults || r.bytes > keptAsyncResultBytes {
		oldest := r.order[0]
		r.order = r.order[1:]
		r.bytes -= len(r.byID[oldest].Payload)
		delete(r.byID, oldest)
	}
}
