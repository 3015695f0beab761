package network

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestDelaysHaveTheirPercentiles(t *testing.T) {
	t.Parallel()
	p, err := New(AWS, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.Record().Delays {
		if d.Source == "" {
			t.Errorf("%s has no source", d.Call)
		}
		drawn := make([]time.Duration, 20_000)
		for i := range drawn {
			drawn[i] = p.draw(d.Call)
		}
		slices.Sort(drawn)
		for q, want := range map[float64]float64{0.50: d.P50MS, 0.99: d.P99MS} {
			got := float64(drawn[int(q*float64(len(drawn)))]) / float64(time.Millisecond)
			if got < 0.95*want || got > 1.05*want { // the error of so many draws is below 2 %
				t.Errorf("%s: %v at %v, want %v", d.Call, got, q, want)
			}
		}
	}
}

func TestLoopbackIsNotInTheWay(t *testing.T) {
	t.Parallel()
	p, err := New(Loopback, 1)
	if err != nil || p.Modelled() || p.Poller() != nil {
		t.Fatalf("%v, %v", p, err)
	}
	proxy := NewProxy(p)
	defer proxy.Close()
	if url, err := proxy.SQS("http://127.0.0.1:1"); url != "http://127.0.0.1:1" || err != nil {
		t.Errorf("%s, %v", url, err)
	}
}

func TestAnUnknownProfileIsNamed(t *testing.T) {
	t.Parallel()
	if _, err := New("moon", 1); err == nil || !strings.Contains(err.Error(), Loopback) {
		t.Errorf("%v", err)
	}
}

// certain is a profile that delays by about a fixed time.
func certain(call string, ms float64) *Profile {
	p, _ := New(Loopback, 1)
	p.record.Delays = []record.Delay{{Call: call, P50MS: ms, P99MS: ms}}
	return p
}

func TestACallToTheQueueIsDelayedAndPassedOn(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Header.Get("X-Amz-Target")+" "+string(body))
	}))
	defer s.Close()
	proxy := NewProxy(certain(SQSSend, 30))
	defer proxy.Close()
	url, err := proxy.SQS(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader("hello"))
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessageBatch")
	start := time.Now()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if string(body) != "AmazonSQS.SendMessageBatch hello" || time.Since(start) < 30*time.Millisecond {
		t.Errorf("%q after %v", body, time.Since(start))
	}
}

// The acknowledgement comes before the event reaches the service, and Wait waits for that.
func TestAnAsynchronousInvocationIsAcknowledgedFirst(t *testing.T) {
	t.Parallel()
	release, got := make(chan struct{}), make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		<-release
		got <- r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer s.Close()
	proxy := NewProxy(certain(Invoke, 0.001))
	defer proxy.Close()
	url, err := proxy.Lambda(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, url+"/2015-03-31/functions/f/invocations", strings.NewReader("event"))
	req.Header.Set("X-Amz-Invocation-Type", "Event")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil || res.StatusCode != http.StatusAccepted {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
	close(release)
	if err := proxy.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if event := <-got; event != "/2015-03-31/functions/f/invocations event" {
		t.Errorf("the service got %q", event)
	}
}

func TestWaitTellsOfAnEventThatWasRefused(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	defer s.Close()
	proxy := NewProxy(certain(Invoke, 0.001))
	defer proxy.Close()
	url, _ := proxy.Lambda(s.URL)
	req, _ := http.NewRequest(http.MethodPost, url+"/", nil)
	req.Header.Set("X-Amz-Invocation-Type", "Event")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if err := proxy.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "429") {
		t.Errorf("%v", err)
	}
}

func TestPolledMessagesComeLate(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	for action, late := range map[string]bool{"ReceiveMessage": true, "DeleteMessageBatch": false} {
		req, _ := http.NewRequest(http.MethodPost, s.URL, nil)
		req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
		client := certain(SQSDeliver, 3000).Poller()
		client.Timeout = 500 * time.Millisecond
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
		}
		if late != (err != nil) {
			t.Errorf("%s: %v", action, err)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
