package api

import (
	"encoding/json"
	"math/big"
	"slices"
	"testing"
)

func percents(t *testing.T, texts ...string) []Percent {
	t.Helper()
	var all []Percent
	for _, text := range texts {
		p, err := ParsePercent(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestPercentJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"30.0": "30", "0.1": "0.1", "33.3": "33.3", "100": "100", "0": "0", "null": "null"} {
		var p Percent
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(p); string(got) != want || err != nil || !p.Exact() {
			t.Errorf("%s becomes %s, %v", text, got, err)
		}
	}
	for _, text := range []string{`"30"`, `true`, `[1]`, `{}`} {
		var p Percent
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s is %v", text, p)
		}
	}
	if _, err := ParsePercent("a third"); err == nil {
		t.Error("not a number")
	}
}

func TestPercentIsTerraformsNumber(t *testing.T) {
	t.Parallel()
	var p Percent
	if err := json.Unmarshal([]byte("33.3"), &p); err != nil {
		t.Fatal(err)
	}
	number, _, _ := big.ParseFloat("33.3", 10, 512, big.ToNearestEven) // as the framework reads it
	if p.Float().Cmp(number) != 0 || p.Cmp(NewPercent(number)) != 0 {
		t.Error("33.3 differs")
	}
	third := new(big.Float).SetPrec(512).Quo(big.NewFloat(100), big.NewFloat(3))
	if NewPercent(third).Exact() {
		t.Error("100/3 is no float64")
	}
	if got, _ := json.Marshal(NewPercent(third)); string(got) != "33.333333333333336" {
		t.Errorf("100/3 is sent as %s", got)
	}
	if (Percent{}).Cmp(NewPercent(big.NewFloat(1))) != -1 || NewPercent(big.NewFloat(0)).Cmp(Percent{}) != 0 {
		t.Error("null is 0")
	}
}

func TestOrderWeights(t *testing.T) {
	t.Parallel()
	self := func(p Percent) Percent { return p }
	for name, weights := range map[string][]string{
		"refused as given":    {"16.1", "48.2", "35.7"}, // observed on Flagsmith 2.265
		"refused ascending":   {"28.6", "35.7", "35.7"},
		"two":                 {"99.9", "0.1"},
		"refused both ways":   {"0.2", "0.2", "4.1", "4.9", "10.7", "17.6", "29.6", "32.7"},
		"with null and zero":  {"0", "100"},
		"seven":               {"14.3", "14.3", "14.3", "14.3", "14.3", "14.3", "14.2"},
		"many that add to it": {"0.1", "0.2", "0.3", "9.4", "10.1", "19.9", "20.3", "39.7"},
	} {
		all := percents(t, weights...)
		all = append(all, Percent{})
		ordered := orderWeights(all, self)
		if !accepted(ordered, self) {
			t.Errorf("%s: %v exceed 100", name, ordered)
		}
		if len(ordered) != len(all) || !slices.EqualFunc(ordered, orderWeights(slices.Clone(ordered), self), func(a, b Percent) bool { return a.Cmp(b) == 0 }) {
			t.Errorf("%s: the order depends on the order", name)
		}
	}
	if given := percents(t, "16.1", "48.2", "35.7"); accepted(given, self) {
		t.Error("the server refuses this order")
	}
	ordered := orderWeights(percents(t, "60", "50", "10"), self)
	if want := percents(t, "10", "50", "60"); !slices.EqualFunc(ordered, want, func(a, b Percent) bool { return a.Cmp(b) == 0 }) {
		t.Error("too much stays ascending")
	}
}

// Every triple of percentages with one decimal that adds up to 100 finds an order that the server accepts.
func TestOrderWeightsOfTriples(t *testing.T) {
	t.Parallel()
	const step = 7 // of the 83,834 triples, in tenths
	self := func(p Percent) Percent { return p }
	tenths := make([]Percent, 1001)
	for i := range tenths {
		tenths[i], _ = ParsePercent(new(big.Rat).SetFrac64(int64(i), 10).FloatString(1))
	}
	for a := 1; a < 999; a += step {
		for b := a; b < 1000-a-b; b++ {
			if ordered := orderWeights([]Percent{tenths[b], tenths[1000-a-b], tenths[a]}, self); !accepted(ordered, self) {
				t.Fatalf("%d %d %d", a, b, 1000-a-b)
			}
		}
	}
}
