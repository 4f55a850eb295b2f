package sandbox

import (
	"net/http"
	"time"
)

// With v2 versioning the states of a feature in an environment belong to a published version, and only publishing another
// one changes them.

// v2Only is what an environment with v2 versioning answers to every direct write of a state.
func v2Only() answer {
	return detail(http.StatusBadRequest, "This environment uses v2 feature versioning. Use the environment feature version endpoint instead.")
}

// useVersions makes a first version of every feature out of its states, which stay the same.
func (s *Sandbox) useVersions(e *environment) {
	for _, f := range s.featuresOf(e.project) {
		version := newUUID()
		f.modified[e.id] = time.Now()
		for _, st := range s.states.where(func(st *featureState) bool { return st.feature == f.id && st.environment == e.id }) {
			st.version = &version
		}
	}
	e.v2 = true
}

// dropVersions keeps the live states and forgets their versions.
func (s *Sandbox) dropVersions(e *environment) {
	now := time.Now()
	for _, st := range s.states.where(func(st *featureState) bool { return st.environment == e.id }) {
		st.version, st.liveFrom = nil, &now
	}
	for _, f := range s.featuresOf(e.project) {
		delete(f.modified, e.id)
	}
	e.v2 = false
}
