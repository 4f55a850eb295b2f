package provider_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// A project full of things made without Terraform is taken over by a query that writes the configuration: the plan imports
// everything and changes nothing, no request writes, and the server holds what it held, secrets included.
func TestAccTakeover(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, acctest.ListResources)
	f := acctest.NewFlagsmith(t)
	project, environments := oddProject(t, f)
	before := snapshot(t, f, project, environments)

	w := acctest.NewWorkspace(t, f)
	var query strings.Builder
	list := func(kind, label, config string) {
		fmt.Fprintf(&query, "list \"flagops_flagsmith_%s\" %q {\n  provider         = flagops\n  limit            = 10000\n  include_resource = true\n  config {\n%s\n  }\n}\n", kind, label, config)
	}
	in := fmt.Sprintf("project_id = %d", project)
	for _, kind := range []string{"environment", "feature", "segment", "tag"} {
		list(kind, "all", in)
	}
	for key, id := range environments {
		list("feature_state", "in_"+letters.ReplaceAllString(key, "_"), fmt.Sprintf("%s\nenvironment_id = %d", in, id))
		list("environment_webhook", "in_"+letters.ReplaceAllString(key, "_"), fmt.Sprintf("%s\nenvironment_id = %d", in, id))
	}
	if !acctest.Real() { // a real organisation may have others' projects and webhooks
		list("project", "all", fmt.Sprintf("organisation_id = %d", f.OrganisationID))
		list("organisation_webhook", "all", fmt.Sprintf("organisation_id = %d", f.OrganisationID))
	}
	w.Write("all.tfquery.hcl", query.String())

	f.Reset()
	w.Run("query", "-generate-config-out=generated.tf")
	objects := strings.Count(w.Read("generated.tf"), "\nimport {") + strings.Count(w.Read("generated.tf"), "\r\nimport {")
	if want := 40; objects < want {
		t.Errorf("only %d objects were found", objects)
	}
	plan := w.Run("plan", "-input=false")
	if want := fmt.Sprintf("%d to import, 0 to add, 0 to change, 0 to destroy", objects); !strings.Contains(plan, want) {
		t.Errorf("expected %q of\n%s", want, plan)
	}
	w.Apply()
	w.ExpectEmptyPlan()
	if writes := f.Writes(); len(writes) > 0 {
		t.Errorf("the takeover wrote: %q", writes)
	}
	after := snapshot(t, f, project, environments)
	for path, was := range before {
		if after[path] != was {
			t.Errorf("%s was\n%s\nand is\n%s", path, was, after[path])
		}
	}
}

var letters = regexp.MustCompile(`[^a-zA-Z0-9]`)

