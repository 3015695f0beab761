package offload

// incomparable is the first field of structs that nobody compares: the linker would keep, for each
// struct that can be reached from a context, a function that does.
type incomparable [0]func()
