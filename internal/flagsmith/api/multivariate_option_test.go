package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

func percent(t *testing.T, text string) Percent {
	t.Helper()
	p, err := ParsePercent(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func str(s string) Value   { return Value{String: &s} }
func num(n int64) Value    { return Value{Integer: &n} }
func boolean(b bool) Value { return Value{Boolean: &b} }

// names lists options as "id name".
func names(options []Option) (list []string) {
	for _, o := range options {
		list = append(list, fmt.Sprintf("%d %s", o.ID, o.Name))
	}
	return list
}

func TestNameOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options, known []Option
		want           []string
	}{
		"key, then value": {
			options: []Option{{ID: 1, Key: new("k"), Value: str("blue")}, {ID: 2, Value: str("red")}, {ID: 3, Value: num(-3)}, {ID: 4, Value: boolean(true)}},
			want:    []string{"1 k", "2 red", "3 -3", "4 true"},
		},
		"a value that two have":             {options: []Option{{ID: 1, Value: num(3)}, {ID: 2, Value: str("3")}, {ID: 3, Value: str("4")}}, want: []string{"1 #1", "2 #2", "3 4"}},
		"a value that another's key is":     {options: []Option{{ID: 1, Key: new("blue"), Value: str("x")}, {ID: 2, Value: str("blue")}}, want: []string{"1 blue", "2 #2"}},
		"a value that a keyed one has":      {options: []Option{{ID: 1, Key: new("k"), Value: str("blue")}, {ID: 2, Value: str("blue")}}, want: []string{"1 k", "2 blue"}},
		"a value that looks like an id":     {options: []Option{{ID: 1, Value: str("#2")}, {ID: 2, Value: str("#3")}, {ID: 9, Value: str("#000000")}}, want: []string{"1 #1", "2 #3", "9 #000000"}},
		"no value, and one without letters": {options: []Option{{ID: 1}, {ID: 2, Value: str("")}}, want: []string{"1 #1", "2 #2"}},
		"known names stay": {
			options: []Option{{ID: 1, Value: str("navy")}, {ID: 2, Value: str("x")}, {ID: 3, Value: str("x")}},
			known:   []Option{{ID: 1, Name: "blue"}, {ID: 2, Name: "x"}, {ID: 1, Name: "other"}},
			want:    []string{"1 blue", "2 x", "3 #3"},
		},
		"one known name is one option's": {
			options: []Option{{ID: 1, Value: str("a")}, {ID: 2, Value: str("b")}},
			known:   []Option{{ID: 1, Name: "b"}, {ID: 2, Name: "b"}},
			want:    []string{"1 b", "2 #2"},
		},
	} {
		if got := names(nameOptions(test.options, test.known)); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestOptionNameProblem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value Value
		want  string
	}{
		"dark blue":              {str("dark blue"), ""},
		"3":                      {num(3), ""},
		"true":                   {boolean(true), ""},
		"dark_blue-2":            {str("x"), ""},
		"#12":                    {str("x"), ""},
		"dark  blue":             {str("dark blue"), "not the option's value"},
		"":                       {str(""), "cannot be the option's key"},
		"control":                {str("x"), "reserves"},
		strings.Repeat("k", 256): {str("x"), "1 to 255"},
		"#x":                     {str("x"), "cannot be the option's key"},
	} {
		if got := OptionNameProblem(name, test.value); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%q: %q, want %q", name, got, test.want)
		}
	}
	if got := OptionNameProblem("control", str("control")); got != "" {
		t.Errorf("the value control needs no key: %q", got)
	}
}

func TestOptionNamed(t *testing.T) {
	t.Parallel()
	options := []Option{{ID: 1, Name: "#2"}, {ID: 2, Name: "blue"}}
	for name, want := range map[string]int64{"blue": 2, "#2": 1, "#1": 1, "red": 0} {
		if got, found := OptionNamed(options, name); got.ID != want || found != (want != 0) {
			t.Errorf("%s is %d, want %d", name, got.ID, want)
		}
	}
}

