package sqstest

// checkBatch finds what refuses a batch as a whole. Entry names the type of an entry
// in the service model, which SQS mentions when there is none.
func checkBatch[T any](entries []T, entry string, id func(*T) string) *apiError {
	if len(entries) == 0 {
		return kindEmptyBatchRequest.errorf("There should be at least one %s in the request.", entry)
	}
	if len(entries) > maxBatchEntries {
		return kindTooManyEntries.errorf("Maximum number of entries per request are %d. You have sent %d.", maxBatchEntries, len(entries))
	}
	seen := make(map[string]bool, len(entries))
	for i := range entries {
		name := id(&entries[i])
		if !entryID.MatchString(name) {
			return kindInvalidBatchEntryID.errorf("A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[name] {
			return kindBatchEntryIDsNotDistinct.errorf("Id %s repeated.", name)
		}
		seen[name] = true
	}
	return nil
}

// entry is the error as one line of a batch's Failed.
func (e *apiError) entry(id string) batchError {
	return batchError{ID: id, Code: e.batchCode(), Message: e.message, SenderFault: e.senderFault()}
}
