package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

// What the server's own package (normalize-url 9.0) makes of URLs, "ERR …" where it refuses.
//
//go:embed testdata/links.jsonl
var normalised []byte

// A link is either refused in the plan or recognised in what the server has made of it, which is never refused.
func TestLinks(t *testing.T) {
	t.Parallel()
	lines := json.NewDecoder(bytes.NewReader(normalised))
	taken, refused := 0, map[string]bool{}
	for lines.More() {
		var pair [2]string
		if err := lines.Decode(&pair); err != nil {
			t.Fatal(err)
		}
		given, stored := pair[0], pair[1]
		if problem := LinkProblem(given); problem != "" {
			refused[problem] = true
			continue
		}
		taken++
		switch {
		case strings.HasPrefix(stored, "ERR"):
			t.Errorf("%q is taken, and the server says %s", given, stored)
		case canonical(given) != canonical(stored):
			t.Errorf("%q becomes %q: %q is not %q", given, stored, canonical(given), canonical(stored))
		case LinkProblem(stored) != "":
			t.Errorf("%q is what the server stores, and is refused: %s", stored, LinkProblem(stored))
		}
	}
	if taken < 80 || len(refused) < 8 {
		t.Errorf("%d taken, refused for %v", taken, refused)
	}
	for _, bad := range []string{"", "tickets.example.com/42", "//example.com", "/x", "https://a b.c", "https://a.b/\n", "data:text/plain,x", "FILE:///x"} {
		if LinkProblem(bad) == "" {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, pair := range [][2]string{
		{"https://a.b/X", "https://a.b/x"}, {"http://a.b", "https://a.b"}, {"https://a.b/x", "https://a.b/y"}, {"https://a.b:1", "https://a.b:2"},
		{"https://a.b?x=1", "https://a.b?x=2"}, {"https://a.b#x", "https://a.b#y"}, {"mailto:a@b", "mailto:A@b"},
	} {
		if canonical(pair[0]) == canonical(pair[1]) {
			t.Errorf("%q are taken for the same", pair)
		}
	}
	none, title := "", "t"
	if SameLink(Link{URL: "https://a.b"}, Link{URL: "https://a.b", Title: &title}) || !SameLink(Link{ID: "1", URL: "https://a.b/", Title: &none}, Link{URL: "https://A.b"}) {
		t.Error("a title is part of a link, its id is not")
	}
}
