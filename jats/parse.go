package jats

import (
	"regexp"
	"strconv"
	"strings"
)

// ParseLang makes a BCP 47 tag of what a source calls a language: "EN", "ru_RU", "eng", "English"; "" when it is none.
func ParseLang(s string) string {
	tag, _ := mendLang(strings.TrimSpace(s))
	return tag
}

// ParseMonth is the number of a month, 1 to 12, given as a number or by its name or a short form of it in a language that journals use; 0 when it is none.
func ParseMonth(s string) int { return monthOf(s) }

// ParseDate reads a date as people and formats write it ("2020-01-05", "2020/01/05", "05.01.2020", "2020 Jan 5", "January 5, 2020", "5 января 2020 г.",
// "Spring 2020", "2020"), to the precision that is sound. What has two readings ("05/06/2020") is cut to what they share. What cannot be read is Date.Text,
// so that nothing is lost; the caller adds Type and Format.
func ParseDate(s string) Date {
	s = strings.Join(strings.Fields(s), " ")
	if first, _, more := strings.Cut(s, " "); !more || len(first) >= len("2006-01-02") { // "2020 Jan 5" is none
		if d := isoDate(s); d != "" {
			return Date{Date: d}
		}
	}
	if m := dottedDate.FindStringSubmatch(s); m != nil {
		y, _ := strconv.Atoi(m[3])
		month, _ := strconv.Atoi(m[2])
		day, _ := strconv.Atoi(m[1])
		d, _ := makeDate(y, month, day)
		return Date{Date: d}
	}
	var year, month, day int
	var season []string
	twice := false
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '/' || r == '-' || r == '–' }) {
		n, err := strconv.Atoi(strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(word), "th"), "г."), "."))
		switch {
		case err == nil && len(word) >= 4 && n >= 1000 && n <= 9999 && year == 0:
			year = n
		case err == nil && year != 0 && month == 0 && n >= 1 && n <= 12 && strings.HasPrefix(s, strconv.Itoa(year)): // "2020/1/5"
			month = n
		case err == nil && day == 0 && n >= 1 && n <= 31:
			day = n
		case err != nil && monthOf(word) != 0:
			if month != 0 { // "Jan-Feb"
				season = append(season, word)
				continue
			}
			month = monthOf(word)
			season = append(season, word)
		case strings.TrimRight(strings.ToLower(word), ".") == "г" || strings.EqualFold(word, "of"):
		case err != nil && seasons[strings.ToLower(word)]:
			season = append(season, word, "")
		case err == nil && n >= 1 && n <= 31: // which of two is the month?
			twice = true
		default:
			return Date{Text: s}
		}
	}
	switch {
	case year != 0 && twice:
		return Date{Date: strconv.Itoa(year), Text: s}
	case year == 0:
		return Date{Text: s}
	case len(season) > 1: // a season, or a span of months
		return Date{Date: strconv.Itoa(year), Season: strings.Trim(strings.Join(season, "-"), "-")}
	case month == 0 && day != 0:
		return Date{Date: strconv.Itoa(year), Text: s}
	}
	d, _ := makeDate(year, month, day)
	return Date{Date: d}
}

var dottedDate = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})\.(\d{4})$`)

var seasons = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields("spring summer autumn fall winter весна лето осень зима") {
		m[s] = true
	}
	return m
}()

// ParseName reads a person's name as catalogues print it: "Surname, Given", "Surname, Suffix, Given" and "Surname, Given, Suffix". A name without a comma
// stays whole in Name.Full, because its parts would be a guess.
func ParseName(s string) Name {
	s = strings.Join(strings.Fields(s), " ")
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	switch {
	case len(parts) == 2 && parts[0] != "" && parts[1] != "" && !isSuffix(parts[1]):
		return Name{Surname: parts[0], GivenNames: parts[1]}
	case len(parts) == 2 && parts[1] == "":
		return Name{Surname: parts[0]}
	case len(parts) == 3 && parts[0] != "" && isSuffix(parts[1]) && parts[2] != "":
		return Name{Surname: parts[0], GivenNames: parts[2], Suffix: parts[1]}
	case len(parts) == 3 && parts[0] != "" && parts[1] != "" && isSuffix(parts[2]):
		return Name{Surname: parts[0], GivenNames: parts[1], Suffix: parts[2]}
	}
	return Name{Full: s}
}

func isSuffix(s string) bool {
	switch strings.TrimRight(strings.ToLower(s), ".") {
	case "jr", "sr", "ii", "iii", "iv", "v", "2nd", "3rd", "мл", "ст":
		return true
	}
	return false
}
