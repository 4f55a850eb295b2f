package unleash_test

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// What the tests of this package share.

type resourceCheck = resource.TestCheckFunc

// remember copies an attribute out of the state.
func remember(resource, attribute string, to *string) resourceCheck {
	return func(s *terraform.State) error {
		r := s.RootModule().Resources[resource]
		if r == nil {
			return fmt.Errorf("%s is not in the state", resource)
		}
		*to = r.Primary.Attributes[attribute]
		return nil
	}
}

// wrote says which writes the provider has sent since the last Reset.
func wrote(u *acctest.Unleash, want ...string) resourceCheck {
	return func(*terraform.State) error {
		if got := u.Writes(); !slices.Equal(got, want) {
			return fmt.Errorf("wrote %q, want %q", got, want)
		}
		return nil
	}
}

// serverHas asks the server itself for fields of an object.
func serverHas(u *acctest.Unleash, path func() string, want map[string]any) resourceCheck {
	return func(*terraform.State) error {
		got := u.Get(path())
		for field, value := range want {
			if !reflect.DeepEqual(got[field], value) {
				return fmt.Errorf("%s: %s is %#v on the server, want %#v", path(), field, got[field], value)
			}
		}
		return nil
	}
}

// gone checks after the test that nothing is left.
func gone(u *acctest.Unleash, path func() string) resourceCheck {
	return func(*terraform.State) error {
		if status, body := u.Send("GET", path(), nil); status != 404 {
			return fmt.Errorf("%s is still there: %d %s", path(), status, body)
		}
		return nil
	}
}

// values checks several attributes of one resource: nil, bool, string, and int64 stand for themselves.
func values(resource string, want map[string]any) (checks []statecheck.StateCheck) {
	for name, value := range want {
		check, ok := value.(knownvalue.Check)
		if !ok {
			switch value := value.(type) {
			case nil:
				check = knownvalue.Null()
			case bool:
				check = knownvalue.Bool(value)
			case string:
				check = knownvalue.StringExact(value)
			case int64:
				check = knownvalue.Int64Exact(value)
			case int:
				check = knownvalue.Int64Exact(int64(value))
			}
		}
		checks = append(checks, statecheck.ExpectKnownValue(resource, tfjsonpath.New(name), check))
	}
	return checks
}

// sameAs compares attributes of a resource with those of its data source.
func sameAs(resource, data string, attributes ...string) (checks []statecheck.StateCheck) {
	for _, name := range attributes {
		checks = append(checks, statecheck.CompareValuePairs(resource, tfjsonpath.New(name), data, tfjsonpath.New(name), compare.ValuesSame()))
	}
	return checks
}

// listed checks that a query has found an object: by one attribute of its identity, how it is shown, some of its attributes.
type listed struct {
	attribute string
	id        *string
	title     string // with %s for the id
	want      map[string]any
}

func (l listed) CheckQuery(_ context.Context, req querycheck.CheckQueryRequest, resp *querycheck.CheckQueryResponse) {
	title := strings.ReplaceAll(l.title, "%s", *l.id)
	for _, found := range req.Query {
		if fmt.Sprint(found.Identity[l.attribute]) != *l.id || found.DisplayName != title {
			continue
		}
		for name, value := range l.want {
			if got := found.ResourceObject[name]; !reflect.DeepEqual(got, value) {
				resp.Error = fmt.Errorf("%s is %#v, want %#v", name, got, value)
			}
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not among the %d objects found, shown as %q", *l.id, len(req.Query), title)
}

func plans(resourceName string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(resourceName, action)}}
}

// imports takes a resource over by each of the ids, which are known when the step runs: on the command line, where
// the state must be the same, and by block, where the plan must be empty; then by identity, and with generated
// configuration. ignored attributes are not compared.
func imports(t *testing.T, resourceName string, ids func() []string, ignored ...string) (steps []resource.TestStep) {
	empty := resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	for i := range ids() {
		id := func(*terraform.State) (string, error) { return ids()[i], nil }
		steps = append(steps,
			resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateIdFunc: id, ImportStateVerify: true, ImportStateVerifyIgnore: ignored,
				ImportStateVerifyIdentifierAttribute: identifier(resourceName)},
			resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateIdFunc: id,
				ImportPlanChecks: empty})
	}
	return append(steps, acctest.Steps(t, acctest.Identity,
		resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, ImportPlanChecks: empty},
		resource.TestStep{ResourceName: resourceName, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity, GenerateConfig: true})...)
}

// identifier is an attribute that every object of a type has, where that is not id.
func identifier(resourceName string) string {
	if strings.Contains(resourceName, "flagops_unleash_feature_state.") {
		return "feature"
	}
	for _, noun := range []string{"feature.", "context_field", "tag_type", "strategy_type", "environment."} {
		if strings.Contains(resourceName, "flagops_unleash_"+noun) {
			return "name"
		}
	}
	return "id"
}

// protects shows that deletion_protection refuses to destroy and to replace, in the plan, and can be switched off.
func protects(u *acctest.Unleash, resourceName string, config func(settings string) string, replace string) []resource.TestStep {
	refused := regexp.MustCompile(`(?s)is protected.*Set\s+deletion_protection\s+=\s+false`)
	on := config("deletion_protection = true")
	return []resource.TestStep{
		{PreConfig: u.Reset, Config: on, Check: wrote(u)},
		{Config: on, Destroy: true, ExpectError: refused},
		{Config: replace, ExpectError: refused},
		{Config: config(""), Check: wrote(u), ConfigPlanChecks: plans(resourceName, plancheck.ResourceActionUpdate)},
	}
}

// has matches texts in the order given, however the CLI wraps them.
func has(texts ...string) *regexp.Regexp {
	for i, text := range texts {
		texts[i] = strings.ReplaceAll(regexp.QuoteMeta(text), " ", `[\s│]+`)
	}
	return regexp.MustCompile("(?s)" + strings.Join(texts, ".*"))
}

// removeFlags deletes flags of the default project for good. A stock server that has not worked up yet that a flag was
// made, or archived, ends where it finds the flag gone: what it has worked up shows in the lifecycle.
func removeFlags(u *acctest.Unleash, names ...string) {
	for _, name := range names {
		at, stage := "/projects/default/features/"+name, "initial"
		if status, _ := u.Send("GET", at+"/environments/development", nil); status != 200 {
			continue
		}
		if status, _ := u.Send("GET", at, nil); status != 200 {
			stage = "archived"
		}
		for i := 0; acctest.RealUnleash() && i < 30; i++ {
			if _, body := u.Send("GET", at+"/lifecycle", nil); strings.Contains(string(body), stage) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		u.Send("PATCH", at, []any{map[string]any{"op": "add", "path": "/archived", "value": true}})
		u.Send("DELETE", "/archive/"+name, nil)
	}
}
