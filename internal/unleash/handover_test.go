package unleash_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
)

// handover is a flag on its way from one owner to another.
type handover struct {
	*acctest.Workspace
	u    *acctest.Unleash
	t    *testing.T
	flag string
}

func newHandover(t *testing.T) *handover {
	t.Helper()
	u := acctest.NewUnleash(t)
	h := &handover{acctest.NewWorkspace(t, u), u, t, u.Name("flag")}
	t.Cleanup(func() { removeFlags(u, h.flag) })
	return h
}

func (h *handover) config(rest string) {
	h.Write("main.tf", fmt.Sprintf("resource \"flagops_unleash_feature\" \"f\" {\n  name = %q\n}\n", h.flag)+rest)
}

// has checks the flag's strategies in development, by id, and whether it is on.
func (h *handover) has(on bool, ids ...string) {
	h.t.Helper()
	environment := h.u.Get("/projects/default/features/" + h.flag + "/environments/development")
	if got := h.ids(); strings.Join(got, " ") != strings.Join(ids, " ") {
		h.t.Errorf("the strategies are %q, want %q", got, ids)
	}
	if environment["enabled"] != on {
		h.t.Errorf("on: %v, want %v", environment["enabled"], on)
	}
}

func (h *handover) ids() (ids []string) {
	h.t.Helper()
	_, text := h.u.Send("GET", "/projects/default/features/"+h.flag+"/environments/development/strategies", nil)
	var all []acctest.Object
	if err := json.Unmarshal(text, &all); err != nil {
		h.t.Fatalf("%s: %s", text, err)
	}
	for _, s := range all {
		ids = append(ids, s.Text("id"))
	}
	return ids
}

const single = `
resource "flagops_unleash_strategy" "s" {
  feature     = flagops_unleash_feature.f.name
  environment = "development"
  title       = "gold"
  parameters  = { rollout = 25 }
}
`

// A strategy that moves into a feature state's list, and back: what would delete or double it is refused, and what Terraform
// is told to forget, or to import, stays as it is, the flag on.
func TestAccHandoverToList(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	const state = "resource \"flagops_unleash_feature_state\" \"e\" {\n  feature = flagops_unleash_feature.f.name\n  environment = \"development\"\n"
	const list = state + "  strategies = [{ title = \"gold\", parameters = { rollout = 25 } }]\n}\n"
	h.config(single)
	h.Apply()
	h.u.Post("/projects/default/features/"+h.flag+"/environments/development/on", map[string]any{})
	ids := h.ids()
	quiet := func(what string) {
		t.Helper()
		if writes := h.u.Writes(); len(writes) > 0 {
			t.Errorf("%s: %q", what, writes)
		}
		h.has(true, ids...)
		h.ExpectEmptyPlan()
	}
	refused := func(what string, said ...string) {
		t.Helper()
		h.u.Reset()
		code, out := h.Try("apply", "-auto-approve", "-no-color")
		if code == 0 {
			t.Errorf("%s is not refused", what)
		}
		contains(t, out, append(said, "Taking over the strategies of "+h.flag+" in development")...)
		if writes := h.u.Writes(); len(writes) > 0 {
			t.Errorf("%s: %q", what, writes)
		}
	}
	h.config(list)
	refused("destroying what the list takes over", "removed {", "from = flagops_unleash_strategy.this", "destroy = false")
	h.config(list + "removed {\n  from = flagops_unleash_strategy.s\n  lifecycle {\n    destroy = false\n  }\n}\n")
	h.Apply()
	quiet("to the list")

	h.config(state + "}\n" + single)
	refused("making what the list leaves", "Import it")
	h.config(single)
	refused("making what the list leaves", "Import it")
	h.config(state + "}\n" + single + fmt.Sprintf("import {\n  to = flagops_unleash_strategy.s\n  id = \"default/development/%s/%s\"\n}\n", h.flag, ids[0]))
	h.Apply()
	quiet("and back")

	// In two runs, the list does not lose it either.
	h.config(list)
	h.Run("apply", "-auto-approve", "-target=flagops_unleash_feature_state.e")
	refused("destroying what the list has", "removed {")
	h.has(true, ids...)
}

