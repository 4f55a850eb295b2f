package crud

import (
	"context"
	"errors"
	"testing"
)

// Waiting for a lock ends when Terraform is stopped; shared holders do not wait for each other.
func TestLockEndsWithContext(t *testing.T) {
	t.Parallel()
	d := NewData()
	first, err := d.lock(t.Context(), "shelf", true)
	if err != nil {
		t.Fatal(err)
	}
	second, err := d.lock(t.Context(), "shelf", true)
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := d.lock(stopped, "shelf", false); !errors.Is(err, context.Canceled) {
		t.Errorf("an exclusive lock beside shared ones: %v", err)
	}
	first()
	second()
	last, err := d.lock(t.Context(), "shelf", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.lock(stopped, "shelf", true); !errors.Is(err, context.Canceled) {
		t.Errorf("a shared lock beside an exclusive one: %v", err)
	}
	last()
}
