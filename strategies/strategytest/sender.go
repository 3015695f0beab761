package strategytest

func senderChecks() []namedCheck { return nil }
