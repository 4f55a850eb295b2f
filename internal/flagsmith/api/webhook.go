package api

// Webhook is an address that Flagsmith posts to when flags change.
type Webhook struct {
	ID      int64   `json:"id"`
	URL     string  `json:"url"` // http or https, at most 200 characters, not unique
	Enabled bool    `json:"enabled"`
	Secret  *string `json:"secret"` // signs the calls, at most 255 characters; "": none; nil: leave it as it is
}

// created is what POST takes.
func (w Webhook) created() map[string]any {
	body := map[string]any{"url": w.URL, "enabled": w.Enabled}
	put(body, "secret", w.Secret)
	return body
}

// changed is what PATCH takes: the URL is left out unless it changes, for the server checks it anew and would refuse one
// that was taken by an older version; the secret likewise, for it may have been changed by others.
func (w Webhook) changed(prior Webhook) map[string]any {
	body := map[string]any{"enabled": w.Enabled}
	if w.URL != prior.URL {
		body["url"] = w.URL
	}
	if w.Secret != nil && (prior.Secret == nil || *w.Secret != *prior.Secret) {
		body["secret"] = *w.Secret
	}
	return body
}
