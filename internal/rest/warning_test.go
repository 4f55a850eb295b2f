package rest

import (
	"context"
	"testing"
)

func TestWarnings(t *testing.T) {
	t.Parallel()
	Warn(context.Background(), "nobody", "listens")
	ctx, warnings := WithWarnings(context.Background())
	Warn(ctx, "off", "the flag %q is off", "a")
	got := warnings()
	if want := (Warning{Summary: "off", Detail: `the flag "a" is off`}); len(got) != 1 || got[0] != want {
		t.Errorf("heard %v", got)
	}
}
