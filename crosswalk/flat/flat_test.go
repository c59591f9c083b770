package flat_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sheaf/crosswalk/flat"
)

func TestLanguageCodes(t *testing.T) {
	for tag, want := range map[string]string{"en": "eng", "en-US": "eng", "ru-Latn": "rus", "de": "deu", "ger": "deu", "cs": "ces", "zh": "zho", "ja": "jpn", "ar": "ara", "fa": "fas", "he": "heb", "no": "nor",
		"nb": "nob", "tt": "tat", "kk": "kaz", "tyv": "tyv", "EN": "eng", "": "", "x-klingon": "", "english": "", "q9": ""} {
		assert.Equal(t, want, flat.ISO3(tag), tag)
	}
}
