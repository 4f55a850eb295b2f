package provider_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/provider"
)

// The table in CONTRIBUTING says of every resource what its schema says.
func TestContributingTable(t *testing.T) {
	t.Parallel()
	rows := map[string][]string{}
	text := read(t, "../../CONTRIBUTING.md")
	_, text, _ = strings.Cut(text, "## What each resource means")
	text, _, _ = strings.Cut(text, "Not built yet:")
	for _, line := range strings.Split(text, "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 9 && strings.Contains(cells[1], "`") {
			rows[quoted(cells[1])[0]] = cells[1:8]
		}
	}
	for _, o := range provider.Objects() {
		facts := o.Facts()
		if !facts.Resource {
			continue
		}
		row, ok := rows[facts.Name]
		if !ok {
			t.Errorf("%s has no row", facts.Name)
			continue
		}
		delete(rows, facts.Name)
		same(t, facts.Name+": parents", quoted(row[1]), facts.Key[:len(facts.Key)-1])
		same(t, facts.Name+": facets", quoted(row[2]), facts.Facets)
		forms := []string{strings.Join(facts.Key, "/")}
		if n := len(facts.Lookup); n > 0 {
			forms = append(forms, strings.Join(append(slices.Clone(facts.Key[:len(facts.Key)-1]), facts.Lookup[n-1]), "/"))
		}
		same(t, facts.Name+": import forms", quoted(row[6]), forms)
		var optional []string
		for name, a := range facts.Schema.Attributes {
			if a.IsOptional() && !a.IsWriteOnly() && !slices.Contains(facts.Facets, name) && !slices.Contains(facts.Local, name) &&
				!strings.HasSuffix(name, "_wo_version") && !strings.Contains(a.GetMarkdownDescription(), "Defaults to") {
				optional = append(optional, name)
			}
		}
		if cell := quoted(row[3]); !strings.Contains(row[3], "Others") {
			for _, name := range optional {
				if !slices.Contains(cell, name) {
					t.Errorf("%s: what a null %s means is not said", facts.Name, name)
				}
			}
		}
	}
	for name := range rows {
		t.Errorf("the row of %s belongs to nothing that is built", name)
	}
}

var backticked = regexp.MustCompile("`([^`]+)`")

func quoted(cell string) (names []string) {
	for _, match := range backticked.FindAllStringSubmatch(cell, -1) {
		names = append(names, match[1])
	}
	return names
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s are %q in CONTRIBUTING, %q in the code", what, got, want)
	}
}
