package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Integration tells another service what happens; the API calls it an addon. A webhook is one, too.
type Integration struct {
	ID           int64
	Type         string // its provider
	Description  string
	Enabled      bool
	Events       []string
	Environments []string // none: all
	Projects     []string // none: all
	// Parameters are texts by name. In what is read, those are left out that the server masks. In what is wanted, nil takes
	// one away, and what is not named stays as it is.
	Parameters map[string]*string
}

// Webhook is the type of those that have a kind of object of their own.
const Webhook = "webhook"

// Provider is a type of integration that a server knows.
type Provider struct {
	Name       string
	Deprecated string // why none can be made any more
	Parameters []struct {
		Name                string
		Required, Sensitive bool
	}
	Events []string
}

// The server shows this in place of a secret, and takes it for "as it is".
const masked = `"*****"`

// addon is an integration as the server has it. Parameters are texts, but numbers and truth values are kept as such.
type addon struct {
	ID           int64                      `json:"id,omitempty"`
	Provider     string                     `json:"provider"`
	Description  *string                    `json:"description,omitempty"` // left out of a PUT, it is kept; null becomes ""
	Enabled      bool                       `json:"enabled"`
	Events       []string                   `json:"events"`
	Environments []string                   `json:"environments"`
	Projects     []string                   `json:"projects"`
	Parameters   map[string]json.RawMessage `json:"parameters"`
}

func (a addon) object() Integration {
	i := Integration{
		ID: a.ID, Type: a.Provider, Description: deref(a.Description), Enabled: a.Enabled, Events: a.Events, Environments: a.Environments,
		Projects: a.Projects, Parameters: map[string]*string{},
	}
	for name, raw := range a.Parameters {
		if string(raw) != masked {
			i.Parameters[name] = pointer(parameterText(raw))
		}
	}
	return i
}

func parameterText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}

func rawText(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a string always can
	return raw
}

// change writes what is wanted over a. Of lists that hold the same, a's order and repetitions stay.
func (a *addon) change(prior, want Integration) {
	if a.Enabled = want.Enabled; deref(a.Description) != want.Description {
		a.Description = &want.Description
	}
	for list, wanted := range map[*[]string][]string{&a.Events: want.Events, &a.Environments: want.Environments, &a.Projects: want.Projects} {
		if !sameSet(*list, wanted) {
			*list = append([]string{}, slices.Sorted(slices.Values(wanted))...)
		}
	}
	for name := range prior.Parameters {
		if _, kept := want.Parameters[name]; !kept {
			delete(a.Parameters, name)
		}
	}
	for name, value := range want.Parameters {
		there, has := a.Parameters[name]
		was := prior.Parameters[name]
		switch {
		case value == nil:
			delete(a.Parameters, name)
		case has && string(there) == masked && was != nil && *was == *value: // a secret that is not to change
		case !has || parameterText(there) != *value:
			a.Parameters[name] = rawText(*value)
		}
	}
}

// body is what to send so that the server has a. Where it masks secrets, it also takes the mask for a URL that is none, and
// does not look the host up again: an integration whose host is gone can be disabled.
func (a addon) body(there addon) addon {
	a.ID = 0
	secrets := slices.ContainsFunc(slices.Collect(maps.Values(there.Parameters)), func(raw json.RawMessage) bool { return string(raw) == masked })
	if at, has := a.Parameters["url"]; secrets && has && bytes.Equal(at, there.Parameters["url"]) {
		a.Parameters = maps.Clone(a.Parameters)
		a.Parameters["url"] = json.RawMessage(masked)
	}
	return a
}

func (a addon) clone() addon {
	a.Parameters = maps.Clone(a.Parameters)
	if a.Parameters == nil {
		a.Parameters = map[string]json.RawMessage{}
	}
	return a
}

