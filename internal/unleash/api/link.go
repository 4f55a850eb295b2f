package api

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Link is something to read about a flag. The server normalises the URL. "" as a title is none.
type Link struct {
	ID    string  `json:"id,omitempty"`
	URL   string  `json:"url"`
	Title *string `json:"title"`
}

// MaxLinks is how many links the server takes for a flag.
const MaxLinks = 10

// SameLink says that the server stores both alike, but for "" as a title, which is none.
func SameLink(a, b Link) bool {
	return canonical(a.URL) == canonical(b.URL) && deref(a.Title) == deref(b.Title)
}

var (
	absolute = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+-]*):`)
	web      = regexp.MustCompile(`(?is)^(https?)://(?:[^/?#\\]*@)?([^/?#\\]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$`)
	www      = regexp.MustCompile(`^www\.([a-z\d-]{1,63}\.[a-z.\d-]{2,63})$`)
	utm      = regexp.MustCompile(`(?i)^utm_\w+`)
	fragment = regexp.MustCompile(`(?i):~:text.*`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$`)
)

// canonical is the same for a URL and for what the server makes of it (by the package normalize-url): it drops a "www.", a
// default port, empty and dotted parts of the path and a slash at its end, sorts the query, and writes case and escapes in
// its own way. URLs that are not of the web stay as they are.
func canonical(text string) string {
	text = strings.TrimSpace(text)
	part := web.FindStringSubmatch(text)
	if part == nil {
		return text
	}
	scheme, host, path, query, hash := strings.ToLower(part[1]), strings.ToLower(part[2]), part[3], part[4], part[5]
	host, port := cutPort(host)
	host = strings.TrimSuffix(host, ".")
	host = www.ReplaceAllString(host, "$1")
	if port != "" && port != map[string]string{"http": "80", "https": "443"}[scheme] {
		host += ":" + port
	}
	var parts []string
	for _, p := range strings.Split(strings.ReplaceAll(decoded(path, url.PathUnescape), `\`, "/"), "/") {
		switch {
		case p == "..":
			parts = parts[:max(len(parts)-1, 0)]
		case p != "" && p != ".":
			parts = append(parts, p)
		}
	}
	var pairs []string
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = decoded(name, url.QueryUnescape), decoded(value, url.QueryUnescape)
		if pair != "" && !utm.MatchString(name) {
			pairs = append(pairs, name+"="+value)
		}
	}
	slices.Sort(pairs)
	return scheme + "://" + host + "/" + strings.Join(parts, "/") + "?" + strings.Join(pairs, "&") +
		"#" + decoded(fragment.ReplaceAllString(hash, ""), url.PathUnescape)
}

func cutPort(host string) (name, port string) {
	at := strings.LastIndexByte(host, ':')
	if at < 0 || at < strings.LastIndexByte(host, ']') {
		return host, ""
	}
	if number, err := strconv.Atoi(host[at+1:]); err == nil {
		return host[:at], strconv.Itoa(number)
	}
	return host[:at], host[at+1:]
}

// decoded takes the escapes out, those of escapes too: the server makes %25 of %2525.
func decoded(text string, by func(string) (string, error)) string {
	for {
		plain, err := by(text)
		if err != nil || plain == text {
			return text
		}
		text = plain
	}
}

// LinkProblem says why a URL cannot be that of a link, or would lose something; "" if it can.
func LinkProblem(text string) string {
	scheme := absolute.FindStringSubmatch(text)
	part := web.FindStringSubmatch(text)
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return "It must not contain white space: write %20."
	case scheme == nil:
		return "It must begin with a scheme, such as https://."
	case slices.Contains([]string{"data", "file", "localhost"}, strings.ToLower(scheme[1])):
		return "Unleash would rewrite it: link to something that begins with https://."
	case !strings.EqualFold(scheme[1], "http") && !strings.EqualFold(scheme[1], "https"):
		return ""
	case part == nil || part[2] == "":
		return "It names no host."
	case strings.ContainsRune(text[:len(text)-len(part[3])-len(part[4])-len(part[5])], '@'):
		return "Unleash drops user names and passwords from links."
	}
	host, port := cutPort(part[2])
	if _, err := strconv.ParseUint(port, 10, 16); err != nil && (port != "" || strings.HasSuffix(part[2], ":")) {
		return fmt.Sprintf("%q is not a port.", port)
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && strings.Trim(host, "[]") == address.String() && address.Zone() == "" {
		host = ""
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := labels[len(labels)-1]
	if host != "" && (!hostName.MatchString(host) || last[0] >= '0' && last[0] <= '9') {
		return "Its host must be a name of letters, digits, hyphens and dots (others in their xn-- form), or an IP address in its usual form."
	}
	if plain, err := url.QueryUnescape(part[4]); err != nil || !utf8.ValidString(plain) {
		return "A % in its query must begin the escape of a character, such as %20; write %25 for the sign itself."
	} else if strings.ContainsAny(plain, "\t\r\n") {
		return "Unleash drops tabs and line breaks from the query, escaped ones too."
	}
	for _, pair := range strings.Split(part[4], "&") {
		if name, _, _ := strings.Cut(pair, "="); utm.MatchString(decoded(name, url.QueryUnescape)) {
			return "Unleash drops utm_ parameters from links."
		}
	}
	if fragment.MatchString(part[5]) {
		return "Unleash drops :~:text from links."
	}
	return ""
}
