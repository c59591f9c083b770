package bibtex

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sheaf/ingest/ris/refman"
	"sheaf/jats"
)

// accents are the commands that put a mark on the next letter, and the combining character that they are.
var accents = map[string]rune{
	"`": 0x300, "'": 0x301, "^": 0x302, "~": 0x303, `"`: 0x308, "=": 0x304, ".": 0x307,
	"u": 0x306, "v": 0x30C, "H": 0x30B, "c": 0x327, "k": 0x328, "d": 0x323, "b": 0x331, "r": 0x30A, "t": 0x361, "C": 0x30F, "h": 0x309, "textcommabelow": 0x326,
}

// mathAccents are those inside of formulas.
var mathAccents = map[string]rune{"bar": 0x304, "overline": 0x305, "hat": 0x302, "tilde": 0x303, "dot": 0x307, "ddot": 0x308, "vec": 0x20D7, "check": 0x30C, "acute": 0x301, "grave": 0x300, "breve": 0x306}

// functions are commands of formulas that print their own names, upright those that only say how to print.
var (
	functions = map[string]bool{"sin": true, "cos": true, "tan": true, "log": true, "ln": true, "exp": true, "max": true, "min": true}
	upright   = map[string]bool{"mathrm": true, "rm": true, "text": true, "textrm": true, "mbox": true, "hbox": true, "operatorname": true, "mathsf": true, "left": true, "right": true, "displaystyle": true}
)

// symbols are commands that stand for text.
var symbols = func() map[string]string {
	m := map[string]string{}
	f := strings.Fields(`ss ß SS ẞ o ø O Ø l ł L Ł ae æ AE Æ oe œ OE Œ aa å AA Å i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ S § P ¶ copyright © textcopyright © pounds £ textsterling £
		texteuro € euro € EUR € textyen ¥ textregistered ® texttrademark ™ textendash – textemdash — textquoteright ’ textquoteleft ‘ textquotedblleft “ textquotedblright ” textquotedbl " textquotesingle '
		guillemotleft « guillemotright » guilsinglleft ‹ guilsinglright › quotedblbase „ quotesinglbase ‚ glqq „ grqq “ flqq « frqq » glq ‚ grq ‘ ldots … dots … textellipsis … textdegree ° degree ° textmu μ textperiodcentered ·
		textbullet • textordfeminine ª textordmasculine º textexclamdown ¡ textquestiondown ¿ textbackslash \ textasciitilde ~ textasciicircum ^ textunderscore _ textgreater > textbar | textdollar $ textnumero № No № numero №
		textbraceleft { textbraceright } lbrace { rbrace } backslash \ slash / textperthousand ‰ textonehalf ½ textonequarter ¼ textthreequarters ¾ textpm ± texttimes × textdiv ÷ textsection § textparagraph ¶ dag † ddag ‡
		LaTeX LaTeX TeX TeX BibTeX BibTeX LaTeXe LaTeX2e textasteriskcentered * textsurd √ textmho ℧ textohm Ω textcelsius ℃ textonesuperior ¹ texttwosuperior ² textthreesuperior ³
		alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω
		Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
		textalpha α textbeta β textgamma γ textdelta δ
		times × pm ± mp ∓ cdot · cdots ⋯ ast ∗ star ⋆ circ ° bullet • div ÷ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝ ll ≪ gg ≫ lesssim ≲ gtrsim ≳ infty ∞ partial ∂ nabla ∇ in ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆
		supset ⊃ cup ∪ cap ∩ emptyset ∅ forall ∀ exists ∃ neg ¬ wedge ∧ vee ∨ oplus ⊕ otimes ⊗ perp ⊥ parallel ∥ angle ∠ prime ′ ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ
		rightarrow → to → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ uparrow ↑ downarrow ↓ mapsto ↦ longrightarrow ⟶ langle ⟨ rangle ⟩ lvert | rvert | vert | mid ∣ dagger † ddagger ‡
		lbrack [ rbrack ] colon :`)
	for i := 0; i+1 < len(f); i += 2 {
		m[f[i]] = f[i+1]
	}
	m["newline"], m["space"], m["quad"], m["qquad"], m["thinspace"], m["enspace"], m["textvisiblespace"] = " ", " ", " ", " ", " ", " ", " "
	// The letters of the font encoding T2A.
	cyr := strings.Fields(`a а b б v в g г d д e е yo ё zh ж z з i и ishrt й k к l л m м n н o о p п r р s с t т u у f ф h х c ц ch ч sh ш shch щ hrdsn ъ ery ы sftsn ь erev э yu ю ya я ie є ii і yi ї gup ґ ushrt ў`)
	for i := 0; i+1 < len(cyr); i += 2 {
		m["cyr"+cyr[i]], m["CYR"+strings.ToUpper(cyr[i])] = cyr[i+1], strings.ToUpper(cyr[i+1])
	}
	return m
}()

