// Package docs has no code. Its tests hold the documentation to the code: Go blocks compile, links lead somewhere, commands and tests
// that are named exist.
//
// A fenced block that begins with ```go is checked as a file if it has a package clause, and otherwise as a fragment: as
// declarations, or as the statements of a function. A fragment needs no imports of the packages that this module's documentation is about. What
// else it needs is declared in a comment in front of it, which readers do not see:
//
//	<!-- go
//	type Receipt struct{ Order string }
//	func mail(context.Context, Receipt) error
//	-->
//
// Statements go into func(ctx context.Context), so that ctx is there.
package docs
