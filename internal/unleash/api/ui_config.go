package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/flagops/terraform-provider-flagops/internal/rest"
)

// Server is what a server says of itself: GET /api/admin/ui-config.
type Server struct {
	Version    string // 8.2.0
	Edition    string // "Open Source", "Pro", "Enterprise", …
	Enterprise bool
	Limits     Limits
}

// Limits is how many of a thing there may be; 0 where an older server does not say.
type Limits struct {
	Strategies       int `json:"featureEnvironmentStrategies"` // of a flag in an environment
	Constraints      int `json:"constraints"`                  // of a strategy
	ConstraintValues int `json:"constraintValues"`             // of a constraint
	StrategySegments int `json:"strategySegments"`             // of a strategy
	SegmentValues    int `json:"segmentValues"`                // of all constraints of a segment together
	Segments         int `json:"segments"`
	FeatureFlags     int `json:"featureFlags"`
	APITokens        int `json:"apiTokens"`
	Projects         int `json:"projects"`
	Environments     int `json:"environments"`
}

// Server probes version, edition and limits, once.
func (c *Client) Server(ctx context.Context) (Server, error) {
	return remember(ctx, c, "server", func(ctx context.Context) (Server, error) {
		type ui struct {
			Version     string
			Environment string
			VersionInfo struct {
				Current struct{ OSS, Enterprise string }
			}
			ResourceLimits Limits
		}
		path := rest.P("/api/admin/ui-config")
		got, err := rest.Get[ui](ctx, c.rest, path)
		if err != nil {
			return Server{}, err
		}
		s := Server{Version: got.VersionInfo.Current.OSS, Edition: got.Environment, Limits: got.ResourceLimits}
		if enterprise := got.VersionInfo.Current.Enterprise; enterprise != "" {
			s.Version = enterprise
		}
		if s.Version == "" {
			s.Version = got.Version
		}
		if s.Version == "" {
			return Server{}, c.rest.Unexpected(http.MethodGet, path, "the configuration of an Unleash")
		}
		s.Enterprise = got.VersionInfo.Current.Enterprise != "" || s.Edition != "" && !strings.EqualFold(s.Edition, "Open Source")
		return s, nil
	})
}
