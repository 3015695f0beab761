package lambdatest

import (
	"bytes"
	"encoding/json"
)

// marshalEvent encodes an event as AWS does: &, < and > stay what they are. json.Marshal makes six bytes of each, and of a body
// that has many of them an event that is larger than MaxPayload.
func marshalEvent(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
