package sandbox

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var patchBody = list(shape("path op", prop{"path", text}, prop{"op", enum("add", "remove", "replace", "copy", "move", "test")},
	prop{"from", text}, prop{"value", anything}))

// applyPatch applies a JSON Patch the way the server's library does when it does not validate: what does not exist is
// removed without complaint, and a path through something that does not exist is an exception.
func applyPatch(doc any, ops any) (any, error) {
	list, _ := ops.([]any)
	for _, op := range list {
		o, _ := op.(object)
		if p := str(o, "path"); p != "" && !strings.Contains(p, "/") {
			continue // what is in front of the first slash is not looked at
		}
		path, value := pointer(str(o, "path")), clone(o["value"])
		var err error
		switch kind := str(o, "op"); kind {
		case "copy", "move":
			from := pointer(str(o, "from"))
			if value, err = resolve(doc, from); err == nil && kind == "move" {
				doc, err = change(doc, from, "remove", nil)
			}
			value = clone(value)
		case "test":
			var have any
			if have, err = resolve(doc, path); err == nil && !reflect.DeepEqual(have, value) {
				err = unknown("Test operation failed")
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		if err == nil {
			doc, err = change(doc, path, str(o, "op"), value)
		}
		if err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func pointer(path string) []string {
	if path == "" {
		return nil
	}
	parts := strings.Split(path, "/")[1:]
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

func resolve(doc any, path []string) (any, error) {
	for _, p := range path {
		switch d := doc.(type) {
		case object:
			doc = d[p]
		case []any:
			doc = nil
			if i, err := strconv.Atoi(p); err == nil && i >= 0 && i < len(d) {
				doc = d[i]
			}
		default:
			return nil, unknown("Cannot read properties of undefined (reading '%s')", p)
		}
	}
	return doc, nil
}

func change(doc any, path []string, op string, value any) (any, error) {
	if len(path) == 0 {
		if op == "remove" {
			return nil, nil
		}
		return value, nil
	}
	key := path[0]
	switch d := doc.(type) {
	case object:
		child, ok := d[key]
		switch {
		case len(path) > 1 && !ok:
			return nil, unknown("Cannot read properties of undefined (reading '%s')", path[1])
		case len(path) > 1:
			changed, err := change(child, path[1:], op, value)
			if err != nil {
				return nil, err
			}
			d[key] = changed
		case op == "remove":
			delete(d, key)
		default:
			d[key] = value
		}
		return d, nil
	case []any:
		i, err := strconv.Atoi(key)
		if key == "-" {
			i, err = len(d), nil
		}
		switch {
		case err != nil:
			return nil, unknown("Cannot read properties of undefined (reading '%s')", key)
		case len(path) > 1 && i >= len(d):
			return nil, unknown("Cannot read properties of undefined (reading '%s')", path[1])
		case len(path) > 1:
			if d[i], err = change(d[i], path[1:], op, value); err != nil {
				return nil, err
			}
			return d, nil
		case op == "remove" && i < len(d):
			return slices.Delete(d, i, i+1), nil
		case op == "remove":
			return d, nil
		case op == "replace" && i < len(d):
			d[i] = value
			return d, nil
		}
		return slices.Insert(d, min(i, len(d)), value), nil
	}
	return nil, unknown("Cannot read properties of undefined (reading '%s')", key)
}