// styles are commands whose argument is marked, and those that mark the rest of their group.
var styles = map[string]string{
	"emph": "italic", "textit": "italic", "textsl": "italic", "mkbibemph": "italic", "mathit": "italic", "textbf": "bold", "mathbf": "bold", "mkbibbold": "bold", "boldsymbol": "bold", "textsc": "sc",
	"texttt": "monospace", "underline": "underline", "uline": "underline", "textsuperscript": "sup", "mkbibsuperscript": "sup", "textsubscript": "sub", "mkbibsubscript": "sub",
}

var switches = map[string]string{"em": "italic", "it": "italic", "itshape": "italic", "sl": "italic", "bf": "bold", "bfseries": "bold", "sc": "sc", "scshape": "sc", "tt": "monospace", "ttfamily": "monospace"}

// silent are commands that go with their argument: it is not to be printed.
var silent = map[string]bool{"noopsort": true, "cite": true, "citep": true, "citet": true, "label": true, "ref": true, "index": true, "vspace": true, "hspace": true, "usepackage": true, "bibinfo": true, "color": true, "textcolor": true}

// maxGroups bounds groups inside each other; deeper ones are read as text.
const maxGroups = 100

// maxFormula bounds a formula, in bytes.
const maxFormula = 10_000

// A converter makes text or markup of TeX.
type converter struct {
	out    []byte
	markup bool
	depth  int
	broken bool // it holds a formula that only TeX can show
}

// rich makes rich text of TeX. HTML in it, which exports leave behind, is read too.
func rich(s string, kind jats.MarkupKind) (jats.Rich, []jats.Warning) {
	s = oneSpace(s)
	if strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0 {
		s = html.UnescapeString(strings.ReplaceAll(s, `\&`, "&"))
		s = strings.ReplaceAll(s, "&", `\&`)
	}
	if !strings.ContainsAny(s, "\\{}$~`'-<&>\"") {
		return refman.Text(s, kind)
	}
	c := converter{markup: true}
	c.text(s, "")
	return refman.Text(string(c.out), kind)
}

// plain makes text of TeX.
func plain(s string) string {
	s = oneSpace(s)
	if strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0 {
		s = html.UnescapeString(strings.ReplaceAll(s, `\&`, "&"))
	}
	if !strings.ContainsAny(s, "\\{}$~`'-") {
		return s
	}
	c := converter{}
	c.text(s, "")
	return strings.TrimSpace(string(c.out))
}

// verbatim takes what is no TeX, an address or a number, out of the braces and escapes that it may have all the same.
func verbatim(s string) string {
	s = refman.Collapse(s)
	if inner, ok := strings.CutPrefix(s, `\url{`); ok {
		s = strings.TrimSuffix(inner, "}")
	}
	if !strings.ContainsAny(s, `\{}`) {
		return s
	}
	return strings.NewReplacer(`\_`, "_", `\%`, "%", `\&`, "&", `\#`, "#", `\~{}`, "~", `{\textasciitilde}`, "~", `\textasciitilde`, "~", `{\_}`, "_", `{\%}`, "%", "{", "", "}", "", `\`, "").Replace(s)
}

// oneSpace folds white space, but a blank line stays a blank: fields have no paragraphs. See paragraphs for abstracts.
func oneSpace(s string) string { return refman.Collapse(s) }

// letters appends text; of markup '&' and '>' are escaped, and '<' is left for the reading of HTML.
func (c *converter) letters(s string) {
	if !c.markup {
		c.out = append(c.out, s...)
		return
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			c.out = append(c.out, "&amp;"...)
		default:
			c.out = append(c.out, s[i])
		}
	}
}

// less writes a '<' that begins no tag.
func (c *converter) less() {
	if c.markup {
		c.out = append(c.out, "&lt;"...)
	} else {
		c.out = append(c.out, '<')
	}
}

func (c *converter) open(tag string) {
	if c.markup {
		c.out = append(append(append(c.out, '<'), tag...), '>')
	}
}

func (c *converter) close(tag string) {
	if c.markup {
		c.out = append(append(append(c.out, "</"...), tag...), '>')
	}
}

// text converts s, the inside of a group. style is what the group around it is marked with already.
func (c *converter) text(s, style string) {
	if c.depth++; c.depth > maxGroups {
		c.letters(strings.NewReplacer("{", "", "}", "", `\`, "").Replace(s))
		c.depth--
		return
	}
	var opened []string // by switches
	for i := 0; i < len(s); {
		switch b := s[i]; {
		case b == '\\':
			var tag string
			i, tag = c.command(s, i+1)
			if tag != "" && tag != style {
				c.open(tag)
				opened = append(opened, tag)
			}
		case b == '{':
			end := group(s, i)
			c.text(s[i+1:end], style)
			i = min(end+1, len(s))
		case b == '}':
			i++
		case b == '$':
			i = c.math(s, i)
		case b == '~':
			if c.markup {
				c.letters("\u00A0")
			} else {
				c.letters(" ")
			}
			i++
		case strings.HasPrefix(s[i:], "---"):
			c.letters("—")
			i += 3
		case strings.HasPrefix(s[i:], "--"):
			c.letters("–")
			i += 2
		case strings.HasPrefix(s[i:], "``"):
			c.letters("“")
			i += 2
		case strings.HasPrefix(s[i:], "''"):
			c.letters("”")
			i += 2
		case b == '`':
			c.letters("‘")
			i++
		default:
			j := i + 1
			for j < len(s) && !special[s[j]] {
				j++
			}
			c.letters(s[i:j])
			i = j
		}
	}
	for i := len(opened) - 1; i >= 0; i-- {
		c.close(opened[i])
	}
	c.depth--
}

