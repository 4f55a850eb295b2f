package api

import (
	"context"
	"math"
	"net/http"
	"time"
)

// whenUnused deletes what Unleash refuses to delete while strategies of live flags use it. A run that destroys everything
// takes flags away beside what they use, in no order, so a refusal is taken for good only once there are no fewer users, and
// no flag has been archived, for more than a second.
func (c *Client) whenUnused(ctx context.Context, remove func() error, users func() []Usage, advice string) error {
	const first, last = 50 * time.Millisecond, time.Second
	for pause, least := first, math.MaxInt; ; pause *= 2 {
		err := remove()
		if !hasStatus(err, http.StatusConflict) {
			return err
		}
		using := users()
		if len(using) < least || time.Since(c.lastArchived("")) < last { // or flags are still on their way out
			pause, least = first, len(using)
		}
		if pause > last || c.wait(ctx, pause) != nil {
			return inUse(err, using, advice)
		}
	}
}
