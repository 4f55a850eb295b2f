package crud_test

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/flagops/terraform-provider-flagops/internal/acctest"
	"github.com/flagops/terraform-provider-flagops/internal/crud"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// note is addressed by names alone, has a secret that cannot be read back, and may be claimed by two types.
type note struct {
	Room, Name string
	Words      []string
	Loud       bool
	PIN        *string
}

func (l *library) CreateNote(ctx context.Context, n note) (note, error) {
	done, err := l.enter("create note %s/%s %v", n.Room, n.Name, deref(n.PIN))
	defer done()
	for _, other := range l.notes {
		if other.Room == n.Room && other.Name == n.Name {
			return n, &rest.Error{Method: http.MethodPost, Path: "/notes", Status: http.StatusConflict, Message: "taken", Kind: rest.ErrExists}
		}
	}
	l.notes = append(l.notes, n)
	return n, err
}

func (l *library) at(n note) int {
	return slices.IndexFunc(l.notes, func(other note) bool { return other.Room == n.Room && other.Name == n.Name })
}

func (l *library) Note(_ context.Context, n note) (note, error) {
	done, err := l.enter("read note %s", n.Name)
	defer done()
	if i := l.at(n); i >= 0 {
		got := l.notes[i]
		got.PIN = nil
		return got, err
	}
	return n, gone("note")
}

func (l *library) UpdateNote(_ context.Context, _, want note) (note, error) {
	done, err := l.enter("update note %s %v", want.Name, deref(want.PIN))
	defer done()
	l.notes[l.at(want)] = want
	return want, err
}

func (l *library) DeleteNote(ctx context.Context, n note) error {
	done, err := l.enter("delete note %s", n.Name)
	defer done()
	if i := l.at(n); i >= 0 {
		l.notes = slices.Delete(l.notes, i, i+1)
	}
	rest.Warn(ctx, "A note is gone", "It was %s.", n.Name)
	return err
}

func (l *library) Notes(_ context.Context, within note) iter.Seq2[note, error] {
	done, err := l.enter("list notes %s", within.Room)
	defer done()
	return sequence(slices.DeleteFunc(slices.Clone(l.notes), func(n note) bool { return n.Room != within.Room }), err)
}

type noteModel struct {
	Room  *string   `tfsdk:"room"`
	Name  string    `tfsdk:"name"`
	Words []wordRow `tfsdk:"words"`
	Loud  *bool     `tfsdk:"loud"`
	PIN   *string   `tfsdk:"pin_wo"`
	Again *int64    `tfsdk:"pin_wo_version"`
}

type wordRow struct {
	Text string `tfsdk:"text"`
}

func noteSpec(name, plural string) crud.Spec[*library, noteModel, note] {
	return crud.Spec[*library, noteModel, note]{
		Name: name, Key: []string{"room", "name"}, Plural: plural, Filters: []string{"words", "loud"},
		Schema: schema.Schema{MarkdownDescription: "A note.", Attributes: map[string]schema.Attribute{
			"room": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("hall"), MarkdownDescription: "Room.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"name": crud.Name("Name."),
			"words": schema.SetNestedAttribute{Optional: true, MarkdownDescription: "Words.", NestedObject: schema.NestedAttributeObject{
				Attributes: map[string]schema.Attribute{"text": schema.StringAttribute{Required: true, MarkdownDescription: "Text."}}}},
			"loud":           crud.Flag(false, "Loud."),
			"pin_wo":         schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true, MarkdownDescription: "PIN."},
			"pin_wo_version": schema.Int64Attribute{Optional: true, MarkdownDescription: "Version."},
		}},
		ToAPI: func(m *noteModel) note {
			n := note{Room: deref(m.Room), Name: m.Name, PIN: m.PIN, Loud: m.Loud != nil && *m.Loud}
			if n.Room == "" {
				n.Room = "hall"
			}
			for _, w := range m.Words {
				n.Words = append(n.Words, w.Text)
			}
			return n
		},
		FromAPI: func(m *noteModel, n note) {
			m.Room, m.Name, m.Words, m.Loud = &n.Room, n.Name, nil, &n.Loud
			for _, w := range n.Words {
				m.Words = append(m.Words, wordRow{w})
			}
		},
		Create: (*library).CreateNote, Read: (*library).Note, Update: (*library).UpdateNote, Delete: (*library).DeleteNote, List: (*library).Notes,
		Claims: func(m *noteModel) (c crud.Claim) {
			if m.Name != "" {
				c.What, c.Same = "wall at "+m.Name, func(there any) bool { return there == (m.Loud != nil && *m.Loud) }
			}
			return c
		},
	}
}