var special = func() (t [256]bool) {
	for _, b := range []byte("\\{}$~-`'") {
		t[b] = true
	}
	return
}()

// group returns where the brace that opens at i is closed; len(s) if it is not.
func group(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// argument returns the argument that begins at i, after blanks: a group, a command, or one character; and where it ends.
func argument(s string, i int) (arg string, end int) {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	switch {
	case i >= len(s):
		return "", len(s)
	case s[i] == '{':
		end := group(s, i)
		return s[i+1 : end], min(end+1, len(s))
	case s[i] == '\\':
		j := i + 1
		for j < len(s) && isLetter(s[j]) {
			j++
		}
		if j == i+1 && j < len(s) {
			_, n := utf8.DecodeRuneInString(s[j:])
			j += n
		}
		return s[i:j], j
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return s[i : i+n], i + n
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

// command converts the command whose name begins at i, and returns where to go on. tag is what the rest of the group is marked with from here on.
func (c *converter) command(s string, i int) (end int, tag string) {
	j := i
	for j < len(s) && isLetter(s[j]) {
		j++
	}
	if j == i { // one character
		if i == len(s) {
			return i, ""
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		name := s[i : i+n]
		if mark := accents[name]; mark != 0 {
			return c.accent(s, i+n, mark), ""
		}
		switch name {
		case " ", ",", ":", ";", `\`, "\n":
			c.letters(" ")
		case "(", "[":
			closing := `\)`
			if name == "[" {
				closing = `\]`
			}
			if k := strings.Index(s[i+1:min(len(s), i+maxFormula)], closing); k >= 0 {
				c.formula(s[i+1 : i+1+k])
				return i + 1 + k + 2, ""
			}
		case "!", "/", "-", "@", ")", "]":
		default:
			c.letters(name)
		}
		return i + n, ""
	}
	name := s[i:j]
	if j < len(s) && s[j] == '*' {
		j++
	}
	if mark := accents[name]; mark != 0 {
		return c.accent(s, j, mark), ""
	}
	next := j // a command eats the blanks behind it
	for next < len(s) && s[next] == ' ' {
		next++
	}
	if text, ok := symbols[name]; ok || name == "textless" {
		if c.letters(text); !ok {
			c.less()
		}
		if strings.HasPrefix(s[next:], "{}") {
			next += 2
		}
		return next, ""
	}
	if t := switches[name]; t != "" {
		return next, t
	}
	switch {
	case styles[name] != "":
		arg, end := argument(s, j)
		c.open(styles[name])
		c.text(arg, styles[name])
		c.close(styles[name])
		return end, ""
	case silent[name]:
		_, end := argument(s, j)
		return end, ""
	case name == "url" || name == "path" || name == "nolinkurl":
		arg, end := argument(s, j)
		c.letters(verbatim(arg))
		return end, ""
	case name == "href":
		arg, end := argument(s, j)
		text, end := argument(s, end)
		if c.markup {
			c.out = append(c.out, `<a href="`+html.EscapeString(verbatim(arg))+`">`...)
			c.text(text, "")
			c.out = append(c.out, "</a>"...)
		} else {
			c.text(text, "")
		}
		return end, ""
	case name == "ensuremath":
		arg, end := argument(s, j)
		c.formula(arg)
		return end, ""
	case name == "char" && j < len(s):
		return next, ""
	}
	return next, "" // a command that says nothing: what it is given stays
}

// accent puts a mark on the first letter of the next argument.
func (c *converter) accent(s string, i int, mark rune) int {
	arg, end := argument(s, i)
	base := converter{depth: c.depth}
	base.text(arg, "")
	letter := string(base.out)
	switch letter { // the dotless ones are only there to carry a mark
	case "ı":
		letter = "i"
	case "ȷ":
		letter = "j"
	}
	if letter == "" {
		switch mark {
		case accents["~"]:
			c.letters("~")
		case accents["^"]:
			c.letters("^")
		}
		return end
	}
	r, n := utf8.DecodeRuneInString(letter)
	if unicode.IsLetter(r) {
		c.letters(norm.NFC.String(string(r)+string(mark)) + letter[n:])
	} else {
		c.letters(letter)
	}
	return end
}

// math converts the formula that '$' begins at i, and returns where to go on; a '$' with no partner is a dollar.
func (c *converter) math(s string, i int) int {
	dollars := "$"
	if strings.HasPrefix(s[i:], "$$") {
		dollars = "$$"
	}
	from := i + len(dollars)
	for k := from; k < min(len(s), from+maxFormula); k++ {
		if s[k] == '\\' {
			k++
			continue
		}
		if strings.HasPrefix(s[k:], dollars) {
			c.formula(s[from:k])
			return k + len(dollars)
		}
	}
	c.letters(dollars)
	return from
}

// formula writes a formula as text with sub- and superscripts where that says all, else as TeX.
func (c *converter) formula(tex string) {
	if strings.TrimSpace(tex) == "" {
		return
	}
	m := converter{markup: c.markup, depth: c.depth}
	m.formulaText(tex)
	if !m.broken && m.depth <= maxGroups {
		c.out = append(c.out, m.out...)
		return
	}
	if c.markup {
		c.out = append(c.out, "<inline-formula><tex-math>"+html.EscapeString(tex)+"</tex-math></inline-formula>"...)
	} else {
		c.out = append(c.out, "$"+tex+"$"...)
	}
}

// formulaText converts the simple formulas; any other sets broken.
func (c *converter) formulaText(s string) {
	if c.depth++; c.depth > maxGroups {
		c.broken = true
	}
	for i := 0; i < len(s) && !c.broken; {
		switch b := s[i]; {
		case b == '^' || b == '_':
			arg, end := argument(s, i+1)
			tag := map[byte]string{'^': "sup", '_': "sub"}[b]
			switch {
			case b == '^' && (arg == `\circ` || arg == `\prime`):
				c.formulaText(arg)
			case !c.markup:
				c.broken = arg == "" // text has no sub- and superscripts, but is read well enough without
				c.formulaText(arg)
			default:
				c.open(tag)
				c.formulaText(arg)
				c.close(tag)
			}
			i = end
		case b == '{':
			end := group(s, i)
			c.formulaText(s[i+1 : end])
			i = min(end+1, len(s))
		case b == '}' || b == '&' || b == '#' || b == '%':
			c.broken = true
		case b == '~':
			c.letters(" ")
			i++
		case b == '-':
			c.letters("−")
			i++
		case b == '<':
			c.less()
			i++
		case b == '\\':
			j := i + 1
			for j < len(s) && isLetter(s[j]) {
				j++
			}
			name := s[i+1 : j]
			switch {
			case name == "" && j < len(s):
				switch s[j] {
				case ',', ' ', ';', ':':
					c.letters(" ")
				case '!':
				case '%', '$', '_', '{', '}':
					c.letters(s[j : j+1])
				case '&':
					c.letters("&")
				default:
					c.broken = true
				}
				i = j + 1
				continue
			case symbols[name] != "":
				c.letters(symbols[name])
			case mathAccents[name] != 0:
				arg, end := argument(s, j)
				if utf8.RuneCountInString(arg) != 1 {
					c.broken = true
				}
				c.letters(norm.NFC.String(arg + string(mathAccents[name])))
				i = end
				continue
			case styles[name] != "":
				arg, end := argument(s, j)
				c.open(styles[name])
				c.formulaText(arg)
				c.close(styles[name])
				i = end
				continue
			case functions[name]:
				c.letters(name)
			case upright[name]:
			default:
				c.broken = true
			}
			i = j
			for i < len(s) && s[i] == ' ' {
				i++
			}
		default:
			j := i + 1
			for j < len(s) && !strings.ContainsRune("^_{}&#%~-<\\", rune(s[j])) {
				j++
			}
			c.letters(s[i:j])
			i = j
		}
	}
	c.depth--
}
