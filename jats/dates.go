package jats

import (
	"strconv"
	"strings"
)

// months are the names of months in the languages that journals use, in lower case and without a full stop.
var months = func() map[string]int {
	m := map[string]int{}
	for _, names := range []string{
		"january february march april may june july august september october november december",
		"jan feb mar apr may jun jul aug sep oct nov dec",
		"января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
		"январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
		"янв фев мар апр май июн июл авг сен окт ноя дек",
		"січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
		"janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"januar februar märz april mai juni juli august september oktober november dezember",
		"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
		"ene feb mar abr may jun jul ago set oct nov dic",
		"jan fev mar abr mai jun jul ago set out nov dez",
		"gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
		"ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
		"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
		"ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
	} {
		for i, n := range strings.Fields(names) {
			if _, ok := m[n]; !ok {
				m[n] = i + 1
			}
		}
	}
	m["sept"], m["сент"], m["нояб"], m["февр"] = 9, 9, 11, 2
	// "listopada" is November in Polish, and "листопада" in Ukrainian.
	return m
}()

// monthOf is the number of a month given as number or name, or 0.
func monthOf(s string) int {
	s = strings.TrimSpace(s)
	if n, err := strconv.Atoi(s); err == nil {
		if n >= 1 && n <= 12 {
			return n
		}
		return 0
	}
	s = strings.ToLower(strings.TrimRight(s, ". "))
	if n := months[s]; n != 0 {
		return n
	}
	if n, err := strconv.Atoi(strings.TrimRight(s, "月월")); err == nil && n >= 1 && n <= 12 {
		return n
	}
	return 0
}

// yearOf is the year that s begins with or, in brackets or after a letter ("c2001"), holds; rest tells that s says more than the year.
func yearOf(s string) (year string, rest bool) {
	s = strings.TrimSpace(s)
	for i := 0; i+4 <= len(s); i++ {
		if !digits(s[i:i+4]) || i > 0 && s[i-1] >= '0' && s[i-1] <= '9' || i+4 < len(s) && s[i+4] >= '0' && s[i+4] <= '9' {
			continue
		}
		if y := s[i : i+4]; y != "0000" {
			return y, len(s) != 4
		}
	}
	return "", s != ""
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isLeap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// daysIn is the number of days of a month, 1 to 12.
func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	}
	return 31
}

// makeDate makes "2006", "2006-01" or "2006-01-02" of numbers, to the precision that is sound; cut tells that something was left away. year is 1 to 9999.
func makeDate(year, month, day int) (date string, cut bool) {
	if year < 1 || year > 9999 {
		return "", true
	}
	b := make([]byte, 0, 10)
	b = append(b, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10))
	if month == 0 {
		return string(b), day != 0
	}
	if month < 0 || month > 12 {
		return string(b), true
	}
	b = append(b, '-', byte('0'+month/10), byte('0'+month%10))
	if day == 0 {
		return string(b), false
	}
	if day < 0 || day > daysIn(year, month) {
		return string(b), true
	}
	b = append(b, '-', byte('0'+day/10), byte('0'+day%10))
	return string(b), false
}

// isoDate is the date that an ISO 8601 text begins with, cut to the precision that is sound, or "".
//
// Source: ISO 8601-1 §5.2 (calendar dates, complete and reduced).
func isoDate(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 8 && digits(s[:8]) && (len(s) == 8 || s[8] == 'T') {
		s = s[:4] + "-" + s[4:6] + "-" + s[6:8]
	}
	if i := strings.IndexAny(s, "T "); i > 0 {
		s = s[:i]
	}
	if len(s) < 4 || !digits(s[:4]) || len(s) > 4 && s[4] != '-' {
		return ""
	}
	y, _ := strconv.Atoi(s[:4])
	m, d := 0, 0
	if len(s) >= 7 && digits(s[5:7]) && (len(s) == 7 || s[7] == '-') {
		m, _ = strconv.Atoi(s[5:7])
		if m == 0 {
			m = -1
		}
		if len(s) == 10 && digits(s[8:10]) {
			d, _ = strconv.Atoi(s[8:10])
			if d == 0 {
				d = -1
			}
		}
	} else if len(s) != 4 && len(s) != 5 {
		m = -1
	}
	date, _ := makeDate(y, m, d)
	return date
}
