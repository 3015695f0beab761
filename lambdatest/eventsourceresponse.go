package lambdatest

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// failedItems reads a partial batch response ("Implementing partial batch responses" in the Developer Guide): the IDs of
// the messages that failed. No response, null, a document without the list, an empty list and a null list mean that
// none did. An error means that all did: a response that is not JSON or not of that form, and an identifier that is
// missing, empty, null or of no message of the batch.
//
// AWS does not document what it makes of JSON that is no object, or of a list that is no list; here that is not of the
// form. Names count case and all, as they do on AWS.
func failedItems(response []byte, b *batch) (map[string]bool, error) {
	response = bytes.TrimSpace(response)
	if len(response) == 0 {
		return nil, nil
	}
	var doc map[string]json.RawMessage // null leaves it nil
	if err := json.Unmarshal(response, &doc); err != nil {
		return nil, fmt.Errorf("the response is not a JSON object: %w", err)
	}
	// Raw values throughout: package json would accept batchitemfailures too.
	var items []map[string]json.RawMessage
	if list, ok := doc["batchItemFailures"]; ok {
		if err := json.Unmarshal(list, &items); err != nil {
			return nil, fmt.Errorf("batchItemFailures is not a list of objects: %w", err)
		}
	}
	known := make(map[string]bool, len(b.messages))
	for _, m := range b.messages {
		known[m.id] = true
	}
	failed := make(map[string]bool, len(items))
	for i, item := range items {
		value, ok := item["itemIdentifier"]
		if !ok {
			return nil, fmt.Errorf("batchItemFailures[%d] has no itemIdentifier", i)
		}
		var id string
		switch err := json.Unmarshal(value, &id); {
		case err != nil:
			return nil, fmt.Errorf("batchItemFailures[%d].itemIdentifier is not a string: %w", i, err)
		case id == "":
			return nil, fmt.Errorf("batchItemFailures[%d].itemIdentifier is empty", i)
		case !known[id]:
			return nil, fmt.Errorf("batchItemFailures[%d].itemIdentifier %q is no message of this batch", i, id)
		}
		failed[id] = true
	}
	return failed, nil
}
