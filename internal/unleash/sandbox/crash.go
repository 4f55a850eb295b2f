package sandbox

import (
	"slices"
	"time"
)

// Two things kill a stock server, since it exits on any promise that nobody handles. After that the sandbox drops every
// connection, as a dead server does.

// Crashed reports whether the server died.
func (s *Sandbox) Crashed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.announce()
	return s.crashed
}

// event is something that integrations can subscribe to. The real server hands events out once a second.
type event struct {
	kind, project, environment string
	at                         time.Time
}

// addonCache is what the server remembers of the enabled integrations: it reads them again when an event comes and the
// cache is too old.
type addonCache struct {
	read   time.Time
	addons []addon
}

func (s *Sandbox) event(kind, project, environment string) {
	if p := s.projects.get(project); p != nil {
		p.updated = now()
	}
	s.events = append(s.events, event{kind, project, environment, time.Now()})
}

// announce hands out the events that are due. An integration that is in the cache but was deleted meanwhile cannot be
// given one: writing down that it was breaks a foreign key, and the server exits.
func (s *Sandbox) announce() {
	now := time.Now()
	for len(s.events) > 0 && !s.crashed && now.Sub(s.events[0].at) >= s.eventLag {
		e := s.events[0]
		s.events = s.events[1:]
		if due := e.at.Add(s.eventLag); due.Sub(s.cache.read) >= s.addonCache {
			s.cache = addonCache{read: due}
			for _, a := range s.addons.where(func(a *addon) bool { return a.enabled }) {
				s.cache.addons = append(s.cache.addons, *a)
			}
		}
		for _, a := range s.cache.addons {
			if slices.Contains(a.events, e.kind) && covers(a.projects, e.project) && covers(a.environments, e.environment) && !s.addons.has(a.id) {
				s.crashed = true
			}
		}
	}
}

// covers reports whether a filter lets something through: an empty one and "*" in front let everything.
func covers(filter []string, name string) bool {
	return name == "" || len(filter) == 0 || filter[0] == "*" || slices.Contains(filter, name)
}

// enters notes that a flag was made, archived or revived: the server works that up once a second, as it hands out events.
// What archives a flag by a change of its data is not worked up.
func (s *Sandbox) enters(f *feature, stage string) {
	s.workUp(f)
	f.pending, f.since = stage, time.Now()
}

// workUp does what is due. A flag that is deleted with something pending kills a real server more often than not: writing
// down the stage of a flag that is gone breaks a foreign key (CrashOnDelete).
func (s *Sandbox) workUp(f *feature) {
	if f.pending == "" || time.Since(f.since) < s.eventLag {
		return
	}
	if f.pending == "initial" {
		f.lifecycle = nil
	}
	f.lifecycle = append(f.lifecycle, object{"stage": f.pending, "enteredStageAt": stamp(now())})
	f.pending = ""
}
