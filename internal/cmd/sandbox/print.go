package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"
)

// printFlags prints what flags the servers that the environment names have.
func printFlags(ctx context.Context, out io.Writer, getenv func(string) string) error {
	kinds := []struct {
		title, url, key, scheme, base string
		print                         func(context.Context, io.Writer, client) error
	}{
		{"Flagsmith", "FLAGSMITH_API_URL", "FLAGSMITH_API_KEY", "Api-Key ", "", printFlagsmith},
		{"Unleash", "UNLEASH_URL", "UNLEASH_TOKEN", "", "/api/admin", printUnleash},
	}
	between := ""
	for _, k := range kinds {
		url, key := getenv(k.url), getenv(k.key)
		switch {
		case url == "":
			continue
		case key == "":
			return fmt.Errorf("%s is set, %s is not", k.url, k.key)
		}
		if _, err := fmt.Fprintf(out, "%s%s at %s\n", between, k.title, url); err != nil {
			return err
		}
		between = "\n"
		url = strings.TrimRight(url, "/")
		if k.base != "" { // with or without the /api that the server's own tools say
			url = strings.TrimSuffix(url, "/api") + k.base
		}
		if err := k.print(ctx, out, client{url, k.scheme + key}); err != nil {
			return fmt.Errorf("%s: %w", k.title, err)
		}
	}
	if between == "" {
		return errors.New("-print needs FLAGSMITH_API_URL or UNLEASH_URL")
	}
	return nil
}

// align prints lines of cells that tabs end, in columns.
func align(out io.Writer, table string) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	if _, err := io.WriteString(w, table); err != nil {
		return err
	}
	return w.Flush()
}

// short cuts what would make a table too wide.
func short(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:39]) + "…"
	}
	return text
}

// client asks a server whose API is at url.
type client struct{ url, authorization string }

func (c client) get(ctx context.Context, path string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", c.authorization)
	r.Header.Set("Accept", "application/json")
	a, err := http.DefaultTransport.RoundTrip(r) // a redirect would take the key somewhere else
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(a.Body, 300))
		return errors.Join(fmt.Errorf("GET %s: %s: %s", path, a.Status, text), err)
	}
	return json.NewDecoder(a.Body).Decode(out)
}
