package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// What of the API's objects is printed.
type (
	project struct {
		ID   int64
		Name string
	}
	environment struct {
		ID     int64
		Name   string
		APIKey string `json:"api_key"`
	}
	feature struct {
		ID       int64
		Name     string
		Archived bool     `json:"is_archived"`
		Options  []option `json:"multivariate_options"`
	}
	option struct {
		ID      int64
		Key     *string
		Type    string
		Text    *string `json:"string_value"`
		Integer *int64  `json:"integer_value"`
		Boolean *bool   `json:"boolean_value"`
	}
	state struct {
		Feature int64
		Enabled bool
		Value   json.RawMessage `json:"feature_state_value"`
		Weights []struct {
			Option  int64       `json:"multivariate_feature_option"`
			Percent json.Number `json:"percentage_allocation"`
		} `json:"multivariate_feature_state_values"`
	}
)

// name is the option's key, else its value.
func (o option) name() string {
	switch {
	case o.Key != nil:
		return *o.Key
	case o.Type == "int" && o.Integer != nil:
		return strconv.FormatInt(*o.Integer, 10)
	case o.Type == "bool" && o.Boolean != nil:
		return strconv.FormatBool(*o.Boolean)
	case o.Type == "unicode" && o.Text != nil:
		return *o.Text
	}
	return "#" + strconv.FormatInt(o.ID, 10)
}

// printFlagsmith prints a table per project: what every feature is in every environment. It takes one request, two per
// project and one per environment and page.
func printFlagsmith(ctx context.Context, out io.Writer, c client) error {
	var projects []project
	if err := c.get(ctx, "/projects/", &projects); err != nil {
		return err
	}
	if len(projects) == 0 {
		_, err := fmt.Fprintln(out, "no projects")
		return err
	}
	for _, p := range projects {
		if err := c.printProject(ctx, out, p); err != nil {
			return err
		}
	}
	return nil
}

func (c client) printProject(ctx context.Context, out io.Writer, p project) error {
	var environments []environment
	if err := c.get(ctx, fmt.Sprintf("/projects/%d/environments/", p.ID), &environments); err != nil {
		return err
	}
	features, err := all[feature](ctx, c, fmt.Sprintf("/projects/%d/features/?page_size=999", p.ID))
	if err != nil {
		return err
	}
	options := map[int64]string{}
	for _, f := range features {
		for _, o := range f.Options {
			options[o.ID] = o.name()
		}
	}
	cells := map[[2]int64]string{}
	table := strings.ToUpper(p.Name)
	for _, e := range environments {
		table += "\t" + e.Name
		states, err := all[state](ctx, c, "/environments/"+e.APIKey+"/featurestates/?page_size=999")
		if err != nil {
			return err
		}
		for _, s := range states {
			cells[[2]int64{s.Feature, e.ID}] = s.text(options)
		}
	}
	slices.SortFunc(features, func(a, b feature) int { return strings.Compare(a.Name, b.Name) })
	table += "\n"
	for _, f := range features {
		table += f.Name
		if f.Archived {
			table += " (archived)"
		}
		for _, e := range environments {
			cell, ok := cells[[2]int64{f.ID, e.ID}]
			if !ok {
				cell = "-"
			}
			table += "\t" + cell
		}
		table += "\n"
	}
	if len(features) == 0 {
		table += "(no features)\n"
	}
	return align(out, table)
}

// text is a state in a cell: on "blue" (red 25%, green 10%).
func (s state) text(options map[int64]string) string {
	out := "off"
	if s.Enabled {
		out = "on"
	}
	if v := string(s.Value); v != "null" && v != "" {
		out += " " + short(v)
	}
	weights := make([]string, len(s.Weights))
	for i, w := range s.Weights {
		weights[i] = options[w.Option] + " " + strings.TrimSuffix(w.Percent.String(), ".0") + "%"
	}
	if len(weights) > 0 {
		slices.Sort(weights)
		out += " (" + strings.Join(weights, ", ") + ")"
	}
	return out
}

// all reads every page of a collection.
func all[T any](ctx context.Context, c client, path string) ([]T, error) {
	var out []T
	for number := 1; ; number++ {
		var page struct {
			Next    *string
			Results []T
		}
		if err := c.get(ctx, path+"&page="+strconv.Itoa(number), &page); err != nil {
			return nil, err
		}
		if out = append(out, page.Results...); page.Next == nil {
			return out, nil
		}
	}
}
