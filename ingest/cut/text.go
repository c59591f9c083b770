package cut

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// Text makes UTF-8 of text in any encoding that these files come in: by its byte order mark; UTF-16 without one by its zero bytes; UTF-8 when it is valid; else
// GB18030, Windows-1251, KOI8-R or Windows-1252, whichever the bytes look like where UTF-8 first fails. Where UTF-8 was seen to be right before, a wrong byte is
// damage and becomes U+FFFD.
func Text(r io.Reader) io.Reader {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReaderSize(r, 64<<10)
	}
	head, _ := br.Peek(1024)
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		br.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		enc = utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	default:
		if order, ok := BareUTF16(head); ok {
			enc = unicode.UTF16(order, unicode.IgnoreBOM)
		}
	}
	if enc != nil {
		return transform.NewReader(br, enc.NewDecoder())
	}
	return transform.NewReader(br, new(guess))
}

// BareUTF16 tells UTF-16 without a byte order mark by the zero byte that every Latin letter, blank and line end has in it.
func BareUTF16(head []byte) (unicode.Endianness, bool) {
	var even, odd int
	for i, b := range head {
		if b == 0 && i%2 == 0 {
			even++
		} else if b == 0 {
			odd++
		}
	}
	switch {
	case even > len(head)/20 && odd == 0:
		return unicode.BigEndian, true
	case odd > len(head)/20 && even == 0:
		return unicode.LittleEndian, true
	}
	return unicode.BigEndian, false
}

// A guess passes UTF-8 on until it fails, and then decides what the text is.
type guess struct {
	wide    bool // valid UTF-8 beyond ASCII was seen: the text is UTF-8
	decoder transform.Transformer
}

// sample is how many bytes are looked at to tell an encoding.
const sample = 2048

func (g *guess) Reset() { *g = guess{} }

func (g *guess) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	if g.decoder != nil {
		return g.decoder.Transform(dst, src, atEOF)
	}
	for nSrc < len(src) {
		room := min(len(src)-nSrc, len(dst)-nDst-utf8.UTFMax+1)
		if room <= 0 {
			return nDst, nSrc, transform.ErrShortDst
		}
		if n := ascii(src[nSrc : nSrc+room]); n > 0 {
			nDst += copy(dst[nDst:], src[nSrc:nSrc+n])
			nSrc += n
			continue
		}
		r, n := utf8.DecodeRune(src[nSrc:])
		if r != utf8.RuneError || n > 1 {
			g.wide = true
			nDst += copy(dst[nDst:], src[nSrc:nSrc+n])
			nSrc += n
			continue
		}
		if !atEOF && (!utf8.FullRune(src[nSrc:]) || !g.wide && nSrc > 0 && len(src)-nSrc < sample) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		if !g.wide {
			g.decoder = looksLike(src[nSrc:]).NewDecoder()
			d, s, err := g.decoder.Transform(dst[nDst:], src[nSrc:], atEOF)
			return nDst + d, nSrc + s, err
		}
		nDst += utf8.EncodeRune(dst[nDst:], utf8.RuneError)
		nSrc++
	}
	return nDst, nSrc, nil
}

// ascii is how many bytes of text are of ASCII before the first that is not.
func ascii(text []byte) int {
	for i, b := range text {
		if b >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// looksLike tells the encoding of text that is no UTF-8.
func looksLike(text []byte) encoding.Encoding {
	text = text[:min(len(text), sample)]
	var runs, high, lower, upper, han int
	for i := 0; i < len(text); {
		if text[i] < 0x80 {
			i++
			continue
		}
		runs++
		for begin := i; i < len(text) && text[i] >= 0x80; i++ {
			high++
			switch c := text[i]; {
			case c >= 0xe0:
				lower++ // in Windows-1251; in KOI8-R these are capitals
			case c >= 0xc0:
				upper++
			}
			if (i-begin)%2 == 0 && text[i] >= 0xb0 && text[i] <= 0xd7 { // the first bytes of the common Chinese characters
				han++
			}
		}
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	broken := bytes.Count(decoded, []byte("\uFFFD"))
	switch {
	case err == nil && broken <= 1 && han*2 > high/2 && high > runs*2: // one: the sample may end inside a character
		return simplifiedchinese.GB18030
	case high < runs*2: // letters with marks among ASCII ones
		return charmap.Windows1252
	case lower >= upper:
		return charmap.Windows1251
	}
	return charmap.KOI8R
}

// Lines reads text by lines of bounded length.
type Lines struct {
	r *bufio.Reader
	N int // of the line that Next gave last, 1-based
}

// NewLines reads the lines of r, which is decoded by [Text].
func NewLines(r io.Reader) *Lines { return &Lines{r: bufio.NewReaderSize(Text(r), 64<<10)} }

// ErrLine is a line longer than MaxRecord.
var ErrLine = errors.New("cut: a line of more than 16 MiB")

// Next returns the next line without its end (LF or CR LF), good until the next call; io.EOF after the last. Of a line longer than MaxRecord it
// returns the beginning and ErrLine; the next call goes on at the line after it.
func (l *Lines) Next() ([]byte, error) {
	l.N++
	part, err := l.r.ReadSlice('\n')
	if err == nil {
		return bytes.TrimRight(part, "\r\n"), nil
	}
	var line []byte
	over := false
	for {
		if over = over || len(line)+len(part) > MaxRecord; !over {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			part, err = l.r.ReadSlice('\n')
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return nil, err
		case over:
			return line[:min(len(line), 100)], ErrLine
		}
		return bytes.TrimRight(line, "\r\n"), nil
	}
}
