package show

import "regexp"

var northAmerican = regexp.MustCompile(`^\+1(\d{3})(\d{3})(\d{4})$`)

// Number is a phone number as a person reads it: +1 415 555 0134. Any that is
// not of North America stays as it came.
func Number(n string) string {
	return northAmerican.ReplaceAllString(Clean(n), "+1 $1 $2 $3")
}
