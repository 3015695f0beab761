package main

import (
	"context"
	"iter"
	"strings"
	"time"
)

// tokenTime is how long the model takes for a token.
const tokenTime = 60 * time.Millisecond

// parrot stands for a language model: it takes its time, and repeats the question.
func parrot(ctx context.Context, prompt string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		answer := "You ask: " + prompt + " I have thought about it, and so should you."
		for token := range strings.SplitAfterSeq(answer, " ") {
			if err := pause(ctx, tokenTime); err != nil {
				yield("", err)
				return
			}
			if !yield(token, nil) {
				return
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