func sameSet(a, b []string) bool {
	set := func(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
	return slices.Equal(set(a), set(b))
}

const addons, addonProviders = "integrations", "integration providers"

var addonsPath = rest.P("/api/admin/addons")

func addonPath(id int64) rest.Path { return rest.P("/api/admin/addons/{}", id) }

type addonList struct {
	Addons    []addon
	Providers []Provider
}

func (c *Client) addons(ctx context.Context) (addonList, error) {
	return remember(ctx, c, addons, c.listAddons)
}

func (c *Client) listAddons(ctx context.Context) (addonList, error) {
	list, err := rest.Get[addonList](ctx, c.rest, addonsPath)
	if err == nil && (list.Addons == nil || list.Providers == nil) {
		err = c.rest.Unexpected(http.MethodGet, addonsPath, "a list of integrations")
	}
	return list, err
}

var integrations = collection[addon]{
	name: "integrations alone",
	list: func(c *Client, ctx context.Context) ([]addon, error) {
		list, err := c.listAddons(ctx)
		return list.Addons, err
	},
	same: func(a, b addon) bool { return a.ID == b.ID },
}

// Providers are the types of integrations that the server knows.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	return remember(ctx, c, addonProviders, func(ctx context.Context) ([]Provider, error) {
		list, err := c.addons(ctx)
		return list.Providers, err
	})
}

// Integration reads one that is not a webhook.
func (c *Client) Integration(ctx context.Context, at Integration) (Integration, error) {
	got, err := c.integration(ctx, at)
	if err == nil && got.Type == Webhook {
		return at, notFound(addonPath(at.ID), "Integration %d is a webhook, which is a flagops_unleash_webhook", at.ID)
	}
	return got, err
}

// Webhook reads one that is a webhook.
func (c *Client) Webhook(ctx context.Context, at Integration) (Integration, error) {
	got, err := c.integration(ctx, at)
	if err == nil && got.Type != Webhook {
		return at, notFound(addonPath(at.ID), "Integration %d is no webhook but of the type %q: see flagops_unleash_integration", at.ID, got.Type)
	}
	return got, err
}

func (c *Client) integration(ctx context.Context, at Integration) (Integration, error) {
	list, err := c.addons(ctx)
	if err != nil {
		return at, err
	}
	for _, a := range list.Addons {
		if a.ID == at.ID {
			return a.object(), nil
		}
	}
	return at, notFound(addonPath(at.ID), "There is no integration %d", at.ID)
}

// Integrations lists those that are not webhooks, Webhooks those that are.
func (c *Client) Integrations(ctx context.Context, _ Integration) iter.Seq2[Integration, error] {
	return c.integrations(ctx, func(a addon) bool { return a.Provider != Webhook })
}

// Webhooks lists those that are webhooks.
func (c *Client) Webhooks(ctx context.Context, _ Integration) iter.Seq2[Integration, error] {
	return c.integrations(ctx, func(a addon) bool { return a.Provider == Webhook })
}

func (c *Client) integrations(ctx context.Context, wanted func(addon) bool) iter.Seq2[Integration, error] {
	return func(yield func(Integration, error) bool) {
		list, err := c.addons(ctx)
		if err != nil {
			yield(Integration{}, err)
			return
		}
		for _, a := range list.Addons {
			if wanted(a) && !yield(a.object(), nil) {
				return
			}
		}
	}
}

// CreateIntegration makes one, a webhook or another.
func (c *Client) CreateIntegration(ctx context.Context, want Integration) (Integration, error) {
	a := addon{Provider: want.Type, Parameters: map[string]json.RawMessage{}, Events: []string{}, Environments: []string{}, Projects: []string{}}
	a.change(Integration{}, want)
	made, err := integrations.create(ctx, c, addonsPath, a, func(m addon) bool {
		return m.ID != 0 && m.Provider == want.Type && m.Enabled == want.Enabled && deref(m.Description) == want.Description && sameSet(m.Events, a.Events) &&
			sameSet(m.Environments, a.Environments) && sameSet(m.Projects, a.Projects)
	})
	c.forget(addons)
	return made.object(), explainAddon(err, want)
}

// UpdateIntegration changes what is wanted in what is there now: a PUT replaces everything.
func (c *Client) UpdateIntegration(ctx context.Context, prior, want Integration) (Integration, error) {
	there, err := rest.Get[addon](ctx, c.rest, addonPath(want.ID))
	if err != nil {
		return want, err
	}
	changed := there.clone()
	changed.change(prior, want)
	got, err := c.putAddon(ctx, there, changed)
	return got.object(), explainAddon(err, want)
}

