package api

import (
	"encoding/json"
	"testing"
)

func TestValueJSON(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		json  string
		value Value
		typed string
		text  string
	}{
		"null":    {`null`, Value{}, `{"type":"unicode","string_value":null,"integer_value":null,"boolean_value":null}`, ""},
		"string":  {`"5"`, Value{String: new("5")}, `{"type":"unicode","string_value":"5","integer_value":null,"boolean_value":null}`, "5"},
		"empty":   {`""`, Value{String: new("")}, `{"type":"unicode","string_value":"","integer_value":null,"boolean_value":null}`, ""},
		"integer": {`0`, Value{Integer: new(int64(0))}, `{"type":"int","string_value":null,"integer_value":0,"boolean_value":null}`, "0"},
		"boolean": {`false`, Value{Boolean: new(false)}, `{"type":"bool","string_value":null,"integer_value":null,"boolean_value":false}`, "false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := json.Marshal(test.value); string(got) != test.json || err != nil {
				t.Errorf("%s, %v", got, err)
			}
			if got, err := json.Marshal(test.value.Typed()); string(got) != test.typed || err != nil {
				t.Errorf("%s, %v", got, err)
			}
			for _, form := range []string{test.json, test.typed} {
				value := Value{String: new("before")}
				if err := json.Unmarshal([]byte(form), &value); err != nil || !value.Equal(test.value) {
					t.Errorf("%s is %+v, %v", form, value, err)
				}
			}
			if got := test.value.Text(); got != test.text {
				t.Errorf("text %q", got)
			}
		})
	}
}

func TestValueOddities(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Value{
		`1.5`:                  {String: new("1.5")}, // no server sends it, none may crash us
		`99999999999999999999`: {String: new("99999999999999999999")},
		// What an earlier type left behind counts for nothing.
		`{"type":"int","string_value":"iv","integer_value":3,"boolean_value":true}`:     {Integer: new(int64(3))},
		`{"type":"bool","string_value":"iv","integer_value":null,"boolean_value":true}`: {Boolean: new(true)},
		`{"type":"unicode","string_value":null,"integer_value":3}`:                      {},
	} {
		var value Value
		if err := json.Unmarshal([]byte(text), &value); err != nil || !value.Equal(want) {
			t.Errorf("%s is %+v, %v", text, value, err)
		}
	}
	for _, text := range []string{`[1]`, `{"type":3}`} {
		var value Value
		if err := json.Unmarshal([]byte(text), &value); err == nil {
			t.Errorf("%s is %+v", text, value)
		}
	}
	var value Value
	if err := value.UnmarshalJSON([]byte("nul")); err == nil {
		t.Error(value)
	}
	if (Value{String: new("1")}).Equal(Value{Integer: new(int64(1))}) {
		t.Error("the type is part of the value")
	}
}
