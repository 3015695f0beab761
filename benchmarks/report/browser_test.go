package report

import (
	"context"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
)

var (
	screenshots = flag.String("screenshots", "", "save what the browser tests look at in this directory")
	measured    = flag.String("record", "", "look at the page of this file of run instead of a made-up one")
)

// browser starts a Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium: install one (Debian: apt-get install chromium) to run the browser tests")
	}
	flags := append(
		chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-background-networking", true),
		chromedp.WSURLReadTimeout(time.Minute), // a busy machine
	)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser, so that its directory can be removed
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// looked is what the page says of itself.
type looked struct {
	Scroll, Width int
	Ground        string
	Figures       []struct {
		ID       string
		Drawings int // visible ones
		Marks    int // that have an extent
		Outside  []string
		Overlaps []string
	}
	Small []string // texts below 11 px
}

// look runs in the page. Two texts overlap when their boxes share more than a
// pixel each way.
const look = `(() => {
	document.querySelectorAll("details").forEach(d => d.open = true);
	const shown = e => e.getClientRects().length > 0;
	const out = {Scroll: document.documentElement.scrollWidth, Width: window.innerWidth,
		Ground: getComputedStyle(document.body).backgroundColor, Figures: [], Small: []};
	for (const f of document.querySelectorAll("figure")) {
		const r = {ID: f.id, Drawings: 0, Marks: 0, Outside: [], Overlaps: []};
		for (const svg of f.querySelectorAll("svg")) {
			if (!shown(svg)) continue;
			r.Drawings++;
			const frame = svg.getBoundingClientRect();
			for (const m of svg.querySelectorAll("[data-mark]")) {
				const b = m.getBoundingClientRect();
				if (b.width > 0.5 || b.height > 0.5) r.Marks++;
			}
			const texts = [...svg.querySelectorAll("text")].map(e => [e.textContent, e.getBoundingClientRect(), e]);
			for (const [s, b, e] of texts) {
				if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1) r.Outside.push(s);
				const px = parseFloat(e.getAttribute("font-size")) * frame.width / svg.viewBox.baseVal.width;
				if (px < 11) out.Small.push(f.id + ": " + s + " " + px);
			}
			for (let i = 0; i < texts.length; i++) for (let k = i + 1; k < texts.length; k++) {
				const a = texts[i][1], b = texts[k][1];
				if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
					r.Overlaps.push(texts[i][0] + " / " + texts[k][0]);
			}
		}
		out.Figures.push(r);
	}
	return JSON.stringify(out);
})()`

func TestThePageInABrowser(t *testing.T) {
	file := recordtest.File(recordtest.Options{Network: "aws"})
	if *measured != "" {
		var err error
		if file, err = record.Open(*measured); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Build(analysis.Of(file), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	ctx := browser(t)
	address := url.URL{Scheme: "file", Path: filepath.Join(dir, "index.html")}
	for _, size := range []struct {
		name          string
		width, height int64
	}{{"phone", 390, 844}, {"tablet", 700, 900}, {"desktop", 1200, 900}} {
		t.Run(size.name, func(t *testing.T) {
			tab, cancel := chromedp.NewContext(ctx)
			defer cancel()
			requests := requestsOf(t, tab)
			if _, err := chromedp.Call(tab, network.Enable, network.EnableParams{}); err != nil {
				t.Fatal(err)
			}
			if err := chromedp.Do(tab, viewport(size.width, size.height), chromedp.Navigate(address.String())); err != nil {
				t.Fatal(err)
			}
			for scheme, ground := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 28)"} {
				media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
				if _, err := chromedp.Call(tab, emulation.SetEmulatedMedia, media); err != nil {
					t.Fatal(err)
				}
				screenshot(t, tab, size.name+"-"+scheme)
				raw, err := chromedp.Run(tab, chromedp.Evaluate[string](look))
				if err != nil {
					t.Fatal(err)
				}
				var page looked
				if err := json.Unmarshal([]byte(raw), &page); err != nil {
					t.Fatal(err)
				}
				check(t, p, page, ground)
			}
			if got := requests(); len(got) > 0 {
				t.Errorf("the page loads %q: it has to be self-contained", got)
			}
		})
	}
}

func check(t *testing.T, p *Page, page looked, ground string) {
	t.Helper()
	if page.Scroll > page.Width {
		t.Errorf("the page is %d px wide in a window of %d: it scrolls sideways", page.Scroll, page.Width)
	}
	if page.Ground != ground {
		t.Errorf("the ground is %s, want %s", page.Ground, ground)
	}
	if len(page.Small) > 0 {
		t.Errorf("letters below 11 px: %q", page.Small)
	}
	if got, want := len(page.Figures), len(p.Figures()); got != want {
		t.Errorf("%d figures, want %d", got, want)
	}
	for _, f := range page.Figures {
		if f.Drawings != 1 || f.Marks == 0 {
			t.Errorf("%s: %d visible drawings with %d marks, want 1 with some", f.ID, f.Drawings, f.Marks)
		}
		if len(f.Outside) > 0 {
			t.Errorf("%s: cut off: %q", f.ID, f.Outside)
		}
		if len(f.Overlaps) > 0 {
			t.Errorf("%s: texts cover each other: %q", f.ID, f.Overlaps)
		}
	}
}

// requestsOf collects what a tab asks for beyond the page itself.
func requestsOf(t *testing.T, tab context.Context) func() []string {
	t.Helper()
	var mu sync.Mutex
	var urls []string
	err := chromedp.Listen(tab, func(event any) {
		e, ok := event.(*network.EventRequestWillBeSent)
		if !ok || strings.HasPrefix(e.Request.URL, "data:") || strings.HasSuffix(e.Request.URL, "/index.html") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		urls = append(urls, e.Request.URL)
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return urls
	}
}

func viewport(width, height int64) chromedp.Action[chromedp.Void] {
	if width < 500 {
		return chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulatePortrait)
	}
	return chromedp.EmulateViewport(width, height)
}

// screenshot saves the whole page if the flag asks for it.
func screenshot(t *testing.T, tab context.Context, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
