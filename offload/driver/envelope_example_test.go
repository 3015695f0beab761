package driver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

func ExampleEnvelope() {
	e := driver.Envelope{
		ID:     "01JD7ZK3N5T8Q2W4E6R8Y0V1XB",
		Source: "urn:offload:checkout",
		Task:   "send-receipt",
		Time:   time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC),
		Data:   json.RawMessage(`{"order":"A-1042"}`),
		Hops:   1,
	}
	b, err := e.AppendJSON(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(driver.Sniff(b))
	received, err := driver.Decode(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(received.Task, string(received.Data))
	// Output:
	// true
	// send-receipt {"order":"A-1042"}
}

func ExampleKeys() {
	keys := driver.Keys{Current: []byte("a key of thirty-two bytes or more")}
	e := driver.Envelope{
		ID: "1", Source: "urn:offload:checkout", Task: "refund",
		Time: time.Date(2026, 11, 22, 10, 30, 0, 0, time.UTC), Data: json.RawMessage(`{"cents":100}`), Hops: 1,
	}
	fmt.Println(errors.Is(keys.Verify(&e), driver.ErrUnsigned))
	if err := keys.Sign(&e); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(keys.Verify(&e))
	e.Data = json.RawMessage(`{"cents":100000}`)
	fmt.Println(errors.Is(keys.Verify(&e), driver.ErrSignature))
	// Output:
	// true
	// <nil>
	// true
}
