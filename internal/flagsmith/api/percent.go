package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
)

// percentBits is the precision that Terraform has for numbers, so that the same decimal is the same number.
const percentBits = 512

// Percent is a percentage, 0 to 100, exactly as the decimal that was written. The zero value is JSON null.
type Percent struct{ number *big.Float }

// NewPercent takes a number of Terraform's; nil is null.
func NewPercent(number *big.Float) Percent { return Percent{number} }

// ParsePercent reads a decimal.
func ParsePercent(text string) (Percent, error) {
	number, _, err := big.ParseFloat(text, 10, percentBits, big.ToNearestEven)
	if err != nil {
		return Percent{}, fmt.Errorf("%q is not a decimal number", text)
	}
	return Percent{number}, nil
}

// Float is the number for Terraform, nil for null.
func (p Percent) Float() *big.Float { return p.number }

// float64 is the number that the server calculates with.
func (p Percent) float64() float64 {
	if p.number == nil {
		return 0
	}
	f, _ := p.number.Float64()
	return f
}

// Exact tells whether the server can give the number back: whether the shortest decimal of its float64 is the number.
// 33.3 is, 100/3 is not.
func (p Percent) Exact() bool {
	if p.number == nil {
		return true
	}
	shortest, err := ParsePercent(fmt.Sprint(p.float64()))
	return err == nil && shortest.number.Cmp(p.number) == 0
}

// MarshalJSON writes the shortest decimal of the float64.
func (p Percent) MarshalJSON() ([]byte, error) {
	if p.number == nil {
		return []byte("null"), nil
	}
	return json.Marshal(p.float64())
}

// UnmarshalJSON keeps the decimal as it stands.
func (p *Percent) UnmarshalJSON(data []byte) (err error) {
	*p = Percent{}
	if string(data) == "null" {
		return nil
	}
	if strings.ContainsAny(string(data), `"[{tf`) {
		return errors.New("a percentage is a number")
	}
	*p, err = ParsePercent(string(data))
	return err
}

// Cmp compares two percentages; null is 0.
func (p Percent) Cmp(other Percent) int {
	a, b := p.number, other.number
	if a == nil {
		a = new(big.Float)
	}
	if b == nil {
		b = new(big.Float)
	}
	return a.Cmp(b)
}

// orderWeights orders weights so that the server, which adds them up as float64 in the order in which they are sent, does
// not find more than 100 where they are 100: 16.1 + 48.2 + 35.7 is, backwards it is not (observed on Flagsmith 2.265).
// Ascending mostly does; where it does not, other orders are tried. Weights that really exceed 100 stay ascending.
func orderWeights[T any](items []T, weight func(T) Percent) []T {
	ordered := slices.SortedStableFunc(slices.Values(items), func(a, b T) int { return weight(a).Cmp(weight(b)) })
	shares := make([]Percent, len(ordered))
	for i, item := range ordered {
		shares[i] = weight(item)
	}
	if TotalPercent(shares...).Cmp(big.NewRat(100, 1)) > 0 || accepted(ordered, weight) {
		return ordered
	}
	other := slices.Clone(ordered)
	slices.Reverse(other)
	random := rand.New(rand.NewPCG(1, 2)) // the same order on every run
	for range 1000 {
		if accepted(other, weight) {
			return other
		}
		random.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	}
	return ordered
}

func accepted[T any](items []T, weight func(T) Percent) bool {
	sum := 0.0
	for _, item := range items {
		sum += weight(item).float64()
	}
	return sum <= 100
}

// TotalPercent adds percentages up as the decimals they are: binary fractions of any length can make 100 of 16.1, 48.2 and
// 35.7 a little more or less than 100.
func TotalPercent(shares ...Percent) *big.Rat {
	total := new(big.Rat)
	for _, share := range shares {
		if share.number != nil {
			if decimal, ok := new(big.Rat).SetString(share.number.Text('g', -1)); ok {
				total.Add(total, decimal)
			}
		}
	}
	return total
}
