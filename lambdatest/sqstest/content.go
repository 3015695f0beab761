package sqstest

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	attributeChars = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	numberPattern  = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$|^[+-]?\.[0-9]+([eE][+-]?[0-9]{1,3})?$`)
)

const badCharacters = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"

// validText reports whether s has only the characters that SQS stores (API SendMessage).
func validText(s string) bool {
	for _, r := range s {
		switch {
		case r == '\t', r == '\n', r == '\r':
		case r < 0x20, r == 0xFFFE, r == 0xFFFF:
			return false
		}
	}
	return utf8.ValidString(s)
}

// size is what a message counts against the limits: its body, and name, type and
// value of each attribute. System attributes do not count (API SendMessage).
func (e *sendEntry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.value())
	}
	return n
}

func checkAttributes(attributes map[string]attributeValue) *apiError {
	if len(attributes) > maxAttributes {
		return kindInvalidParameterValue.errorf("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(attributes), maxAttributes)
	}
	for name, a := range attributes {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := checkAttributeValue(name, a); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) *apiError {
	lower := strings.ToLower(name)
	switch {
	case utf8.RuneCountInString(name) > maxAttributeName:
		return kindInvalidParameterValue.errorf("Message (user) attribute names must be shorter than 256 Bytes")
	case !attributeChars.MatchString(name):
		return kindInvalidParameterValue.errorf("Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ")
	case strings.HasPrefix(lower, "aws."), strings.HasPrefix(lower, "amazon."), strings.HasPrefix(name, "."), strings.HasSuffix(name, "."):
		return kindInvalidParameterValue.errorf("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	case strings.Contains(name, ".."):
		return kindInvalidParameterValue.errorf("Message attribute name can not have successive '.' characters. ")
	}
	return nil
}

func checkAttributeValue(name string, a attributeValue) *apiError {
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch {
	case a.DataType == "":
		return kindInvalidParameterValue.errorf("The message attribute '%s' must contain a non-empty message attribute type.", name)
	case kind != "String" && kind != "Number" && kind != "Binary":
		return kindInvalidParameterValue.errorf("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case utf8.RuneCountInString(a.DataType) > maxAttributeName:
		return kindInvalidParameterValue.errorf("Message (user) attribute types must be shorter than 256 Bytes")
	case !validText(a.DataType):
		return kindInvalidParameterValue.errorf(badCharacters)
	case a.value() == "":
		return kindInvalidParameterValue.errorf("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
	case kind != "Binary" && !validText(a.value()):
		return kindInvalidParameterValue.errorf(badCharacters)
	case kind == "Number" && !validNumber(a.value()):
		return kindInvalidParameterValue.errorf("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return nil
}

// validNumber reports whether s is a number of up to 38 digits between 10^-128 and
// 10^126 in size (DG sqs-message-metadata).
func validNumber(s string) bool {
	if !numberPattern.MatchString(s) {
		return false
	}
	digits, exponentText, _ := strings.Cut(strings.ToLower(strings.TrimLeft(s, "+-")), "e")
	exponent := 0
	if exponentText != "" {
		exponent, _ = strconv.Atoi(exponentText) // the pattern allows three digits
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	all := whole + fraction
	significant := strings.TrimLeft(all, "0")
	if significant == "" {
		return true
	}
	// Power of ten of the first digit that counts.
	magnitude := len(whole) - (len(all) - len(significant)) - 1 + exponent
	return len(strings.TrimRight(significant, "0")) <= 38 && magnitude >= -128 && magnitude <= 126
}
