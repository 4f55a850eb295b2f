package flagsmith

// deref is what a pointer of a model points at, the zero value for null.
func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