var (
	notes  = noteSpec("toy_note", "toy_notes")
	poster = noteSpec("toy_poster", "")
	shares = func() crud.Spec[*library, noteModel, note] { // of a room, by name
		s := noteSpec("toy_share", "")
		s.Key, s.Part, s.Claims = []string{"room"}, []string{"name"}, nil
		return s
	}()
)

const theNote = "flagops_toy_note.n"

func TestNames(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	config := func(attributes string) string {
		return "resource \"flagops_toy_note\" \"n\" {\n  name = \"a/b\"\n" + attributes + "\n}\n"
	}
	imported := func(id string) resource.TestStep {
		return resource.TestStep{ResourceName: theNote, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: id,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}}
	}
	steps := []resource.TestStep{
		{
			Config: config("pin_wo = \"1234\"\n pin_wo_version = 1"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(theNote, tfjsonpath.New("room"), knownvalue.StringExact("hall")),
				statecheck.ExpectKnownValue(theNote, tfjsonpath.New("pin_wo"), knownvalue.Null()),
			},
			Check: sameCalls(t, l, "create note hall/a/b 1234"),
		},
		{Config: config("pin_wo = \"9999\"\n pin_wo_version = 1"), ConfigPlanChecks: emptyPlan()}, // the version decides
		{Config: config("pin_wo = \"9999\"\n pin_wo_version = 2"), Check: sameCalls(t, l, "update note a/b 9999")},
		{Config: config("")},
		imported("hall/a/b"), imported(`["hall", "a/b"]`),
		{Config: config("") + "resource \"flagops_toy_note\" \"again\" {\n  name = \"a/b\"\n}\n",
			ExpectError: regexp.MustCompile(`(?s)import \{\s+to = flagops_toy_note\.this\s+id = "hall/a/b"`)},
		{Config: config(`room = "attic"`), ConfigPlanChecks: action(theNote, plancheck.ResourceActionReplace)},
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: append(steps, acctest.Steps(t, acctest.Identity, resource.TestStep{
		ResourceName: theNote, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
		ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
	})...)})
}

// Two types that own the same are an error, also where one of them does not change.
func TestClaims(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	one := "resource \"flagops_toy_note\" \"n\" {\n  name = \"a\"\n}\nresource \"flagops_toy_note\" \"again\" {\n  name = \"a\"\n  room = \"attic\"\n}\n"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: one},
		{Config: one + "resource \"flagops_toy_poster\" \"p\" {\n  name = \"a\"\n  room = \"cellar\"\n}\n",
			ExpectError: regexp.MustCompile(`(?s)Two ways to own the wall at a.*flagops_toy_(note|poster) and a\s+flagops_toy_(note|poster)`)},
	}})
}

func wall(typ, label, room, more string) string {
	return fmt.Sprintf("resource \"flagops_toy_%s\" %q {\n  name = \"a\"\n  room = %q\n%s}\n", typ, label, room, more)
}

