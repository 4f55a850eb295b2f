package unleash_test

import (
	"encoding/json"
	"fmt"
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

// A strategy that moves into a feature state's list survives the destruction of the resource that it was.
func TestAccHandoverToList(t *testing.T) {
	t.Parallel()
	h := newHandover(t)
	state := func(strategies string) string {
		return "resource \"flagops_unleash_feature_state\" \"e\" {\n  feature = flagops_unleash_feature.f.name\n  environment = \"development\"\n  enabled = true\n" + strategies + "\n}\n"
	}
	h.config(single)
	h.Apply()
	h.u.Post("/projects/default/features/"+h.flag+"/environments/development/on", map[string]any{})
	h.config(state(`  strategies = [{ title = "gold", parameters = { rollout = 25 } }]`))
	h.Apply()
	if ids := h.ids(); len(ids) != 1 { // whichever Terraform did first
		t.Errorf("the strategies are %q", ids)
	}
	h.has(true, h.ids()...)
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
