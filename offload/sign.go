package offload

import (
	"encoding/base64"
	"fmt"

	"github.com/go-offload/lambda/offload/driver"
)

// Environment variables of the signing keys, in standard base64: openssl rand -base64 32.
const (
	envSigningKey         = "OFFLOAD_SIGNING_KEY"
	envSigningKeyPrevious = "OFFLOAD_SIGNING_KEY_PREVIOUS"
)

// WithSigningKeys signs the tasks that leave, and refuses those that arrive without
// a signature of one of the keys, or altered: they do not run, and end where failed
// deliveries end. All functions that send tasks to each other need the same keys. Without it everyone
// who may write to the worker's queue, or invoke it, can have it run a task by its name.
//
// The environment variables are OFFLOAD_SIGNING_KEY and OFFLOAD_SIGNING_KEY_PREVIOUS, each
// in standard base64. [driver.Keys] says how to change keys.
func WithSigningKeys(keys driver.Keys) Option {
	return func(o *options) { o.remote().keys = &keys }
}

// completeKeys takes the keys from the environment if code set none.
func (r *remote) completeKeys(getenv func(string) string) error {
	if r.keys == nil {
		current, err := decodeKey(getenv, envSigningKey)
		if err != nil {
			return err
		}
		previous, err := decodeKey(getenv, envSigningKeyPrevious)
		if err != nil {
			return err
		}
		if current == nil && previous == nil {
			return nil
		}
		r.keys = &driver.Keys{Current: current, Previous: previous}
	}
	if err := r.keys.Check(); err != nil {
		return fmt.Errorf("%w: %s (or WithSigningKeys): %w; make one with: openssl rand -base64 32", ErrConfig, envSigningKey, err)
	}
	return nil
}

// decodeKey does not repeat the variable's value in its error: it is a secret.
func decodeKey(getenv func(string) string, name string) ([]byte, error) {
	text := getenv(name)
	if text == "" {
		return nil, nil
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is not standard base64 (%w); make a key with: openssl rand -base64 32", ErrConfig, name, err)
	}
	return key, nil
}

// seal encodes an envelope, signed if there is a key.
func (o *offloader) seal(envelope *driver.Envelope) ([]byte, error) {
	if keys := o.opts.remote().keys; keys != nil {
		if err := keys.Sign(envelope); err != nil {
			return nil, err
		}
	}
	return envelope.AppendJSON(nil)
}
