package cost

import (
	"testing"
	"time"
)

func BenchmarkEstimate(b *testing.B) {
	w, p := golden(), USEast1()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Estimate(w, ExtensionSQS, p); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecommend(b *testing.B) {
	w, p := golden(), USEast1()
	for i := range 1000 { // as from a measured file
		w.Handler = append(w.Handler, time.Duration(20_000_000+i*37_123))
		w.Task = append(w.Task, time.Duration(300_000_000+i*91_457))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Recommend(w, Needs{}, p); err != nil {
			b.Fatal(err)
		}
	}
}