func (c *Client) putAddon(ctx context.Context, there, changed addon) (addon, error) {
	got, err := rest.Send[addon](ctx, c.rest, http.MethodPut, addonPath(there.ID), changed.body(there))
	c.forget(addons)
	if err == nil && got.ID != there.ID {
		err = c.rest.Unexpected(http.MethodPut, addonPath(there.ID), "this integration")
	}
	return got, err
}

// DeleteIntegration deletes one. The server remembers for a minute which integrations are enabled, and what it tells one may
// take ten seconds more; if that one is deleted meanwhile, its database refuses to note what became of it, and the server
// ends. So an enabled one is disabled first, and deleted once that is forgotten.
func (c *Client) DeleteIntegration(ctx context.Context, at Integration) error {
	there, err := rest.Get[addon](ctx, c.rest, addonPath(at.ID))
	if err != nil {
		return err
	}
	wait := c.delay
	if there.Enabled {
		off := there.clone()
		off.Enabled = false
		if _, err := c.putAddon(ctx, there, off); err != nil {
			return explainAddon(err, at)
		}
	} else {
		wait = c.sinceDisabled(ctx, at.ID)
	}
	if err := c.wait(ctx, wait); err != nil {
		return fmt.Errorf("integration %d is disabled, but not deleted yet: that is safe %s after it was disabled, once the server has forgotten it: %w", at.ID, c.delay, err)
	}
	err = c.rest.Do(ctx, http.MethodDelete, addonPath(at.ID), nil, nil)
	c.forget(addons)
	return err
}

// sinceDisabled is what is left to wait until a disabled integration may be deleted. The server's events tell when it was
// disabled; where they cannot be had, it may have been a moment ago.
func (c *Client) sinceDisabled(ctx context.Context, id int64) time.Duration {
	type state struct {
		ID      int64
		Enabled bool
	}
	got, err := rest.Get[struct {
		Events []struct {
			CreatedAt     time.Time
			Data, PreData state
		}
	}](ctx, c.rest, rest.P("/api/admin/search/events").Query("type", "IS:addon-config-updated", "limit", 100))
	if err != nil {
		return c.delay
	}
	for _, e := range got.Events { // the last one first
		if e.Data.ID == id && e.PreData.Enabled && !e.Data.Enabled {
			return min(max(c.delay-time.Since(e.CreatedAt), 0), c.delay)
		}
	}
	return 0
}

// explainAddon says what may be behind an answer that is the same for many faults, and takes secrets out of it.
func explainAddon(err error, want Integration) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	clean := secretsOf(want)
	e.Message = clean.Replace(e.Message)
	for name, texts := range e.Fields {
		for i := range texts {
			texts[i] = clean.Replace(texts[i])
		}
		e.Fields[name] = texts
	}
	switch {
	case len(e.Fields) > 0 || want.Parameters["url"] == nil:
	case e.Status == http.StatusInternalServerError:
		e.Hint = "Unleash looks up the host of a URL before it stores it. Is it spelled right, and can the server, not this machine, resolve it?"
		return about(err, "parameters.url")
	case e.Status == http.StatusBadRequest && want.Type == Webhook:
		e.Hint = addonFaults
		return about(err, "parameters.url")
	}
	if e.Status == http.StatusBadRequest && len(e.Fields) == 0 {
		e.Hint = addonFaults
	}
	return err
}

const addonFaults = "Unleash says the same of several faults. Is the host of the url private, loopback or link-local, in itself or as the server " +
	"resolves it (which it takes only where UNLEASH_ALLOW_PRIVATE_URL_IN_INTEGRATION or its allow list says so)? Is its scheme another than http " +
	"and https? Is a parameter missing that this type needs, or does the server not know the type?"

// secretsOf replaces what the server may repeat of a URL and of other parameters.
func secretsOf(i Integration) *strings.Replacer {
	var pairs []string
	for _, value := range i.Parameters {
		if text := deref(value); len(text) > 3 {
			pairs = append(pairs, text, "***")
			if u, err := url.Parse(text); err == nil && u.Hostname() != "" {
				pairs = append(pairs, u.Hostname(), "***")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