// oddProject fills a project as a dashboard and scripts of years would have.
func oddProject(t *testing.T, f *acctest.Flagsmith) (project int64, environments map[string]int64) {
	t.Helper()
	type o = map[string]any
	project = f.Project()
	in := fmt.Sprintf("/projects/%d", project)
	f.Patch(in+"/", o{"hide_disabled_flags": true, "only_allow_lower_case_feature_names": false})

	var tags []int64
	for _, tag := range []o{{"label": "same"}, {"label": "same", "color": "blue", "description": ""}, {"label": "42", "is_permanent": true, "description": "digits alone"}} {
		tags = append(tags, f.Post(in+"/tags/", tag).ID())
	}
	segment := func(name string, extra o) int64 {
		body := o{"name": name, "rules": []o{{"type": "ALL", "conditions": []o{}, "rules": []o{
			{"type": "ANY", "conditions": []o{{"operator": "EQUAL", "property": "country", "value": "UK"}}}}}}}
		for k, v := range extra {
			body[k] = v
		}
		return f.Post(in+"/segments/", body).ID()
	}
	segment("twins", nil)
	segment("twins", o{"description": ""})
	segment("every operator / with a slash", o{"description": "odd", "rules": []o{
		{"type": "NONE", "rules": []o{}, "conditions": []o{
			{"operator": "PERCENTAGE_SPLIT", "property": nil, "value": "12.5"},
			{"operator": "MODULO", "property": "id", "value": "2|0"},
			{"operator": "IS_SET", "property": "x", "value": ""}, {"operator": "IS_NOT_SET", "property": "y"}, // stored as "None"
			{"operator": "IN", "property": "z", "value": "a,b,c", "description": "three"}, {"operator": "REGEX", "property": "mail", "value": ".*@example\\.com$"},
			{"operator": "EQUAL", "property": "empty", "value": ""},
		}},
		{"type": "ANY", "conditions": []o{}, "rules": []o{{"type": "NONE", "conditions": []o{}}, {"type": "ALL", "conditions": []o{{"operator": "NOT_EQUAL", "property": "a", "value": "1"}}}}},
	}})

	environments = map[string]int64{}
	for _, e := range []o{
		{"name": "Production", "hide_disabled_flags": false, "banner_text": "careful", "banner_colour": "#ff0000", "description": ""},
		{"name": "dev / test", "hide_disabled_flags": nil, "allow_client_traits": false, "hide_sensitive_data": true},
		{"name": "7", "description": "digits alone", "use_identity_composite_key_for_hashing": false},
	} {
		e["project"] = project
		made := f.Post("/environments/", e)
		environments[made.Text("api_key")] = made.ID()
	}

	feature := func(body o) int64 { return f.Post(in+"/features/", body).ID() }
	plain := feature(o{"name": "plain"})
	feature(o{"name": "With Spaces / slash ünicode", "description": "", "tags": tags})
	feature(o{"name": "1234", "initial_value": "007", "default_enabled": true})
	structured := feature(o{"name": "json", "initial_value": `{ "b": 1.0, "a": [ true ] }`, "multivariate_options": []o{
		{"type": "unicode", "string_value": `[ 1, 2 ]`, "default_percentage_allocation": 0},
	}})
	number := feature(o{"name": "number", "initial_value": 10, "is_server_key_only": true})
	archived := feature(o{"name": "archived", "initial_value": "", "is_archived": true})
	words := feature(o{"name": "words", "initial_value": "TRUE", "multivariate_options": []o{
		{"type": "unicode", "string_value": "red", "default_percentage_allocation": 16.1},
		{"type": "unicode", "string_value": "blue", "default_percentage_allocation": 35.7},
	}})
	twins := feature(o{"name": "twin values", "multivariate_options": []o{
		{"type": "unicode", "string_value": "same", "default_percentage_allocation": 10},
		{"type": "unicode", "string_value": "same", "default_percentage_allocation": 20},
		{"type": "int", "integer_value": 5, "string_value": "left behind", "default_percentage_allocation": 0},
		{"type": "bool", "boolean_value": false, "default_percentage_allocation": 3.5},
		{"type": "unicode", "string_value": "", "default_percentage_allocation": 0},
	}})
	f.Post(fmt.Sprintf("%s/features/%d/mv-options/", in, words), o{"feature": words, "type": "unicode", "string_value": "a long text",
		"default_percentage_allocation": 1, "key": "keyed"})

	for key := range environments {
		states := fmt.Sprintf("/environments/%s/featurestates/", key)
		state := func(feature int64, body o) {
			for _, s := range f.List(fmt.Sprintf("%s?feature=%d", states, feature)) {
				f.Put(fmt.Sprintf("%s%d/", states, s.ID()), body)
			}
		}
		state(plain, o{"enabled": true, "feature_state_value": "text"})
		state(structured, o{"feature_state_value": `{ "z": null, "a": "<b>" }`})
		state(number, o{"feature_state_value": 3})
		state(number, o{"feature_state_value": true})
		state(archived, o{"enabled": true, "feature_state_value": 1.5})
		state(twins, o{"multivariate_feature_state_values": []o{}, "feature_state_value": ""})
		f.Post("/environments/"+key+"/webhooks/", o{"url": "https://hooks.example.com/a", "secret": "s3cret"})
		f.Post("/environments/"+key+"/webhooks/", o{"url": "https://hooks.example.com/a", "enabled": false})
	}
	if !acctest.Real() {
		f.Post(fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID), o{"url": "https://hooks.example.com/o", "secret": "s3cret too"})
	}
	return project, environments
}

// snapshot is what the server holds, read outside the provider.
func snapshot(t *testing.T, f *acctest.Flagsmith, project int64, environments map[string]int64) map[string]string {
	t.Helper()
	paths := []string{fmt.Sprintf("/environments/?project=%d", project)}
	if !acctest.Real() { // a real organisation's are other tests' and other people's, too
		paths = append(paths, fmt.Sprintf("/organisations/%d/webhooks/", f.OrganisationID))
	}
	for _, what := range []string{"features", "segments", "tags"} {
		paths = append(paths, fmt.Sprintf("/projects/%d/%s/", project, what))
	}
	for key := range environments {
		paths = append(paths, "/environments/"+key+"/featurestates/", "/environments/"+key+"/webhooks/")
	}
	held := map[string]string{}
	for _, path := range paths {
		text, err := json.Marshal(f.List(path))
		if err != nil {
			t.Fatal(err)
		}
		held[path] = string(text)
	}
	held["project"] = func() string {
		text, _ := json.Marshal(f.Get(fmt.Sprintf("/projects/%d/", project)))
		return string(text)
	}()
	return held
}
