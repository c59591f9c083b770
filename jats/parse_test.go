package jats

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseDate(t *testing.T) {
	for in, want := range map[string]Date{
		"2020": {Date: "2020"}, "2020-01": {Date: "2020-01"}, "2020-01-05": {Date: "2020-01-05"}, "2020-01-05T10:00:00Z": {Date: "2020-01-05"},
		"2020-01-05 10:00:00": {Date: "2020-01-05"}, "20200105": {Date: "2020-01-05"}, "2020/01/05": {Date: "2020-01-05"}, "2020/1/5": {Date: "2020-01-05"}, "2020/01": {Date: "2020-01"},
		"05.01.2020": {Date: "2020-01-05"}, "5.1.2020": {Date: "2020-01-05"}, "2020 Jan 5": {Date: "2020-01-05"}, "2020 Jan": {Date: "2020-01"}, "January 5, 2020": {Date: "2020-01-05"},
		"5 января 2020 г.": {Date: "2020-01-05"}, "Jan. 2020": {Date: "2020-01"}, "5th of March 2020": {Date: "2020-03-05"}, "Spring 2020": {Date: "2020", Season: "Spring"},
		"2000 Spring": {Date: "2000", Season: "Spring"}, "2020 Jan-Feb": {Date: "2020", Season: "Jan-Feb"}, "31.02.2020": {Date: "2020-02"}, "2020-13-01": {Date: "2020"},
		"in press": {Text: "in press"}, "": {}, "5 6 2020": {Date: "2020", Text: "5 6 2020"}, "05/06/2020": {Date: "2020", Text: "05/06/2020"},
	} {
		assert.Equal(t, want, ParseDate(in), in)
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]Name{
		"Doe, Jo": {Surname: "Doe", GivenNames: "Jo"}, "Doe, Jr., Jo": {Surname: "Doe", GivenNames: "Jo", Suffix: "Jr."}, "Doe, Jo, III": {Surname: "Doe", GivenNames: "Jo", Suffix: "III"},
		"Jo Doe": {Full: "Jo Doe"}, "Doe,": {Surname: "Doe"}, "Doe, Jr.": {Full: "Doe, Jr."}, "A, B, C, D": {Full: "A, B, C, D"}, "van der  Berg, Jan": {Surname: "van der Berg", GivenNames: "Jan"},
	} {
		assert.Equal(t, want, ParseName(in), in)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2020 Jan 5")
	f.Add("Doe, Jo, Jr.")
	f.Fuzz(func(t *testing.T, s string) {
		if d := ParseDate(s); d.Date != "" {
			assert.Equal(t, d.Date, isoDate(d.Date))
		}
		ParseName(s)
		ParseLang(s)
	})
}
