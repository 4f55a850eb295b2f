package sandbox_test

import (
	"strings"
	"testing"

	"github.com/flagops/terraform-provider-flagops/internal/unleash/sandbox"
)

// What a call that says nothing of a thing does to it, as seen on routes over the real server's own services.
func TestEnterpriseSettings(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Enterprise())
	has := func(path string, texts ...string) {
		t.Helper()
		got := s.want(200, "GET", path, "")
		for _, text := range texts {
			if want, no := strings.CutPrefix(text, "!"); strings.Contains(got, want) == no {
				t.Errorf("%s: %s in %s", path, text, got)
			}
		}
	}
	s.want(201, "POST", "/projects", `{"id": "p", "name": "P", "featureLimit": 3}`)
	s.want(200, "PUT", "/projects/p/settings", `{"featureNaming": {"pattern": "a.*", "example": "ab", "description": ""}, "linkTemplates": [{"title": "t", "urlTemplate": "https://x"}]}`)
	has("/projects/p/overview", `"featureLimit":3`, `"pattern":"a.*"`, `"description":null`, `"title":"t"`)
	s.want(200, "PUT", "/projects/p/settings", `{"mode": "private"}`)
	has("/projects/p/overview", `"mode":"private"`, `"pattern":"a.*"`, `"linkTemplates":[]`)
	s.want(200, "PUT", "/projects/p", `{"name": "P", "featureLimit": null}`)
	has("/projects/p/overview", `"featureLimit":null`)

	s.want(200, "DELETE", "/projects/p/environments/production", "")
	s.want(200, "POST", "/projects/p/environments", `{"environment": "production", "defaultStrategy": {"name": "flexibleRollout"}}`)
	has("/environments/project/p", "!defaultStrategy") // it is taken, and forgotten
	s.want(404, "POST", "/projects/no-such/environments", `{"environment": "production"}`)

	s.want(201, "POST", "/environments", `{"name": "e", "type": "test", "requiredApprovals": 2}`)
	s.want(200, "PUT", "/environments/update/e", `{"type": "test"}`)
	has("/environments/e", `"requiredApprovals":2`)
	s.want(200, "PUT", "/environments/update/e", `{"type": "test", "requiredApprovals": null}`)
	has("/environments/e", `"requiredApprovals":null`)

	s.want(201, "POST", "/api-tokens", `{"tokenName": "in-e", "type": "client", "environment": "e", "projects": ["*"]}`)
	s.want(201, "POST", "/api-tokens", `{"tokenName": "in-p", "type": "client", "projects": ["p"]}`)
	s.want(201, "POST", "/api-tokens", `{"tokenName": "in-both", "type": "client", "projects": ["p", "default"]}`)
	s.want(200, "DELETE", "/environments/e", "")
	s.want(200, "DELETE", "/projects/p", "")
	has("/api-tokens", "in-e", "!in-p", "in-both", `"projects":["default"]`)
}

// The events of integrations that were changed, the last one first.
func TestSearchEvents(t *testing.T) {
	t.Parallel()
	s := start(t)
	body := `{"provider": "webhook", "enabled": true, "parameters": {"url": "http://127.0.0.1:9/s3cret"}, "events": []}`
	s.want(201, "POST", "/addons", body)
	s.want(200, "PUT", "/addons/1", strings.Replace(body, "true", "false", 1))
	s.want(200, "PUT", "/addons/1", body)
	got := s.want(200, "GET", "/search/events?type=IS:addon-config-updated&limit=1", "")
	if !strings.Contains(got, `"total":2`) || strings.Contains(got, "s3cret") || strings.Index(got, `"enabled":true`) > strings.Index(got, `"enabled":false`) {
		t.Error(got)
	}
}
