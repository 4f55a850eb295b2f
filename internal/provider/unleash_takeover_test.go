package provider_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// A server full of things made without Terraform is taken over by a query that writes the configuration: the plan imports
// everything and changes nothing, no request writes, and the server holds what it held, masked secrets included. It is not
// parallel: a real server has just one project, which nobody may change meanwhile.
func TestAccUnleashTakeover(t *testing.T) {
	acctest.Needs(t, acctest.ListResources)
	u := acctest.NewUnleash(t)
	made := oddServer(t, u)
	before := unleashSnapshot(t, u)

	w := acctest.NewWorkspace(t, u)
	var query strings.Builder
	list := func(kind, label, config string) {
		fmt.Fprintf(&query, "list \"flagops_unleash_%s\" %q {\n  provider         = flagops\n  limit            = 10000\n  include_resource = true\n  config {\n%s\n  }\n}\n", kind, label, config)
	}
	for _, kind := range []string{"feature", "segment", "context_field", "tag_type", "strategy_type", "feature_type", "api_token", "webhook", "integration", "project_environment"} {
		list(kind, "all", "")
	}
	for _, environment := range []string{"development", "production"} {
		list("feature_state", environment, fmt.Sprintf("environment = %q", environment))
	}
	w.Write("all.tfquery.hcl", query.String())

	u.Reset()
	w.Run("query", "-generate-config-out=generated.tf")
	objects := strings.Count(w.Read("generated.tf"), "\nimport {")
	if objects < made {
		t.Errorf("only %d objects were found, %d were made", objects, made)
	}
	plan := w.Run("plan", "-input=false")
	if want := fmt.Sprintf("%d to import, 0 to add, 0 to change, 0 to destroy", objects); !strings.Contains(plan, want) {
		t.Errorf("expected %q of\n%s", want, plan)
	}
	w.Apply()
	w.ExpectEmptyPlan()
	if writes := u.Writes(); len(writes) > 0 {
		t.Errorf("the takeover wrote: %q", writes)
	}
	after := unleashSnapshot(t, u)
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s was\n%s\nand is\n%s", path, was, after[path])
		}
	}
}

