package jats

import (
	"strings"
)

// mendLang makes a BCP 47 tag of what a source says ("EN", "ru_RU", "eng", "zh-hans-CN"), in the usual case of its subtags. ok is false when the source's spelling
// was not that tag already; a text that is no language tag at all gives "".
//
// Source: RFC 5646 §2.1 and §2.1.1.
func mendLang(s string) (tag string, ok bool) {
	if s == "" {
		return "", true
	}
	if len(s) == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z' {
		return s, true
	}
	parts := strings.Split(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"), "-")
	if l := strings.ToLower(parts[0]); langNames[l] != "" && len(parts) == 1 {
		return langNames[l], false
	}
	extension := false
	for i, p := range parts {
		if len(p) == 0 || len(p) > 8 {
			return "", false
		}
		for j := 0; j < len(p); j++ {
			if c := p[j] | 0x20; !(c >= 'a' && c <= 'z') && !(i > 0 && p[j] >= '0' && p[j] <= '9') {
				return "", false
			}
		}
		p = strings.ToLower(p)
		switch {
		case i == 0:
			if p == "x" {
				extension = true
				break
			}
			if len(p) < 2 || len(p) > 3 {
				return "", false
			}
			if two := iso639[p]; two != "" {
				p = two
			}
		case extension:
		case len(p) == 1:
			extension = true
		case len(p) == 4 && p[0] > '9':
			p = strings.ToUpper(p[:1]) + p[1:]
		case len(p) == 2:
			p = strings.ToUpper(p)
		}
		parts[i] = p
	}
	if last := parts[len(parts)-1]; len(last) == 1 && len(parts) > 0 {
		return "", false
	}
	tag = strings.Join(parts, "-")
	if tag == "und" {
		return "", false
	}
	return tag, tag == s
}

// iso639 gives the shortest code, which BCP 47 demands, of languages that sources name by three letters (ISO 639-2/T and /B).
var iso639 = pairs(`ara ar aze az bel be bul bg cat ca ces cs cze cs cym cy wel cy dan da deu de ger de ell el gre el eng en est et eus eu baq eu fas fa per fa fin fi fra fr fre fr
	gle ga glg gl heb he hin hi hrv hr hun hu hye hy arm hy ind id isl is ice is ita it jpn ja kat ka geo ka kaz kk kir ky kor ko lat la lav lv lit lt mkd mk mac mk mon mn msa ms may ms
	nld nl dut nl nob nb nno nn nor no pol pl por pt ron ro rum ro rus ru slk sk slo sk slv sl spa es sqi sq alb sq srp sr swe sv tam ta tat tt tel te tgk tg tha th tuk tk tur tr ukr uk urd ur uzb uz vie vi zho zh chi zh`)

// langNames are languages by their English names.
var langNames = pairs(`english en russian ru german de french fr spanish es italian it portuguese pt chinese zh japanese ja korean ko arabic ar polish pl turkish tr ukrainian uk`)

func pairs(list string) map[string]string {
	f := strings.Fields(list)
	m := make(map[string]string, len(f)/2)
	for i := 0; i+1 < len(f); i += 2 {
		m[f[i]] = f[i+1]
	}
	return m
}
