package sandbox

// versionRoutes: the server's version is told to anybody, below the root as well as below the API.
func (s *Sandbox) versionRoutes() {
	s.mux.Handle("/version/{$}", endpoint{methods{"GET": s.version}})
}

func (s *Sandbox) version(*request) answer {
	return ok(fields{"ci_commit_sha": "unknown", "image_tag": Version, "has_email_provider": false, "is_enterprise": false,
		"is_saas": false, "self_hosted_data": fields{"has_users": true, "has_logins": false}, "package_versions": fields{".": Version}})
}
