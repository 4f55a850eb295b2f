package sandbox

// Resources are the limits that a server sets.
type Resources struct {
	SegmentValues                int `json:"segmentValues"`
	StrategySegments             int `json:"strategySegments"`
	SignalEndpoints              int `json:"signalEndpoints"`
	ActionSetActions             int `json:"actionSetActions"`
	ActionSetsPerProject         int `json:"actionSetsPerProject"`
	ActionSetFilters             int `json:"actionSetFilters"`
	ActionSetFilterValues        int `json:"actionSetFilterValues"`
	SignalTokensPerEndpoint      int `json:"signalTokensPerEndpoint"`
	FeatureEnvironmentStrategies int `json:"featureEnvironmentStrategies"`
	ConstraintValues             int `json:"constraintValues"`
	Constraints                  int `json:"constraints"`
	Environments                 int `json:"environments"`
	Projects                     int `json:"projects"`
	APITokens                    int `json:"apiTokens"`
	Segments                     int `json:"segments"`
	FeatureFlags                 int `json:"featureFlags"`
	ReleaseTemplates             int `json:"releaseTemplates"`
}

var defaultLimits = Resources{
	SegmentValues: 1000, StrategySegments: 5, SignalEndpoints: 5, ActionSetActions: 10, ActionSetsPerProject: 5, ActionSetFilters: 5,
	ActionSetFilterValues: 25, SignalTokensPerEndpoint: 5, FeatureEnvironmentStrategies: 30, ConstraintValues: 250, Constraints: 30, Environments: 50,
	Projects: 500, APITokens: 2000, Segments: 300, FeatureFlags: 5000, ReleaseTemplates: 10,
}

// or fills in what is 0. The limits that nothing here checks stay as they are.
func (r Resources) or(d Resources) Resources {
	for from, to := range map[*int]*int{
		&r.SegmentValues: &d.SegmentValues, &r.StrategySegments: &d.StrategySegments, &r.FeatureEnvironmentStrategies: &d.FeatureEnvironmentStrategies,
		&r.ConstraintValues: &d.ConstraintValues, &r.Constraints: &d.Constraints, &r.Environments: &d.Environments, &r.Projects: &d.Projects,
		&r.APITokens: &d.APITokens, &r.Segments: &d.Segments, &r.FeatureFlags: &d.FeatureFlags,
	} {
		if *from != 0 {
			*to = *from
		}
	}
	return d
}

func (s *Sandbox) uiConfigRoutes() {
	s.handle("GET /ui-config", 200, nil, s.uiConfig)
	s.handle("GET /user", 200, nil, s.me)
	s.handle("GET /maintenance", 200, nil, func(*request) (any, error) { return object{"enabled": s.maintenance}, nil })
	s.handle("POST /maintenance", 204, shape("enabled", prop{"enabled", flag}), func(r *request) (any, error) {
		s.maintenance = truth(r.data(), "enabled")
		return nil, nil
	})
}

// uiConfig tells version, edition and limits. Its many feature flags of the dashboard are left out.
func (s *Sandbox) uiConfig(r *request) (any, error) {
	edition, current := "Open Source", object{"oss": Version, "enterprise": ""}
	if s.enterprise {
		edition, current = "Enterprise", object{"oss": Version, "enterprise": Version}
	}
	return object{"environment": edition, "flags": object{"maintenanceMode": s.maintenance}, "version": Version, "emailEnabled": false,
		"unleashUrl": "http://" + r.Host, "baseUriPath": "", "authenticationType": "open-source", "frontendApiOrigins": []string{"*"},
		"versionInfo":            object{"current": current, "latest": object{}, "isLatest": true, "instanceId": s.instance},
		"prometheusAPIAvailable": false, "impactMetrics": "disabled", "resourceLimits": s.limits, "disablePasswordAuth": false,
		"maintenanceMode": s.maintenance, "maxSessionsCount": 0, "unleashContext": object{}, "storiesPageEnabled": false}, nil
}

// me tells what the token is, secret included.
func (s *Sandbox) me(*request) (any, error) {
	return object{"user": object{"username": "admin", "permissions": []string{"ADMIN"}, "environment": "*", "type": "admin", "secret": s.Token,
		"projects": []string{"*"}, "internalAdminTokenUserId": -42}, "permissions": []any{object{"permission": "ADMIN"}}, "feedback": []any{},
		"splash": object{}}, nil
}
