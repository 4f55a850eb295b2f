package api

// Dependency says which parent a flag depends on.
type Dependency struct {
	Feature  string   `json:"feature"`
	Enabled  bool     `json:"enabled"`
	Variants []string `json:"variants,omitempty"`
}

// Link is something to read about a flag. The server normalises the URL.
type Link struct {
	ID    string  `json:"id,omitempty"`
	URL   string  `json:"url"`
	Title *string `json:"title"`
}

// Tag is a tag of a flag.
type Tag struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}
