package pipe

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func TestBytesArriveInOrder(t *testing.T) {
	t.Parallel()
	p := New(16)
	want := bytes.Repeat([]byte("0123456789abcdefg"), 1000)
	go func() {
		for piece := want; len(piece) > 0; {
			n, err := p.Write(piece[:min(len(piece), 37)])
			if err != nil {
				t.Error(err)
			}
			piece = piece[n:]
		}
		p.CloseWrite(nil)
	}()
	if err := iotest.TestReader(p, want); err != nil {
		t.Fatal(err)
	}
}

// Every case runs in a bubble, where "blocked" can be seen and time is virtual.
func TestPipe(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	for name, test := range map[string]func(*testing.T, *Pipe){
		"a read gets a byte as soon as there is one": func(t *testing.T, p *Pipe) {
			t.Helper()
			_, _ = p.Write([]byte("x"))
			if n, err := p.Read(make([]byte, 4)); n != 1 || err != nil {
				t.Error(n, err)
			}
		},
		"a write blocks while the buffer is full": func(t *testing.T, p *Pipe) {
			t.Helper()
			done := false
			go func() { _, _ = p.Write([]byte("12345")); done = true }()
			synctest.Wait()
			if done {
				t.Error("five bytes fit into four")
			}
			_, _ = p.Read(make([]byte, 1))
			synctest.Wait()
			if !done {
				t.Error("the write did not go on")
			}
		},
		"flush waits for the reader": func(t *testing.T, p *Pipe) {
			t.Helper()
			done := false
			_, _ = p.Write([]byte("12"))
			go func() { _ = p.Flush(); done = true }()
			_, _ = p.Read(make([]byte, 1))
			synctest.Wait()
			if done {
				t.Error("flushed with a byte left")
			}
			_, _ = p.Read(make([]byte, 1))
			synctest.Wait()
			if !done {
				t.Error("not flushed")
			}
		},
		"a writer hears that the reader is gone": func(t *testing.T, p *Pipe) {
			t.Helper()
			var err error
			go func() { _, err = p.Write([]byte("12345")) }()
			synctest.Wait()
			p.CloseRead(nil)
			p.CloseRead(failed)
			synctest.Wait()
			if !errors.Is(err, ErrClosedByReader) || !errors.Is(p.Flush(), ErrClosedByReader) {
				t.Error(err, p.Flush())
			}
			if _, err := p.Read(make([]byte, 1)); !errors.Is(err, ErrClosedByReader) {
				t.Error(err)
			}
		},
		"a deadline ends a write, and the reader does not take the rest for the whole": func(t *testing.T, p *Pipe) {
			t.Helper()
			p.SetWriteDeadline(time.Now().Add(time.Second))
			if n, err := p.Write([]byte("12345")); n != 4 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(n, err)
			}
			p.CloseWrite(nil)
			if b, err := io.ReadAll(p); string(b) != "1234" || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%q %v", b, err)
			}
		},
		"a deadline can be taken back": func(t *testing.T, p *Pipe) {
			t.Helper()
			p.SetWriteDeadline(time.Now().Add(time.Second))
			p.SetWriteDeadline(time.Time{})
			<-time.After(2 * time.Second)
			if _, err := p.Write([]byte("1")); err != nil {
				t.Error(err)
			}
		},
		"an error comes after what was written": func(t *testing.T, p *Pipe) {
			t.Helper()
			_, _ = p.Write([]byte("12"))
			p.CloseWrite(failed)
			p.CloseWrite(nil)
			if b, err := io.ReadAll(p); string(b) != "12" || !errors.Is(err, failed) {
				t.Errorf("%q %v", b, err)
			}
			if _, err := p.Write([]byte("3")); !errors.Is(err, io.ErrClosedPipe) {
				t.Error(err)
			}
		},
		"a broken stream has no good end": func(t *testing.T, p *Pipe) {
			t.Helper()
			p.Break(failed)
			p.CloseWrite(nil)
			if _, err := io.ReadAll(p); !errors.Is(err, failed) {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, New(4)) })
		})
	}
}

func BenchmarkPipe(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"token", 16}, {"32KB", 32 << 10}} {
		b.Run(size.name, func(b *testing.B) {
			p := New(64 << 10)
			go func() { _, _ = io.Copy(io.Discard, p) }()
			piece := make([]byte, size.bytes)
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = p.Write(piece)
			}
			p.CloseWrite(nil)
		})
	}
}
