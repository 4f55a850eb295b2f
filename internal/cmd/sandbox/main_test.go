package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/flagsmith/sandbox"
)

// TestServe starts a sandbox, reads what it says about itself and stops it.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	ready := filepath.Join(t.TempDir(), "server")
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(ctx, []string{"-ready", ready}, in) }()
	said := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "and to see") {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			said[name] = value
		}
	}
	written, err := os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"FLAGSMITH_API_URL", "FLAGSMITH_API_KEY", "FLAGSMITH_ORGANISATION_ID"} {
		if line := name + "=" + said[name] + "\n"; !strings.Contains(string(written), line) || said[name] == "" {
			t.Errorf("%s is not in %q", line, written)
		}
	}
	var table strings.Builder
	if err := run(ctx, []string{"-print", said["FLAGSMITH_API_URL"], "-key", said["FLAGSMITH_API_KEY"]}, &table); err != nil || table.String() != "no projects\n" {
		t.Errorf("printed %q, %v", table.String(), err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.PageSize(2))
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for _, c := range [][2]string{
		{"/projects/", `{"name":"Shop","organisation":1}`},
		{"/environments/", `{"name":"Dev","project":1}`},
		{"/environments/", `{"name":"Production","project":1}`},
		{"/projects/1/features/", `{"name":"limit","initial_value":7,"default_enabled":true}`},
		{"/projects/1/features/", `{"name":"banner","initial_value":"plain","multivariate_options":[{"string_value":"red","default_percentage_allocation":12.5},{"type":"int","integer_value":3,"default_percentage_allocation":20}]}`},
		{"/projects/1/features/", `{"name":"old","is_archived":true}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/v1"+c[0], strings.NewReader(c[1]))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Api-Key "+s.Key)
		r.Header.Set("Content-Type", "application/json")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("%s: %s", c[0], a.Status)
		}
	}
	s.ResetRequests()
	var table strings.Builder
	if err := run(t.Context(), []string{"-print", server.URL + "/api/v1/", "-key", s.Key}, &table); err != nil {
		t.Fatal(err)
	}
	want := `SHOP             Dev                              Production
banner           off "plain" (3 20%, red 12.5%)   off "plain" (3 20%, red 12.5%)
limit            on 7                             on 7
old (archived)   off                              off
`
	if table.String() != want {
		t.Errorf("printed\n%s, want\n%s", table.String(), want)
	}
	if n := len(s.Requests()); n != 7 {
		t.Errorf("%d requests, want 7: %v", n, s.Requests())
	}
	if err := run(t.Context(), []string{"-print", server.URL + "/api/v1", "-key", "wrong"}, io.Discard); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a wrong key: %v", err)
	}
}
