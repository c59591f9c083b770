package oai

import (
	"time"

	"sheaf/store"
)

// parseDatestamp reads a date or a time of seconds granularity, strictly: "2026-01-31" (then day is true, and the result is its
// first second) or "2026-01-31T23:59:59Z". The result is in seconds since 1970, UTC.
//
// Source: OAI-PMH 2.0 §3.3; ISO 8601:2004 "Complete representation".
func parseDatestamp(s string) (seconds int64, day, ok bool) {
	layout := "2006-01-02T15:04:05Z"
	if len(s) == len("2006-01-02") {
		layout, day = "2006-01-02", true
	}
	if len(s) != len(layout) { // Parse would take a fraction of a second
		return 0, false, false
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() == 0 || t.Format(layout) != s { // xs:date has no year 0000
		return 0, false, false
	}
	return t.Unix(), day, true
}

// appendDatestamp appends a time in seconds granularity: "2026-01-31T23:59:59Z". It is done for each record of a list, and takes a
// quarter of the time of AppendFormat.
func appendDatestamp(dst []byte, seconds int64) []byte {
	t := store.Time(seconds)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, time.RFC3339)
	}
	two := func(n int) (byte, byte) { return byte('0' + n/10), byte('0' + n%10) }
	c1, c2 := two(year / 100)
	y1, y2 := two(year % 100)
	m1, m2 := two(int(month))
	d1, d2 := two(day)
	h1, h2 := two(hour)
	n1, n2 := two(minute)
	s1, s2 := two(second)
	return append(dst, c1, c2, y1, y2, '-', m1, m2, '-', d1, d2, 'T', h1, h2, ':', n1, n2, ':', s1, s2, 'Z')
}
