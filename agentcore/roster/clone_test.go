package roster

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
)

// full sets every field of v, so that one which Clone forgets is noticed.
func full(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		full(v.Elem())
	case reflect.Struct:
		for _, f := range v.Fields() {
			full(f)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a":1}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 3))
		full(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		full(e)
		v.SetMapIndex(reflect.ValueOf("name"), e)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"list": []any{map[string]any{"deep": 1.0}, nil}, "null": nil}))
	case reflect.String:
		v.SetString("text")
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(fmt.Sprint("no value of ", v.Type()))
	}
}

// shared adds the addresses of all that can be changed through v.
func shared(v reflect.Value, path string, at map[uintptr]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*time.Location]() {
			at[v.Pointer()] = path
			shared(v.Elem(), path, at)
		}
	case reflect.Struct:
		for f, field := range v.Fields() {
			shared(field, path+"."+f.Name, at)
		}
	case reflect.Slice:
		if v.Cap() > 0 {
			at[v.Pointer()] = path
		}
		for i := range v.Len() {
			shared(v.Index(i), path+"[]", at)
		}
	case reflect.Map:
		if !v.IsNil() {
			at[v.Pointer()] = path
		}
		for _, k := range v.MapKeys() {
			shared(v.MapIndex(k), path+"{}", at)
		}
	case reflect.Interface:
		if !v.IsNil() {
			shared(v.Elem(), path, at)
		}
	}
}

func TestACloneSharesNothing(t *testing.T) {
	var d Definition
	full(reflect.ValueOf(&d).Elem())
	c := d.Clone()
	if !reflect.DeepEqual(c, d) {
		t.Fatalf("Clone() = %+v, want %+v", c, d)
	}
	ours, theirs := map[uintptr]string{}, map[uintptr]string{}
	shared(reflect.ValueOf(d), "d", ours)
	shared(reflect.ValueOf(c), "d", theirs)
	if len(ours) < 20 {
		t.Fatalf("%d places found in a full definition", len(ours))
	}
	for at, path := range ours {
		if _, both := theirs[at]; both {
			t.Errorf("%s is shared with the clone", path)
		}
	}
}

func TestACloneOfNothingIsNothing(t *testing.T) {
	if c := (Definition{}).Clone(); !reflect.DeepEqual(c, Definition{}) {
		t.Errorf("Clone() = %+v", c)
	}
}
