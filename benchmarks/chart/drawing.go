package chart

// Role is what a mark stands for. A scheme gives it a colour.
type Role string

// The roles of text, frame and ground.
const (
	Ink   Role = "ink"   // text, and what must be read
	Muted Role = "muted" // labels of axes
	Grid  Role = "grid"  // grid lines; decoration, so without a contrast to hold
	Paper Role = "paper" // the ground
	Alarm Role = "alarm" // text of a warning
)

// The roles of series: what becomes of the tasks.
const (
	Waits   Role = "waits"   // the client waits for them
	Loses   Role = "loses"   // they freeze with the environment
	Gateway Role = "gateway" // the gateway answers, nobody hears of them
	Sends   Role = "sends"   // they leave for another invocation
	Keeps   Role = "keeps"   // the environment stays awake for them
	Chains  Role = "chains"  // it stays awake, and a queue takes the rest
	Handler Role = "handler" // the handler itself
)

// Series lists the roles that colour data.
func Series() []Role { return []Role{Waits, Loses, Gateway, Sends, Keeps, Chains, Handler} }

// Point is a place in a drawing, in CSS pixels from its upper left corner.
type Point struct{ X, Y float64 }

// Drawing is a figure that has been laid out. The zero value is empty.
type Drawing struct {
	Width, Height float64 // CSS pixels
	// Title names the figure and Description says in a sentence what it shows; a
	// screen reader reads both.
	Title, Description string

	marks []mark
}

// Marks is the number of marks that stand for data.
func (d *Drawing) Marks() int {
	n := 0
	every(d.marks, func(m mark) {
		if m.says() != "" {
			n++
		}
	})
	return n
}

func (d *Drawing) add(marks ...mark) { d.marks = append(d.marks, marks...) }

// mark is one element of a drawing. One that stands for data says what it is:
// the tooltip of the SVG.
type mark interface {
	says() string
	svg(*svgWriter)
	paint(*painter)
}

// rect is a filled rectangle, hatched where nothing happens.
type rect struct {
	x, y, w, h float64
	fill       Role
	opacity    float64 // 0 = 1
	hatched    bool
	title      string
}

// path is a line, or an area if it is filled.
type path struct {
	points  []Point
	stroke  Role // empty = none
	width   float64
	dash    []float64
	fill    Role // empty = none
	opacity float64
	title   string
}

// shape is how a dot looks, so that series differ without colour.
type shape int

const (
	disc shape = iota
	ring
	diamond
)

// dot is a point of data.
type dot struct {
	x, y, r float64
	fill    Role
	shape   shape
	title   string
}

// anchor is the part of a text that is at its place.
type anchor int

const (
	start anchor = iota
	middle
	end
)

// text is one line; y is its baseline.
type text struct {
	x, y    float64
	size    float64
	role    Role
	anchor  anchor
	bold    bool
	content string
}

func (r rect) says() string { return r.title }
func (p path) says() string { return p.title }
func (d dot) says() string  { return d.title }
func (text) says() string   { return "" }

// line is a straight path.
func line(x1, y1, x2, y2 float64, role Role, width float64, dash ...float64) path {
	return path{points: []Point{{x1, y1}, {x2, y2}}, stroke: role, width: width, dash: dash}
}
