package offloademf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// DefaultNamespace is the namespace of the metrics where Options name none.
const DefaultNamespace = "Offload"

// The limits of the format and of CloudWatch (Amazon CloudWatch User Guide, "Specification: Embedded metric format";
// Amazon CloudWatch API Reference, "Dimension" and "MetricDatum").
const (
	maxValues         = 100
	maxDimensions     = 30
	maxNameBytes      = 255
	maxDimensionBytes = 1024
)

// The members that a line has besides the user's dimensions.
const (
	memberMetadata = "_aws"
	memberRequest  = "requestId"
	memberFunction = "FunctionName"
	memberTask     = "TaskName"
)

// ErrOptions means that CloudWatch would not take the metrics.
var ErrOptions = errors.New("offloademf: invalid options")

// Options configure [New]. The zero value is usable.
type Options struct {
	// Namespace of the metrics: up to 255 letters, digits and . - _ / # :, not beginning with AWS/.
	// Empty means DefaultNamespace.
	Namespace string

	// Dimensions are added to FunctionName, for example the stage. Each combination of values is a metric of its
	// own that is paid for, so nothing belongs here that differs from request to request.
	Dimensions map[string]string

	// ByTask gives each metric once more with the dimension TaskName. An invocation then writes a line for each
	// name of a task, and each name has its own metrics.
	ByTask bool

	// Writer gets the lines, one Write each. Nil means os.Stdout, which Lambda sends to CloudWatch Logs.
	Writer io.Writer
}

// complete checks the options and fills in the defaults.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	c.Namespace = cmp.Or(c.Namespace, DefaultNamespace)
	if len(c.Namespace) > maxNameBytes || strings.HasPrefix(c.Namespace, "AWS/") || strings.ContainsFunc(c.Namespace, notOfANamespace) {
		return c, fmt.Errorf("%w: namespace %q: use up to %d letters, digits and . - _ / # :, and do not begin with AWS/", ErrOptions, c.Namespace, maxNameBytes)
	}
	own := map[string]string{memberFunction: cmp.Or(lambdacontext.FunctionName, "unknown")}
	maps.Copy(own, c.Dimensions)
	c.Dimensions = own
	if limit := maxDimensions - 1; len(own) > limit {
		return c, fmt.Errorf("%w: %d dimensions with %s; CloudWatch takes %d, and one may be %s", ErrOptions, len(own), memberFunction, maxDimensions, memberTask)
	}
	for name, value := range own {
		if err := checkDimension(name, value); err != nil {
			return c, err
		}
	}
	if c.Writer == nil {
		c.Writer = os.Stdout
	}
	return c, nil
}

func checkDimension(name, value string) error {
	switch {
	case !isText(name, maxNameBytes) || name[0] == ':':
		return fmt.Errorf("%w: dimension %q: use up to %d printable ASCII characters, and do not begin with a colon", ErrOptions, name, maxNameBytes)
	case !isText(value, maxDimensionBytes):
		return fmt.Errorf("%w: value %q of dimension %q: use up to %d printable ASCII characters", ErrOptions, value, name, maxDimensionBytes)
	case name == memberMetadata, name == memberRequest, name == memberTask, slices.Contains(metricNames[:], name):
		return fmt.Errorf("%w: dimension %q has a name that the line needs for something else", ErrOptions, name)
	}
	return nil
}

// isText holds to ASCII without control characters, with something to see.
func isText(s string, limit int) bool {
	return s != "" && len(s) <= limit && strings.TrimSpace(s) != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func notOfANamespace(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune(".-_/#:", r)
}