// The ways to hand over that error messages name are ways.
func TestHandOver(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	lent := func(reader string) string {
		return dune("") + "resource \"flagops_toy_loan\" \"n\" {\n  shelf_id = flagops_toy_shelf.s.id\n  book_id = flagops_toy_book.b.id\n" + reader + "}\n"
	}
	poster := wall("poster", "p", "cellar", "")
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: wall("note", "n", "hall", "")},
		{Config: poster, ExpectError: regexp.MustCompile(`(?s)Taking over the wall at a.*removed {\s+from = flagops_toy_note.this\s+lifecycle { destroy = false }`)},
		{
			PreConfig: func() { l.writes() },
			Config:    poster + "removed {\n  from = flagops_toy_note.n\n  lifecycle {\n    destroy = false\n  }\n}\n",
			Check:     sameCalls(t, l, "create note cellar/a "),
		},
		{Config: poster, Destroy: true},
		{Config: lent("  reader = \"a\"\n")},
		{Config: dune("") + wall("note", "n", "hall", ""), ExpectError: regexp.MustCompile(`(?s)Taking over the wall at a.*with an\s+import\s+block`)},
		{Config: lent("") + wall("note", "n", "hall", ""), ExpectError: regexp.MustCompile(`(?s)Taking over the wall at a.*with an\s+import\s+block`)},
		{
			PreConfig: func() { l.writes() },
			Config:    lent("") + wall("note", "n", "hall", "") + "import {\n  to = flagops_toy_note.n\n  id = \"hall/a\"\n}\n",
			Check:     sameCalls(t, l),
		},
	}})
}

// An object whose key the plan knows changes its address by a moved block alone, and is replaced without complaint.
func TestRename(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	again := func(input string) string {
		return fmt.Sprintf("resource \"terraform_data\" \"again\" {\n  input = %q\n}\n", input)
	}
	const first, triggered = "  lifecycle {\n    create_before_destroy = true\n  }\n", "  lifecycle {\n    replace_triggered_by = [terraform_data.again]\n  }\n"
	moved := again("1") + wall("note", "m", "hall", "") + "moved {\n  from = flagops_toy_note.n\n  to = flagops_toy_note.m\n}\n"
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		{Config: again("1") + wall("note", "n", "hall", "")},
		{Config: wall("note", "m", "hall", ""), ExpectError: regexp.MustCompile(`(?s)hall/a is to be destroyed and\s+kept.*moved {\s+from = flagops_toy_note.old`)},
		{PreConfig: func() { l.writes() }, Config: moved, Check: sameCalls(t, l)},
		{Config: again("2") + wall("note", "m", "hall", triggered), Check: sameCalls(t, l, "delete note a", "create note hall/a ")},
		{Config: again("2") + wall("note", "m", "attic", first), Check: sameCalls(t, l, "create note attic/a ", "delete note a")},
		{Config: again("2") + wall("note", "m", "hall", ""), Check: sameCalls(t, l, "delete note a", "create note hall/a ")},
	}})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	l := newLibrary()
	for i, words := range [][]string{{"x", "y"}, {"x"}, {}} {
		l.notes = append(l.notes, note{Room: "hall", Name: fmt.Sprint(i), Words: words, Loud: i == 1})
	}
	names := func(attributes string, want ...string) resource.TestStep {
		checks := make([]knownvalue.Check, len(want))
		for i, name := range want {
			checks[i] = knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(name)})
		}
		return resource.TestStep{
			Config: "data \"flagops_toy_notes\" \"all\" {\n" + attributes + "\n}\n",
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.flagops_toy_notes.all", tfjsonpath.New("notes"), knownvalue.ListExact(checks)),
			},
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(l), Steps: []resource.TestStep{
		names("", "0", "1", "2"),
		names(`words = [{ text = "x" }]`, "0", "1"),
		names(`words = [{ text = "y" }, { text = "x" }]`, "0"),
		names(`words = []`, "0", "1", "2"),
		names("words = [{ text = \"x\" }]\n loud = true", "1"),
		names("loud = false", "0", "2"),
	}})
}
