package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// What of Unleash's objects is printed.
type (
	unleashFlag struct {
		Name         string
		Environments []struct {
			Name       string
			Enabled    bool
			Strategies []strategy
		}
	}
	strategy struct {
		Name        string
		Disabled    bool
		Parameters  map[string]string
		Segments    []int64
		Constraints []struct {
			ContextName, Operator, Value string
			Values                       []string
			Inverted                     bool
		}
		Variants []struct {
			Name    string
			Weight  int64
			Payload struct{ Type, Value string }
		}
	}
)

// printUnleash prints a table per project: what every flag is in every environment. It takes two requests, one per
// project and one per flag.
func printUnleash(ctx context.Context, out io.Writer, c client) error {
	var projects struct {
		Projects []struct{ ID, Name string }
	}
	var segments struct {
		Segments []struct {
			ID   int64
			Name string
		}
	}
	if err := c.get(ctx, "/projects", &projects); err != nil {
		return err
	}
	if err := c.get(ctx, "/segments", &segments); err != nil {
		return err
	}
	names := map[int64]string{}
	for _, s := range segments.Segments {
		names[s.ID] = s.Name
	}
	for _, p := range projects.Projects {
		in := "/projects/" + url.PathEscape(p.ID) + "/features"
		var list struct{ Features []unleashFlag }
		if err := c.get(ctx, in, &list); err != nil {
			return err
		}
		slices.SortFunc(list.Features, func(a, b unleashFlag) int { return strings.Compare(a.Name, b.Name) })
		head, rows := strings.ToUpper(p.Name), ""
		for i, f := range list.Features {
			if err := c.get(ctx, in+"/"+url.PathEscape(f.Name), &f); err != nil {
				return err
			}
			rows += f.Name
			for _, e := range f.Environments {
				if i == 0 {
					head += "\t" + e.Name
				}
				rows += "\t" + stateText(e.Enabled, e.Strategies, names)
			}
			rows += "\n"
		}
		if rows == "" {
			rows = "(no flags)\n"
		}
		if err := align(out, head+"\n"+rows); err != nil {
			return err
		}
	}
	return nil
}

// stateText is a flag in an environment: on 25% in big_spenders (blue 30%, green 70%) or default.
func stateText(enabled bool, strategies []strategy, segments map[int64]string) string {
	var parts []string
	for _, s := range strategies {
		if !s.Disabled {
			parts = append(parts, s.text(segments))
		}
	}
	out := "off"
	if enabled {
		out = "on"
	}
	if all := strings.Join(parts, " or "); all != "" && all != everybody {
		out += " " + all
	}
	return out
}

const everybody = "everybody"

func (s strategy) text(segments map[int64]string) string {
	var parts []string
	switch rollout := s.Parameters["rollout"]; {
	case s.Name != "flexibleRollout":
		parts = append(parts, s.Name)
	case rollout != "100":
		parts = append(parts, rollout+"%")
	}
	before := "in "
	for _, id := range s.Segments {
		parts = append(parts, before+segments[id])
		before = "and "
	}
	before = "if "
	for _, c := range s.Constraints {
		if c.Inverted {
			before += "not "
		}
		parts = append(parts, before+c.ContextName+" "+c.Operator+" "+short(c.Value+strings.Join(c.Values, ",")))
		before = "and "
	}
	variants := make([]string, len(s.Variants))
	for i, v := range s.Variants {
		variants[i] = v.Name
		if payload := v.Payload.Value; payload != "" && payload != v.Name {
			if v.Payload.Type == "string" {
				payload = strconv.Quote(payload)
			}
			variants[i] += " " + short(payload)
		}
		if v.Weight < 1000 {
			variants[i] += fmt.Sprintf(" %g%%", float64(v.Weight)/10)
		}
	}
	if len(variants) > 0 {
		parts = append(parts, "("+strings.Join(variants, ", ")+")")
	}
	if len(parts) == 0 {
		return everybody
	}
	return strings.Join(parts, " ")
}