// onSandbox makes a client of a sandbox that has a project with an environment, and returns the project's id.
func onSandbox(t *testing.T) (*Client, *sandbox.Sandbox, int64) {
	t.Helper()
	s := sandbox.New()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL + "/api/v1", Token: s.Key, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	project, err := c.CreateProject(t.Context(), Project{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateEnvironment(t.Context(), Environment{ProjectID: project.ID, Name: "e"}); err != nil {
		t.Fatal(err)
	}
	return c, s, project.ID
}

func TestReconcileOptions(t *testing.T) {
	t.Parallel()
	option := func(name string, value Value, share string) Option {
		return Option{Name: name, Value: value, DefaultPercentage: percent(t, share)}
	}
	for name, test := range map[string]struct {
		there   []Option // made at first, all known to Terraform
		theirs  []Option // made by others after the plan
		want    []Option // an id stands for the place in there, from 1
		writes  []string // with the option's place for its id, 0 for the collection
		options []string // what the feature has then: "key value share"
	}{
		"nothing differs": {
			there:   []Option{option("a", str("a"), "10"), option("k", num(1), "0")},
			want:    []Option{{ID: 1, Name: "a", Value: str("a"), DefaultPercentage: percent(t, "10.0")}, {ID: 2, Name: "k", Value: num(1), DefaultPercentage: percent(t, "0")}},
			options: []string{"k 1 0", "- a 10"},
		},
		"a new value takes the name away": {
			there:   []Option{option("a", str("a"), "10"), option("k", num(1), "0")},
			want:    []Option{{ID: 1, Name: "a", Value: str("b"), DefaultPercentage: percent(t, "10")}, {ID: 2, Name: "k", Value: boolean(true)}},
			writes:  []string{"PATCH 1", "PATCH 2"},
			options: []string{"a b 10", "k true 0"},
		},
		"swapped: decrease first": {
			there:   []Option{option("a", str("a"), "40"), option("b", str("b"), "60")},
			want:    []Option{{ID: 1, Name: "a", Value: str("a"), DefaultPercentage: percent(t, "60")}, {ID: 2, Name: "b", Value: str("b"), DefaultPercentage: percent(t, "40")}},
			writes:  []string{"PATCH 2", "PATCH 1"},
			options: []string{"- b 40", "- a 60"},
		},
		"deletions make room": {
			there:   []Option{option("a", str("a"), "100")},
			want:    []Option{option("b", str("b"), "100")},
			writes:  []string{"DELETE 1", "POST 0"},
			options: []string{"- b 100"},
		},
		"what others made survives": {
			there:   []Option{option("a", str("a"), "0")},
			theirs:  []Option{option("t", str("t"), "5")},
			want:    []Option{},
			writes:  []string{"DELETE 1"},
			options: []string{"- t 5"},
		},
		"what others made is taken over by its name, without a key": {
			theirs:  []Option{option("t", str("t"), "5"), option("k", str("v"), "5")},
			want:    []Option{option("t", str("t"), "7"), option("k", str("v"), "5")},
			writes:  []string{"PATCH 1"},
			options: []string{"k v 5", "- t 7"},
		},
		"by its id too, and keeps that name": {
			theirs:  []Option{option("t", str("t"), "5")},
			want:    []Option{option("#1", str("u"), "5")},
			writes:  []string{"PATCH 1"},
			options: []string{"- u 5"},
		},
		"a value that two have needs a key": {
			there:   []Option{option("x", str("x"), "0"), option("x2", str("x"), "0")},
			theirs:  nil,
			want:    []Option{{ID: 1, Name: "x", Value: str("x"), DefaultPercentage: percent(t, "0")}, {ID: 2, Name: "x2", Value: str("x"), DefaultPercentage: percent(t, "0")}, option("y", str("x"), "0")},
			writes:  []string{"POST 0"},
			options: []string{"x2 x 0", "y x 0", "- x 0"},
		},
		"floats: 99.9 before 0.1": {
			want:    []Option{option("a", str("a"), "0.1"), option("b", str("b"), "99.9")},
			writes:  []string{"POST 0", "POST 0"},
			options: []string{"- b 99.9", "- a 0.1"},
		},
		"floats: exactly 100": {
			want:    []Option{option("a", str("a"), "16.1"), option("b", str("b"), "48.2"), option("c", str("c"), "35.7")},
			writes:  []string{"POST 0", "POST 0", "POST 0"},
			options: []string{"- a 16.1", "- b 48.2", "- c 35.7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			c, s, project := onSandbox(t)
			f, err := c.CreateFeature(ctx, Feature{ProjectID: project, Name: "f"})
			if err != nil {
				t.Fatal(err)
			}
			var made []Option
			for _, o := range slices.Concat(test.there, test.theirs) {
				o, err = c.createOption(ctx, f, nil, o)
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, o)
			}
			prior := Feature{ProjectID: project, ID: f.ID, Name: "f", Options: slices.Clone(made[:len(test.there)])}
			want := prior
			want.Options = slices.Clone(test.want)
			for i := range want.Options {
				if id := want.Options[i].ID; id != 0 {
					want.Options[i].ID = made[id-1].ID
				}
				if id, hash := strings.CutPrefix(want.Options[i].Name, "#"); hash {
					want.Options[i].Name = made[id[0]-'1'].hash()
				}
			}
			c.features.forget(f.ID)
			s.ResetRequests()
			got, err := c.UpdateFeature(ctx, prior, want)
			if err != nil {
				t.Fatal(err)
			}
			place := func(path string) int {
				return 1 + slices.IndexFunc(made, func(o Option) bool { return strings.HasSuffix(path, fmt.Sprintf("/mv-options/%d/", o.ID)) })
			}
			var writes []string
			for _, r := range s.Requests() {
				if r.Method != http.MethodGet {
					writes = append(writes, fmt.Sprintf("%s %d", r.Method, place(r.Path)))
				}
			}
			if !slices.Equal(writes, test.writes) {
				t.Errorf("wrote %q, want %q", writes, test.writes)
			}
			var wanted, returned []string
			for _, o := range want.Options {
				wanted = append(wanted, fmt.Sprint(o.Name, o.Value.scalar(), o.DefaultPercentage.float64()))
			}
			for _, o := range got.Options {
				returned = append(returned, fmt.Sprint(o.Name, o.Value.scalar(), o.DefaultPercentage.float64()))
			}
			if !slices.Equal(returned, wanted) {
				t.Errorf("returned %q, want %q", returned, wanted)
			}
			remembered, _ := c.features.recall(f.ID)
			read, err := c.Feature(ctx, got)
			if err != nil {
				t.Fatal(err)
			}
			var options []string
			for _, o := range read.Options {
				key := "-"
				if o.Key != nil {
					key = *o.Key
				}
				options = append(options, fmt.Sprintf("%s %s %v", key, o.Value.Text(), o.DefaultPercentage.float64()))
			}
			slices.Sort(options)
			slices.Sort(test.options)
			if !slices.Equal(options, test.options) {
				t.Errorf("the server has %q, want %q", options, test.options)
			}
			if got.Type != read.Type || (read.Type == multivariate) != (len(options) > 0) {
				t.Errorf("type %s, on the server %s with %d options", got.Type, read.Type, len(options))
			}
			sorted := func(o []Option) []string { list := names(o); slices.Sort(list); return list }
			if now, _ := c.features.recall(f.ID); !reflect.DeepEqual(sorted(remembered), sorted(now)) {
				t.Errorf("remembered %q, read %q", sorted(remembered), sorted(now))
			}
		})
	}
}

// What others did after the plan, or forbid, is an error on multivariate_options that says which option.
func TestReconcileOptionsErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option Option
		want   string
	}{
		"deleted meanwhile": {Option{ID: 99, Name: "a", Value: str("a")}, `option "a" (#99) was deleted after the plan was made`},
		"no such id":        {Option{Name: "#99", Value: str("a")}, "The feature has no option #99."},
		"above 100":         {Option{Name: "k", Value: str("a"), DefaultPercentage: percent(t, "50")}, `Option "k": default_percentage_allocation: Invalid percentage allocation`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s, project := onSandbox(t)
			f, err := c.CreateFeature(t.Context(), Feature{ProjectID: project, Name: "f", Options: []Option{{Name: "full", Value: str("full"), DefaultPercentage: percent(t, "60")}}})
			if err != nil {
				t.Fatal(err)
			}
			s.ResetRequests()
			_, err = c.UpdateFeature(t.Context(), f, Feature{ProjectID: project, ID: f.ID, Options: append(slices.Clone(f.Options), test.option)})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
			var e *rest.Error
			if errors.As(err, &e) && len(e.Fields[optionsField]) != 1 {
				t.Errorf("lands on %v", e.Fields)
			}
			if name == "above 100" && !strings.Contains(err.Error(), "set 0 here and raise it in feature states") {
				t.Errorf("%v: no advice", err)
			}
			if _, known := c.features.recall(f.ID); known {
				t.Error("after a failure, what the feature has is not known")
			}
		})
	}
}

func TestTotalPercent(t *testing.T) {
	t.Parallel()
	hundred := TotalPercent(percent(t, "100"))
	for _, shares := range [][]string{{"16.1", "48.2", "35.7"}, {"0.1", "99.9"}, {"33.3", "33.3", "33.4"}} {
		var all []Percent
		for _, s := range shares {
			all = append(all, percent(t, s))
		}
		if got := TotalPercent(all...); got.Cmp(hundred) != 0 {
			t.Errorf("%v is %s", shares, got)
		}
	}
	if got := TotalPercent(Percent{}); got.Sign() != 0 {
		t.Errorf("null is %s", got)
	}
}
