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

// recentDeletes remembers when flags were archived and deleted, newest last.
type recentDeletes struct {
	archived map[string]time.Time
	deleted  []time.Time
}

const (
	soon  = 100 * time.Millisecond // after archiving a flag
	burst = 50 * time.Millisecond  // what counts as at the same time
)

func (s *Sandbox) archivedJustNow(name string) {
	if s.recent.archived == nil {
		s.recent.archived = map[string]time.Time{}
	}
	s.recent.archived[name] = time.Now()
}

// deleteCrashes reports whether deleting a flag for good kills the server: at high parallelism, right after the flag was
// archived. That is when more than n such deletions come within a moment (CrashOnDelete).
func (s *Sandbox) deleteCrashes(name string) bool {
	now := time.Now()
	if s.deletes == 0 || now.Sub(s.recent.archived[name]) > soon {
		return false
	}
	s.recent.deleted = append(slices.DeleteFunc(s.recent.deleted, func(t time.Time) bool { return now.Sub(t) > burst }), now)
	return len(s.recent.deleted) > s.deletes
}
