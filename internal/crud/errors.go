package crud

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// fail turns an error of a call into diagnostics: what the server says about a field lands on its attribute, the rest on
// the object. Advice ends the text.
func (o *object[C, M, A]) fail(ctx context.Context, diags *diag.Diagnostics, verb string, v values, err error, advice string) {
	summary := strings.TrimSpace(fmt.Sprintf("Cannot %s flagops_%s %s", verb, o.spec.Name, o.display(v)))
	var e *rest.Error
	if !errors.As(err, &e) {
		diags.AddError(summary, sentence(err.Error())+advice)
		return
	}
	landed := false
	var rest []string
	for _, field := range sortedKeys(e.Fields) {
		at := o.attribute(field)
		for len(at.Steps()) > 0 { // a message about an element lands on its collection
			if _, d := o.spec.Schema.AttributeAtPath(ctx, at); !d.HasError() {
				break
			}
			at = at.ParentPath()
		}
		if len(at.Steps()) == 0 {
			rest = append(rest, field+": "+strings.Join(e.Fields[field], " "))
			continue
		}
		landed = true
		detail := fmt.Sprintf("%s %s answered %d: %s", e.Method, e.Path, e.Status, strings.Join(e.Fields[field], " "))
		diags.AddAttributeError(at, summary, sentence(detail)+hint(e)+advice)
	}
	switch {
	case !landed:
		diags.AddError(summary, sentence(err.Error())+advice) // which has the hint
	case len(rest) > 0:
		diags.AddError(summary, sentence(strings.Join(rest, "; ")))
	}
}

func hint(e *rest.Error) string {
	if e.Hint == "" {
		return ""
	}
	return "\n\n" + sentence(e.Hint)
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?\n") {
		return s
	}
	return s + "."
}

var (
	fieldStep = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)
	hump      = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// attribute translates the server's rules[0].conditions[1].operator to an attribute's path; contextName is context_name.
func (o *object[C, M, A]) attribute(field string) path.Path {
	for _, server := range sortedKeys(o.spec.Fields) {
		if rest, ok := strings.CutPrefix(field, server); ok && (rest == "" || strings.ContainsAny(rest[:1], ".[")) {
			field = o.spec.Fields[server] + rest
			break
		}
	}
	at := path.Empty()
	for _, step := range fieldStep.FindAllString(field, -1) {
		if step[0] == '[' {
			i, _ := strconv.Atoi(step[1 : len(step)-1])
			at = at.AtListIndex(i)
		} else {
			at = at.AtName(strings.ToLower(hump.ReplaceAllString(step, "${1}_${2}")))
		}
	}
	return at
}

// importBlock is what takes over an object that exists already, where that is what went wrong and it can be found.
func (o *object[C, M, A]) importBlock(ctx context.Context, c C, plan values, err error) string {
	if !errors.Is(err, rest.ErrExists) {
		return ""
	}
	found := plan
	if slices.ContainsFunc(o.spec.Key, func(name string) bool { return !plan.given(name) }) { // the server chose a part of the key
		if found, err = o.find(ctx, c, plan); err != nil {
			return ""
		}
	}
	return fmt.Sprintf("\n\nTo manage the one that is there, paste this block beside the resource (with its own label), then plan again:\n\n"+
		"import {\n  to = flagops_%s.this\n  id = %q\n}", o.spec.Name, found.join(o.spec.Key))
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