// oddServer fills the server as a dashboard and scripts of years would have, and returns how many objects a takeover has to
// find.
func oddServer(t *testing.T, u *acctest.Unleash) (objects int) {
	t.Helper()
	type o = map[string]any
	name := u.Name("odd")
	undo := func(method, path string) { t.Cleanup(func() { u.Send(method, path, nil) }) }
	post := func(path string, body o) acctest.Object { objects++; return u.Post(path, body) }

	post("/tag-types", o{"name": "odd-type", "description": "", "icon": "O"})
	undo("DELETE", "/tag-types/odd-type")
	post("/context", o{"name": "odd.plan", "legalValues": []o{{"value": "gold"}, {"value": "silver", "description": "second"}}, "sortOrder": 7})
	post("/context", o{"name": "odd-bound", "project": "default", "stickiness": true})
	undo("DELETE", "/context/odd.plan")
	undo("DELETE", "/context/odd-bound")
	post("/strategies", o{"name": "oddStrategy", "parameters": []o{{"name": "hours", "type": "list"}, {"name": "zone", "type": "string", "description": "of time", "required": true}}})
	undo("DELETE", "/strategies/oddStrategy")
	u.Post("/strategies/oddStrategy/deprecate", nil)
	segment := post("/segments", o{"name": name + " / with a slash", "constraints": []o{
		{"contextName": "userId", "operator": "NUM_GT", "value": " 5.50 ", "inverted": true},
		{"contextName": "odd.plan", "operator": "IN", "values": []string{"silver", "gold", "gold"}, "caseInsensitive": true},
		{"contextName": "nobody", "operator": "DATE_AFTER", "value": "2022-01-29", "values": []string{"left behind"}},
	}}).ID()
	empty := post("/segments", o{"name": name + " empty", "description": "", "project": "default", "constraints": []o{}}).ID()
	undo("DELETE", fmt.Sprintf("/segments/%d", segment))
	undo("DELETE", fmt.Sprintf("/segments/%d", empty))

	for _, token := range []o{
		{"tokenName": name, "type": "client", "environment": "development", "projects": []string{"*"}, "expiresAt": "2020-01-01T00:00:00Z"},
		{"tokenName": name, "type": "backend", "environment": "production", "projects": []string{"default"}},
		{"tokenName": name + "-web", "type": "frontend", "environment": "development"},
	} {
		undo("DELETE", "/api-tokens/"+post("/api-tokens", token).Text("secret"))
	}
	for _, addon := range []o{
		{"provider": "webhook", "enabled": false, "description": "", "events": []string{"feature-created", "feature-created", "no-such-event"},
			"parameters": o{"url": "http://127.0.0.1:9/hook", "authorization": "s3cret", "customHeaders": `{"a":"b"}`, "bodyTemplate": `{ "b": "{{event.type}}", "a": [1.0] }`, "unknown": "kept"}},
		{"provider": "webhook", "enabled": false, "description": "twins", "events": []string{}, "parameters": o{"url": "http://127.0.0.1:9/a"}, "environments": []string{"production", "nowhere"}},
		{"provider": "datadog", "enabled": false, "description": "twins", "events": []string{"feature-updated"}, "projects": []string{"*"}, "parameters": o{"apiKey": "s3cret"}},
	} {
		undo("DELETE", fmt.Sprintf("/addons/%d", post("/addons", addon).ID()))
	}

	features := "/projects/default/features"
	feature := func(body o) string {
		flag := body["name"].(string)
		post(features, body)
		objects += 2 // its states
		t.Cleanup(func() {
			u.Send("PATCH", features+"/"+flag, []o{{"op": "replace", "path": "/archived", "value": true}})
			u.Send("DELETE", "/archive/"+flag, nil)
		})
		return flag
	}
	plain := feature(o{"name": name + ".odd~(1)!*'", "type": "kill-switch", "description": "  two \n lines ", "impressionData": true, "stale": true})
	feature(o{"name": strings.ToUpper(name), "description": ""})
	parent := feature(o{"name": name + "_parent"})
	child := feature(o{"name": name + "_child"})
	shelved := feature(o{"name": name + "_shelved"})
	orphan := feature(o{"name": name + "_orphan"})
	full := feature(o{"name": name + "-full"})
	u.Patch(features+"/"+full, []o{{"op": "replace", "path": "/type", "value": "nope"}}) // which a PATCH does not look at
	for _, tag := range []o{{"type": "simple", "value": "a/b"}, {"type": "odd-type", "value": " both ends "}} {
		u.Post("/features/"+plain+"/tags", tag)
	}
	for _, link := range []o{{"url": "EXAMPLE.com/path/"}, {"url": "https://example.com/path"}, {"url": "https://example.com/x?y=1", "title": ""}} {
		u.Post(features+"/"+plain+"/link", link)
	}
	u.Post(features+"/"+child+"/dependencies", o{"feature": parent, "enabled": true, "variants": []string{"b", "a"}})
	u.Post(features+"/"+orphan+"/dependencies", o{"feature": shelved, "enabled": false})
	u.Patch(features+"/"+shelved, []o{{"op": "replace", "path": "/archived", "value": true}}) // a parent that is put away
	objects -= 3

	strategies := func(environment string, all ...o) {
		for _, s := range all {
			u.Post(features+"/"+full+"/environments/"+environment+"/strategies", s)
		}
	}
	strategies("development",
		o{"name": "flexibleRollout", "title": "", "sortOrder": 17, "parameters": o{"rollout": "abc", "extra": "kept"}, "segments": []int64{segment, empty}},
		o{"name": "flexibleRollout", "title": "odd variants", "sortOrder": 5, "variants": []o{
			{"name": "z", "weight": 0, "weightType": "variable", "stickiness": "default"},
			{"name": "x.y", "weight": 0, "weightType": "variable", "stickiness": "default", "payload": o{"type": "json", "value": `{ "a":1}`}},
			{"name": "_c", "weight": 1, "weightType": "fix", "stickiness": "userId", "payload": o{"type": "csv", "value": "a,b"}},
			{"name": "B", "weight": 0, "weightType": "variable", "stickiness": "default", "payload": o{"type": "number", "value": "1.50"}},
		}},
		o{"name": "oddStrategy", "disabled": true, "sortOrder": 5, "parameters": o{"hours": "8, 9"}},
		o{"name": "remoteAddress", "sortOrder": -3, "parameters": o{}, "constraints": []o{
			{"contextName": "a", "operator": "STR_ENDS_WITH", "values": []string{"x", " y "}, "inverted": false}, {"contextName": "b", "operator": "SEMVER_LTE", "value": "1.2.3"},
			{"contextName": "b", "operator": "SEMVER_LTE", "value": "1.2.3"},
		}},
		o{"name": "flexibleRollout", "title": "twin"}, o{"name": "flexibleRollout", "title": "twin"},
	)
	strategies("production", o{"name": "default", "disabled": true})
	u.Post(features+"/"+full+"/environments/development/on", nil)
	u.Post(features+"/"+plain+"/environments/production/on", nil) // the server adds a strategy
	return objects
}

// unleashSnapshot is what the server holds, read outside the provider, without what changes by itself.
func unleashSnapshot(t *testing.T, u *acctest.Unleash) map[string]string {
	t.Helper()
	held := map[string]string{}
	keep := func(path string) {
		_, text := u.Send("GET", path, nil)
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatalf("%s: %s", path, err)
		}
		tidy, _ := json.Marshal(still(value))
		held[path] = string(tidy)
	}
	for _, path := range []string{"/segments", "/context", "/projects/default/context", "/tag-types", "/strategies", "/api-tokens", "/addons", "/tags", "/environments/project/default"} {
		keep(path)
	}
	_, text := u.Send("GET", "/projects/default/features", nil)
	var all struct{ Features []acctest.Object }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, flag := range all.Features {
		keep("/projects/default/features/" + flag.Text("name"))
		keep("/features/" + flag.Text("name") + "/tags")
	}
	return held
}

// still leaves out what Unleash changes by itself.
func still(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Collect(maps.Keys(value)) {
			if slices.Contains([]string{"lifecycle", "lastSeenAt", "seenAt", "yes", "no", "usedInProjects", "usedInFeatures", "lastSeenAtEnvironments"}, name) {
				delete(value, name)
				continue
			}
			value[name] = still(value[name])
		}
	case []any:
		for i := range value {
			value[i] = still(value[i])
		}
	}
	return value
}
