package sandbox

import (
	"cmp"
	"slices"
)

// featureSegment is the override of a feature for a segment in an environment; a lower priority is stronger.
type featureSegment struct {
	id, feature, environment, segment, priority int64
	uuid                                        string
}

func (o *featureSegment) key() *int64 { return &o.id }

// overridesOf lists the overrides of a feature in an environment, strongest first.
func (s *Sandbox) overridesOf(feature, environment int64) []*featureSegment {
	all := s.overrides.where(func(o *featureSegment) bool { return o.feature == feature && o.environment == environment })
	slices.SortStableFunc(all, func(a, b *featureSegment) int { return cmp.Compare(a.priority, b.priority) })
	return all
}

// overrideState is the state of an override, or nil.
func (s *Sandbox) overrideState(override int64) *featureState {
	return s.states.first(func(st *featureState) bool { return st.override != nil && *st.override == override })
}

// dropOverride deletes an override with its state and leaves the others' priorities alone.
func (s *Sandbox) dropOverride(o *featureSegment) {
	if st := s.overrideState(o.id); st != nil {
		s.dropState(st)
	}
	s.overrides.drop(o.id)
}