// A flag whose address changes is not archived and made again.
func TestAccHandoverToOtherAddress(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	h.config("")
	h.Apply()
	renamed := fmt.Sprintf("resource \"flagops_unleash_feature\" \"g\" {\n  name = %q\n}\n", h.flag)
	h.Write("main.tf", renamed)
	h.u.Reset()
	code, out := h.Try("apply", "-auto-approve", "-no-color")
	if contains(t, out, "is to be destroyed and kept", "moved {", "flagops_unleash_feature.old"); code == 0 {
		t.Error("it is not refused")
	}
	h.Write("main.tf", renamed+"moved {\n  from = flagops_unleash_feature.f\n  to = flagops_unleash_feature.g\n}\n")
	h.Apply()
	if writes := h.u.Writes(); len(writes) > 0 {
		t.Errorf("%q", writes)
	}
	h.ExpectEmptyPlan()

	// Nor is one that another address imports.
	imported := fmt.Sprintf("import {\n  to = flagops_unleash_feature.f\n  id = %q\n}\n", "default/"+h.flag)
	h.config(imported)
	if code, out := h.Try("apply", "-auto-approve", "-no-color"); code == 0 || !strings.Contains(out, "is to be destroyed and kept") {
		t.Errorf("it is not refused: %s", out)
	}
	h.Write("main.tf", strings.Replace(renamed, h.flag, h.flag+"-2", 1)+fmt.Sprintf("resource \"flagops_unleash_feature\" \"f\" {\n  name = %q\n}\n", h.flag)+imported)
	if code, out := h.Try("apply", "-auto-approve", "-no-color"); code == 0 || !strings.Contains(out, h.flag+" is to be destroyed and kept") {
		t.Errorf("nor by becoming another one: %s", out)
	}
	h.config(imported + "removed {\n  from = flagops_unleash_feature.g\n  lifecycle {\n    destroy = false\n  }\n}\n")
	h.Apply()
	if writes := h.u.Writes(); len(writes) > 0 {
		t.Errorf("%q", writes)
	}
	h.ExpectEmptyPlan()

	// Whoever destroys everything before saying so is told how.
	h.Write("main.tf", renamed)
	if code, out := h.Try("destroy", "-auto-approve", "-no-color"); code == 0 || !strings.Contains(out, "-refresh=false") {
		t.Errorf("nothing says how to destroy: %s", out)
	}
	h.Run("destroy", "-auto-approve", "-refresh=false")
	if status, _ := h.u.Send("GET", "/projects/default/features/"+h.flag, nil); status != 404 {
		t.Errorf("it is still there: %d", status)
	}
}

// What a feature state never managed, or what is imported from its list, stays as it is, and other strategies come beside it.
func TestAccHandoverBesideOthers(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	const state = "resource \"flagops_unleash_feature_state\" \"e\" {\n  feature = flagops_unleash_feature.f.name\n  environment = \"development\"\n"
	h.config("")
	h.Apply()
	theirs := h.u.Post("/projects/default/features/"+h.flag+"/environments/development/strategies", map[string]any{"name": "default", "title": "theirs"}).Text("id")
	imported := fmt.Sprintf("import {\n  to = flagops_unleash_feature_state.e\n  id = \"default/development/%s\"\n}\n", h.flag)
	h.config(imported + state + "  enabled = true\n  depends_on = [flagops_unleash_strategy.s]\n}\n" + single)
	h.Apply()
	both := h.ids()
	if h.has(true, both...); len(both) != 2 || both[0] != theirs {
		t.Errorf("the strategies are %q", both)
	}
	h.ExpectEmptyPlan()

	// Over to a list of both, and back: one is imported, the other stays, a third one comes.
	forget := "removed {\n  from = flagops_unleash_strategy.s\n  lifecycle {\n    destroy = false\n  }\n}\n"
	h.config(forget + state + "  enabled = true\n  strategies = [{ name = \"default\", title = \"theirs\" }, { title = \"gold\", parameters = { rollout = 25 } }]\n}\n")
	h.Apply()
	h.has(true, both...)
	gold := fmt.Sprintf("import {\n  to = flagops_unleash_strategy.s\n  id = \"default/development/%s/%s\"\n}\n", h.flag, both[1])
	silver := strings.NewReplacer(`"s"`, `"silver"`, "gold", "silver").Replace(single)
	h.config(state + "  enabled = true\n}\n" + single + gold + silver)
	h.Apply()
	three := h.ids()
	if h.has(true, three...); len(three) != 3 || !slices.Equal(three[:2], both) {
		t.Errorf("the strategies are %q, were %q", three, both)
	}
	h.ExpectEmptyPlan()

	// One that is destroyed in the same run is no reason to take the state for destroyed.
	h.config(imported + state + "  enabled = true\n}\n" + single)
	h.Run("state", "rm", "flagops_unleash_feature_state.e")
	h.Apply()
	h.has(true, both...)
}

// What an environment held that was taken from its project is there again once it is back: nothing is made twice.
func TestAccHandoverOfEnvironment(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	acctest.UnleashSandboxOnly(t) // others have flags in that project
	link := "resource \"flagops_unleash_project_environment\" \"l\" {\n  environment = \"development\"\n}\nimport {\n  to = flagops_unleash_project_environment.l\n  id = \"default/development\"\n}\n"
	h.config(link + single)
	h.Apply()
	ids := h.ids()
	h.u.Delete("/projects/default/environments/development")
	h.Apply()
	h.has(false, ids...)
	h.ExpectEmptyPlan()
}

// A flag that comes back from the archive brings its strategies, and those of single resources are theirs again.
func TestAccHandoverFromArchive(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	h.config(single)
	h.Apply()
	theirs := h.u.Post("/projects/default/features/"+h.flag+"/environments/development/strategies", map[string]any{"name": "default", "title": "theirs"}).Text("id")
	before := h.ids()
	h.u.Delete("/projects/default/features/" + h.flag)
	h.Apply()
	h.has(false, before...)
	if len(before) != 2 || before[1] != theirs {
		t.Errorf("the strategies were %q", before)
	}
	h.ExpectEmptyPlan()
}
