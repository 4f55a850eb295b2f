package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// Value is the typed value of a feature: one of three, or none for the server's null.
//
// Its JSON is the plain scalar that /environments/{key}/featurestates/ takes and gives; Typed is the other form. Floats
// do not exist: the server turns 1.5 into "1.5", and so does reading one. Strings lose surrounding white space, and
// integers have 32 bits.
type Value struct {
	String  *string
	Integer *int64
	Boolean *bool
}

func (v Value) scalar() any {
	switch {
	case v.String != nil:
		return *v.String
	case v.Integer != nil:
		return *v.Integer
	case v.Boolean != nil:
		return *v.Boolean
	}
	return nil
}

// MarshalJSON writes the scalar.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.scalar()) }

// UnmarshalJSON reads a scalar or the typed object.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	if bytes.HasPrefix(data, []byte("{")) {
		var typed TypedValue
		if err := json.Unmarshal(data, &typed); err != nil {
			return err
		}
		*v = typed.Value()
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var scalar any
	if err := decoder.Decode(&scalar); err != nil {
		return err
	}
	switch scalar := scalar.(type) {
	case nil:
	case string:
		v.String = &scalar
	case bool:
		v.Boolean = &scalar
	case json.Number:
		if integer, err := strconv.ParseInt(scalar.String(), 10, 64); err == nil {
			v.Integer = &integer
		} else {
			v.String = new(scalar.String())
		}
	default:
		return errors.New("a feature's value is a string, an integer, a boolean or null")
	}
	return nil
}

// Equal compares type and value.
func (v Value) Equal(other Value) bool { return v.scalar() == other.scalar() }

// Text is the value as text, the way option names and initial values show it; "" for null.
func (v Value) Text() string {
	switch {
	case v.String != nil:
		return *v.String
	case v.Integer != nil:
		return strconv.FormatInt(*v.Integer, 10)
	case v.Boolean != nil:
		return strconv.FormatBool(*v.Boolean)
	}
	return ""
}

// TypedValue is a value as an object with a column for each type, as /features/featurestates/, versions and multivariate
// options have it. Columns are independent on the server: one that is left out keeps what an earlier type left there, so
// all of them are always written.
type TypedValue struct {
	Type         string  `json:"type"` // unicode, int or bool
	StringValue  *string `json:"string_value"`
	IntegerValue *int64  `json:"integer_value"`
	BooleanValue *bool   `json:"boolean_value"`
}

// Typed is the value with its type; null is a string that is null.
func (v Value) Typed() TypedValue {
	switch {
	case v.String != nil:
		return TypedValue{Type: "unicode", StringValue: v.String}
	case v.Integer != nil:
		return TypedValue{Type: "int", IntegerValue: v.Integer}
	case v.Boolean != nil:
		return TypedValue{Type: "bool", BooleanValue: v.Boolean}
	}
	return TypedValue{Type: "unicode"}
}

// Value is the column that the type names; the others may hold leftovers.
func (t TypedValue) Value() Value {
	switch t.Type {
	case "int":
		return Value{Integer: t.IntegerValue}
	case "bool":
		return Value{Boolean: t.BooleanValue}
	}
	return Value{String: t.StringValue}
}
