package chart

import (
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// The fonts of PNGs, and the measure for layouts.
var (
	regular = sync.OnceValue(func() *opentype.Font { return parse(goregular.TTF) })
	medium  = sync.OnceValue(func() *opentype.Font { return parse(gomedium.TTF) })
)

func parse(ttf []byte) *opentype.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // compiled in; a test draws with both
	}
	return f
}

func face(size float64, bold bool) font.Face {
	f := regular()
	if bold {
		f = medium()
	}
	// 72 dots an inch: a point is a pixel.
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic(err) // only for a size that is not finite
	}
	return face
}

// How much wider than the Go fonts a reader's own font may be. DejaVu Sans is the
// widest of the common ones, and has no weight between regular and bold.
const (
	slack     = 1.13
	slackBold = 1.27
)

// width is how wide a text is at most, in pixels.
func width(s string, size float64, bold bool) float64 {
	f := faceOnce(size, bold)
	f.mu.Lock()
	defer f.mu.Unlock()
	w := float64(font.MeasureString(f.face, s)) / float64(fixed.I(1))
	if bold {
		return slackBold * w
	}
	return slack * w
}

// sharedFace is a face for one goroutine at a time: it has a buffer inside.
type sharedFace struct {
	mu   sync.Mutex
	face font.Face
}

type faceKey struct {
	size float64
	bold bool
}

var faces sync.Map // faceKey -> *sharedFace; there are as many as text sizes

func faceOnce(size float64, bold bool) *sharedFace {
	key := faceKey{size, bold}
	if f, ok := faces.Load(key); ok {
		return f.(*sharedFace)
	}
	f, _ := faces.LoadOrStore(key, &sharedFace{face: face(size, bold)})
	return f.(*sharedFace)
}
