package chart

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// PNG writes the drawing as an image with the given number of pixels to a CSS
// pixel; 2 is sharp on most displays.
func (d *Drawing) PNG(w io.Writer, scale float64, s Scheme) error {
	return png.Encode(w, d.Image(scale, s))
}

// Image paints the drawing.
func (d *Drawing) Image(scale float64, s Scheme) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, int(math.Ceil(d.Width*scale)), int(math.Ceil(d.Height*scale))))
	draw.Draw(img, img.Bounds(), image.NewUniform(s[Paper]), image.Point{}, draw.Src)
	p := &painter{img: img, scale: scale, scheme: s}
	for _, m := range d.marks {
		m.paint(p)
	}
	return img
}

type painter struct {
	img    *image.RGBA
	scale  float64
	scheme Scheme
	dy     float64 // CSS pixels that marks are moved down
}

func (p *painter) color(r Role, opacity float64) color.Color {
	c := p.scheme[r]
	if opacity == 0 {
		opacity = 1
	}
	return color.NRGBA{R: c.R, G: c.G, B: c.B, A: uint8(math.Round(opacity * 255))}
}

// fill paints polygons, of which the inner ones of the other direction are holes.
func (p *painter) fill(c color.Color, polygons ...[]Point) {
	b := p.img.Bounds()
	dy := p.dy * p.scale
	// The rasteriser's cost is its area, so it gets the box of the polygons only.
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, poly := range polygons {
		for _, pt := range poly {
			x0, y0 = math.Min(x0, pt.X*p.scale), math.Min(y0, pt.Y*p.scale+dy)
			x1, y1 = math.Max(x1, pt.X*p.scale), math.Max(y1, pt.Y*p.scale+dy)
		}
	}
	box := image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1))+1, int(math.Ceil(y1))+1).Intersect(b)
	if box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	at := func(pt Point) (float32, float32) {
		return float32(pt.X*p.scale - float64(box.Min.X)), float32(pt.Y*p.scale + dy - float64(box.Min.Y))
	}
	for _, poly := range polygons {
		for i, pt := range poly {
			if x, y := at(pt); i == 0 {
				r.MoveTo(x, y)
			} else {
				r.LineTo(x, y)
			}
		}
		r.ClosePath()
	}
	r.Draw(p.img, box, image.NewUniform(c), image.Point{})
}

func (r rect) paint(p *painter) {
	if r.hatched {
		p.hatch(r)
		return
	}
	p.fill(p.color(r.fill, r.opacity), box(r.x, r.y, r.w, r.h))
}

func box(x, y, w, h float64) []Point {
	return []Point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}
}

// hatch paints slanted lines, cut off at the edges of the rectangle.
func (p *painter) hatch(r rect) {
	const step = 8.5 // 6 px across
	c := p.color(Muted, r.opacity)
	for x := r.x - r.h; x < r.x+r.w; x += step {
		// From (x, bottom) up to the right at 45 degrees.
		from, to := Point{x, r.y + r.h}, Point{x + r.h, r.y}
		if from.X < r.x {
			from.Y -= r.x - from.X
			from.X = r.x
		}
		if over := to.X - (r.x + r.w); over > 0 {
			to.Y += over
			to.X -= over
		}
		if from.X < to.X {
			p.stroke(c, 1.6, from, to)
		}
	}
}

// stroke paints one straight piece of a line.
func (p *painter) stroke(c color.Color, width float64, a, b Point) {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := math.Hypot(dx, dy)
	if length == 0 {
		return
	}
	nx, ny := -dy/length*width/2, dx/length*width/2
	p.fill(c, []Point{{a.X + nx, a.Y + ny}, {b.X + nx, b.Y + ny}, {b.X - nx, b.Y - ny}, {a.X - nx, a.Y - ny}})
}

func (l path) paint(p *painter) {
	if l.fill != "" {
		p.fill(p.color(l.fill, l.opacity), l.points)
	}
	if l.stroke == "" {
		return
	}
	c := p.color(l.stroke, l.opacity)
	for i := 1; i < len(l.points); i++ {
		a, b := l.points[i-1], l.points[i]
		if len(l.dash) == 0 {
			p.stroke(c, l.width, a, b)
		}
	}
	if len(l.dash) > 0 {
		for _, piece := range dashes(l.points, l.dash) {
			p.stroke(c, l.width, piece[0], piece[1])
		}
	}
}

// dashes cuts a line into the pieces that are drawn.
func dashes(points []Point, pattern []float64) [][2]Point {
	var out [][2]Point
	i, left := 0, pattern[0]
	for k := 1; k < len(points); k++ {
		a, b := points[k-1], points[k]
		length := math.Hypot(b.X-a.X, b.Y-a.Y)
		for at := 0.0; at < length; {
			n := math.Min(left, length-at)
			if i%2 == 0 {
				out = append(out, [2]Point{along(a, b, at/length), along(a, b, (at+n)/length)})
			}
			at += n
			if left -= n; left <= 1e-9 {
				i++
				left = math.Max(pattern[i%len(pattern)], 0.1)
			}
		}
	}
	return out
}

func along(a, b Point, f float64) Point {
	return Point{a.X + (b.X-a.X)*f, a.Y + (b.Y-a.Y)*f}
}

func (d dot) paint(p *painter) {
	ground, fill := p.color(Paper, 1), p.color(d.fill, 1)
	switch d.shape {
	case diamond:
		p.fill(ground, rhombus(d.x, d.y, d.r+1))
		p.fill(fill, rhombus(d.x, d.y, d.r))
	case ring:
		p.fill(fill, circle(d.x, d.y, d.r+1))
		p.fill(ground, circle(d.x, d.y, d.r-1))
	default:
		p.fill(ground, circle(d.x, d.y, d.r+0.5))
		p.fill(fill, circle(d.x, d.y, d.r))
	}
}

func rhombus(x, y, r float64) []Point {
	return []Point{{x, y - r}, {x + r, y}, {x, y + r}, {x - r, y}}
}

func circle(x, y, r float64) []Point {
	const corners = 40
	out := make([]Point, corners)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		out[i] = Point{x + r*cos, y + r*sin}
	}
	return out
}

func (t text) paint(p *painter) {
	f := faceOnce(t.size*p.scale, t.bold)
	f.mu.Lock()
	defer f.mu.Unlock()
	x := fixed.Int26_6(math.Round(t.x * p.scale * 64))
	switch w := font.MeasureString(f.face, t.content); t.anchor {
	case middle:
		x -= w / 2
	case end:
		x -= w
	case start:
	}
	d := font.Drawer{
		Dst: p.img, Src: image.NewUniform(p.color(t.role, 1)), Face: f.face,
		Dot: fixed.Point26_6{X: x, Y: fixed.Int26_6(math.Round((t.y + p.dy) * p.scale * 64))},
	}
	d.DrawString(t.content)
}
