package flagsmith

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// text refuses in the plan what Flagsmith would refuse or change: more than most characters, a null character, and white
// space at the ends, which the server strips, so that every plan would want it back.
type text struct {
	most     int  // 0: any length
	required bool // "" is refused too
}

func (t text) Description(context.Context) string {
	if t.most == 0 {
		return "without white space at the ends"
	}
	return fmt.Sprintf("at most %d characters, without white space at the ends", t.most)
}

func (t text) MarkdownDescription(ctx context.Context) string { return t.Description(ctx) }

func (t text) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := t.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a text that Flagsmith keeps", problem)
	}
}

func (t text) problem(s string) string {
	switch n := utf8.RuneCountInString(s); {
	case t.most > 0 && n > t.most:
		return fmt.Sprintf("It has %d characters; Flagsmith takes at most %d.", n, t.most)
	case strings.ContainsRune(s, 0):
		return "It holds a null character, which Flagsmith refuses."
	case strip(s) == "" && (t.required || s != ""):
		return "It is blank."
	case strip(s) != s:
		return "It begins or ends with white space (a heredoc ends with a line break). Flagsmith strips that, and every " +
			"plan would show a difference: use trimspace() or leave it out."
	}
	return ""
}

// strip is Python's str.strip(), which Flagsmith applies to every text it takes.
func strip(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f })
}
