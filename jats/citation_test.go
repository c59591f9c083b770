package jats

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// citedParts is the JSON form of a citation without its text, which is what the tables below compare.
func citedParts(t *testing.T, c Citation) string {
	t.Helper()
	c.Text = ""
	b, err := json.Marshal(c)
	require.NoError(t, err)
	return string(b)
}

func persons(group string, names ...string) string {
	var out []string
	for _, n := range names {
		surname, given, _ := strings.Cut(n, " ")
		out = append(out, `{"names":[{"surname":"`+surname+`","givenNames":"`+given+`"}]}`)
	}
	return `"personGroups":[{"type":"` + group + `","persons":[` + strings.Join(out, ",") + `]}]`
}

// pair is a list of two texts in two languages.
func pair(field, lang, a, b string) string {
	return `"` + field + `":[{"lang":"` + lang + `","text":` + quoted(a) + `},{"lang":"en","text":` + quoted(b) + `}]`
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func chinese(names [][2]string, zh, en, source, year, issue string) string {
	var out []string
	for _, n := range names {
		out = append(out, `{"names":[{"lang":"zh","full":"`+n[0]+`"},{"lang":"zh-Latn","full":"`+n[1]+`"}]}`)
	}
	return `{"lang":"zh","publicationType":"journal","personGroups":[{"type":"author","persons":[` + strings.Join(out, ",") + `]}],` +
		pair("titles", "zh", zh, en) + `,"sources":[{"lang":"zh","text":"` + source + `"}],"date":"` + year + `","issue":"` + issue + `","langNote":"In Chin."}`
}

func russianPaper(authors []string, title, trans, source, year, issue string) string {
	return `{"lang":"ru","publicationType":"journal",` + persons("author", authors...) + `,` + pair("titles", "ru-Latn", title, trans) +
		`,"sources":[{"lang":"ru-Latn","text":` + quoted(source) + `}],"date":"` + year + `","issue":"` + issue + `","langNote":"In Russ."}`
}

func englishBook(authors []string, title, place, house, year string) string {
	return `{"publicationType":"book",` + persons("author", authors...) + `,"sources":[{"text":` + quoted(title) + `}],"publisherName":"` + house + `","publisherLoc":"` + place + `","date":"` + year + `"}`
}

// The references of the seed, each read by hand.
func TestParseCitationSeed(t *testing.T) {
	want := []string{
		russianPaper([]string{"Klimenko A.F."}, "Nekotorye voprosy razvitiya rossiisko-kitaiskogo partnerstva v sfere bezopasnosti v sovremennykh usloviyakh",
			"Some Issues of the Development of the Russian-Chinese Partnership in the Field of Security in Modern Conditions", "Kitaj v mirovoj i regional'noj politike. Istoriya i sovremennost'", "2020", "25"),
		russianPaper([]string{"Kireeva A.A."}, "Budushchnost' rossiisko-kitaiskogo soyuznichestva v kontekste teorii mezhdunarodnykh otnoshenii",
			"Theories of International Relations and Prospects of a Military Alliance between Russia and China", "Mezhdunarodnye protsessy", "2019", "4"),
		russianPaper([]string{"Korolev A.N."}, "Naskol'ko blizki Rossiya i Kitai? Voenno-strategicheskoe sotrudnichestvo v mezhdunarodnykh otnosheniyakh",
			"How Close Are Russia and China? Assessing Military-Strategic Cooperation in International Relations", "Rossiya i ATR", "2019", "3 (105)"),
		russianPaper([]string{"Luzyanin S.G.", "Kashin V.B."}, "Novye izmereniya strategicheskogo i voenno-politicheskogo partnerstva Rossii i Kitaya (regional'nye aspekty)",
			"New dimensions of the strategic and military-political partnership between Russia and China (regional aspects)", "Kitai v mirovoi i regional'noi politike. Istoriya i sovremennost'", "2018", "23"),
		russianPaper([]string{"Lukin A.V.", "Kashin V.B."}, "Rossiisko-kitaiskoe sotrudnichestvo i bezopasnost' v ATR", "Russian-Chinese cooperation and security in Asia pacific region", "Sravnitel'naja politika", "2019", "2"),
		russianPaper([]string{"Morozov Yu.V."}, "Rossiya, Kitai i severokoreiskaya yadernaya problema", "Russia, China and the North Korean nuclear problem", "Problemy Dal'nego Vostoka", "2018", "3"),
		`{"lang":"ru","publicationType":"book",` + persons("author", "Plekhov A.M.", "Shapkin S.G.") + `,` + pair("sources", "ru-Latn", "Slovar' voennykh terminov", "Dictionary of military terms") +
			`,"publisherName":"publishing house «Voenizdat»","publisherLoc":"Moscow","date":"1988","langNote":"In Russ."}`,
		russianPaper([]string{"Trush S.M."}, "Rossiya — SShA — Kitai: rezony i riski rossiisko-kitaiskogo voennogo sblizheniya", "Russia — USA — China: reasons and risks of Russian-Chinese military rapprochement",
			"SShA & Kanada: ekonomika, politika, kul'tura", "2020", "3"),
		englishBook([]string{"Kegley C.W.", "Raymond J.A.", "Raymond G.A."}, "When Trust Breaks Down: Alliance Norms And World Politics", "South Carolina", "University of South Carolina Press", "1990"),
		englishBook([]string{"Reiter D."}, "Crucible of Beliefs: Learning, Alliances, and World Wars", "Ithaca and London", "Cornell University Press", "1996"),
		englishBook([]string{"Snyder G.H."}, "Alliance Politics", "Ithaca and London", "Cornell University Press", "1997"),
		`{"publicationType":"journal",` + persons("author", "Kashin V.", "Lukin A.") + `,"titles":[{"text":"Russian-Chinese Security Cooperation in Asia"}],"sources":[{"text":"Asian Politics & Policy"}],"date":"2018","volume":"10","issue":"4"}`,
		englishBook([]string{"Osgood R.E."}, "Alliance And American Foreign Policy", "Baltimore and London", "The Johns Hopkins Press", "1968"),
		englishBook([]string{"Walt S.M."}, "The Origins of Alliances", "Ithaca", "Cornell University Press", "1987"),
		chinese([][2]string{{"陈学惠", "Chen Xuehui"}}, "中俄军事合作与地区安全", "Sino-Russian Military Cooperation and Regional Security", "外国军事学术", "2006", "8"),
		chinese([][2]string{{"姜毅", "Jiang Yi"}}, "不靠谱的‘中俄结盟’", `The unreliable "China-Russia alliance"`, "世界知识", "2012", "5"),
		chinese([][2]string{{"邱海燕", "Qiu Haiyan"}}, "中苏 (俄) 对抗和结盟的历史启示与两国关系最佳模式的选择",
			"Historical Enlightenment of Confrontation and Alignment between China and The Soviet Union (Russia) and Choice of Best Model of Two Nations' Relations", "俄罗斯学刊", "2013", "3"),
		chinese([][2]string{{"王树春", "Wan Shuchun"}, {"万青松", "Wan Qingsong"}}, "论新型中俄关系的未来走向: 结伴还是结盟",
			"On the Prospects for the Development of Sino-Russian Relations: The Strategic Partnership of Cooperation or New Type of Alliance", "当代亚太", "2013", "4"),
		chinese([][2]string{{"阎学通", "Yan Xuetong"}}, "俄罗斯可靠吗?", "Is Russia Reliable?", "国际经济评论", "2012", "3"),
		chinese([][2]string{{"杨晖", "Yang Hui"}}, "中俄军事安全合作概述", "Overview of Sino-Russian Military Security Cooperation", "俄罗斯中亚东欧研究", "2005", "1"),
		chinese([][2]string{{"张文木", "Zhang Wenmu"}}, "中俄结盟的限度, 目标和意义", "The limits, goals and significance of the Sino-Russian alliance", "社会观察", "2012", "3"),
		chinese([][2]string{{"赵华胜", "Zhao Huasheng"}}, "中俄结盟为何缺乏现实可行性", `Why "Sino-Russian Alliance" Lacks Feasibility`, "人民论坛·学术前沿", "2013", "10"),
		`{"lang":"zh","publicationType":"book","personGroups":[{"type":"editor","persons":[{"names":[{"lang":"zh","full":"郑文翰"}]}]}],` + pair("sources", "zh", "军事大辞典", "Military Dictionary") +
			`,"publisherName":"上海辞书出版社","publisherLoc":"上海","date":"1992","langNote":"In Chin."}`,
	}
	seed, err := os.ReadFile(filepath.Join("..", "fixtures", "articles", "seed.txt"))
	require.NoError(t, err)
	refs := regexp.MustCompile(`(?m)^\d+\. (.*)$`).FindAllStringSubmatch(strings.ReplaceAll(string(seed), "\r", ""), -1)
	require.Len(t, refs, len(want))
	for i, ref := range refs {
		c := ParseCitation(ref[1])
		assert.Equal(t, ref[1], c.Text.Plain(), "text of %d", i+1)
		assert.JSONEq(t, want[i], citedParts(t, c), "parts of %d: %s", i+1, ref[1])
	}
}

// Each form that is known, and for each a near kin that has two readings and is left alone.
func TestParseCitation(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", `{}`},
		{"no form", "see above", `{}`},
		{"russian paper", "Иванов И.И. Были ли реки? Опыт // Вопросы выдумки. 2020. Т. 5. № 3. С. 12–15.",
			`{"lang":"ru","publicationType":"journal",` + persons("author", "Иванов И.И.") + `,"titles":[{"lang":"ru","text":"Были ли реки? Опыт"}],"sources":[{"lang":"ru","text":"Вопросы выдумки"}],"date":"2020","volume":"5","issue":"3","fpage":"12","lpage":"15"}`},
		{"dashes and DOI", "Петров П.П. О реках // Журнал. — 2020. — № 3. — С. 12-15. — DOI: 10.55555/abc.2020.",
			`{"publicationType":"journal",` + persons("author", "Петров П.П.") + `,"titles":[{"text":"О реках"}],"sources":[{"text":"Журнал"}],"date":"2020","issue":"3","fpage":"12","lpage":"15","ids":[{"type":"doi","value":"10.55555/abc.2020"}]}`},
		{"spaced initials, size", "Петров П. П. Книга о реках. М.: Наука, 2010. 320 с.",
			`{"publicationType":"book",` + persons("author", "Петров П. П.") + `,"sources":[{"text":"Книга о реках"}],"publisherName":"Наука","publisherLoc":"М.","date":"2010","size":"320 с."}`},
		{"square brackets", "Ivanov I.I. Nazvanie stat'i [The Title of the Paper]. Voprosy vydumki [Questions of Invention], 2012, no. 3, pp. 12–15. (In Russ.)",
			`{"lang":"ru","publicationType":"journal",` + persons("author", "Ivanov I.I.") + `,` + pair("titles", "ru-Latn", "Nazvanie stat'i", "The Title of the Paper") + `,` + pair("sources", "ru-Latn", "Voprosy vydumki", "Questions of Invention") + `,"date":"2012","issue":"3","fpage":"12","lpage":"15","langNote":"In Russ."}`},
		{"bracket that is no translation", "Petrov P.P. Reki (Sbornik statei). Moscow: Vymysel, 2015. (In Russ.)",
			`{"lang":"ru","publicationType":"book",` + persons("author", "Petrov P.P.") + `,"sources":[{"lang":"ru-Latn","text":"Reki (Sbornik statei)"}],"publisherName":"Vymysel","publisherLoc":"Moscow","date":"2015","langNote":"In Russ."}`},
		{"APA", "Smith, J., & Doe, A. (2012). Title of things. Journal of Things, 3(2), 11-29. https://doi.org/10.55555/xyz(1).",
			`{"publicationType":"journal",` + persons("author", "Smith J.", "Doe A.") + `,"titles":[{"text":"Title of things"}],"sources":[{"text":"Journal of Things"}],"date":"2012","volume":"3","issue":"2","fpage":"11","lpage":"29","ids":[{"type":"doi","value":"10.55555/xyz(1)"}]}`},
		{"Vancouver", "Smith J, Doe A. Title of things. J Things. 2018;10(4):656-62. doi:10.55555/j.2018",
			`{"date":"2018","volume":"10","issue":"4","fpage":"656","lpage":"62","ids":[{"type":"doi","value":"10.55555/j.2018"}]}`},
		{"web", "M. Example, J. Sample. Only a Test. Invented Affairs on-line. March 23, 2022. Available at: https://example.org/a/only-a-test (accessed 05.05.2022).",
			`{"publicationType":"web",` + persons("author", "Example M.", "Sample J.") + `,"titles":[{"text":"Only a Test"}],"sources":[{"text":"Invented Affairs on-line"}],"date":"2022-03-23","urls":["https://example.org/a/only-a-test"],"accessDate":"2022-05-05"}`},
		{"web, russian", "Правила. URL: https://example.ru/page (дата обращения: 01.02.2020).", `{"publicationType":"web","urls":["https://example.ru/page"],"accessDate":"2020-02-01"}`},
		{"day that is in no calendar", "Правила. URL: https://example.ru/page (дата обращения: 31.02.2020).", `{"publicationType":"web","urls":["https://example.ru/page"]}`},
		{"year in a title", "Иванов И.И. Россия, 1917. М.: Наука, 1990.", `{` + persons("author", "Иванов И.И.") + `}`},
		{"two years, one sure", "Garcia L., et al. Things in 1990, 1995 and today. Journal of X. 2001a. Vol. 3. P. 5, 7–9.",
			`{"publicationType":"journal","personGroups":[{"type":"author","persons":[{"names":[{"surname":"Garcia","givenNames":"L."}]}],"etAl":true}],"titles":[{"text":"Things in 1990, 1995 and today"}],"sources":[{"text":"Journal of X"}],"date":"2001","year":"2001a","volume":"3","fpage":"5","pageRange":"5, 7–9"}`},
		{"editor and early year", "Brown C., ed., 2012. The Illustrated History of Examples. Test Press, 2012. 704 p.", `{` + persons("editor", "Brown C.") + `,"date":"2012","size":"704 p."}`},
		{"thesis", "Сидоров С.С. Вымысел как метод: дис. ... канд. ист. наук. М., 2012.", `{"publicationType":"thesis",` + persons("author", "Сидоров С.С.") + `,"date":"2012"}`},
		{"initials of the title", "Smith A. U.S. Policy in Asia. Cambridge: Test Press, 1990.", englishBook([]string{"Smith A."}, "U.S. Policy in Asia", "Cambridge", "Test Press", "1990")},
		{"no person", "U.S. Congress. Report on things. Washington, 1990.", `{"date":"1990"}`},
		{"subtitle, not a house", "Smith J. Things of Old. Russia: A Survey, 1990.", `{` + persons("author", "Smith J.") + `,"date":"1990"}`},
		{"end of the title not sure", "Smith J. What Is It? Journal of X. 2018. Vol. 3.", `{` + persons("author", "Smith J.") + `,"date":"2018","volume":"3"}`},
		{"chapter", "Иванов И.И. Глава о реках // Большая книга / Под ред. П.П. Петрова. М.: Вымысел, 2010. С. 5–10.",
			`{"publicationType":"book",` + persons("author", "Иванов И.И.") + `,"chapterTitles":[{"text":"Глава о реках"}],"sources":[{"text":"Большая книга"}],"publisherName":"Вымысел","publisherLoc":"М.","date":"2010","fpage":"5","lpage":"10"}`},
		{"note in Russian", "Smith J. Things. London: Test Press, 1999. (на англ. яз.)",
			`{"lang":"en","publicationType":"book",` + persons("author", "Smith J.") + `,"sources":[{"lang":"en","text":"Things"}],"publisherName":"Test Press","publisherLoc":"London","date":"1999","langNote":"на англ. яз."}`},
		{"note in full", "Müller H. Die Flüsse. Berlin: Springer, 1999. (in German)",
			`{"lang":"de","publicationType":"book",` + persons("author", "Müller H.") + `,"sources":[{"lang":"de","text":"Die Flüsse"}],"publisherName":"Springer","publisherLoc":"Berlin","date":"1999","langNote":"in German"}`},
		{"a country is no language", "Smith J. Rivers (in Russia). London: Test Press, 1999.", englishBook([]string{"Smith J."}, "Rivers (in Russia)", "London", "Test Press", "1999")},
		{"conference", "Ivanov I.I. Reki (Rivers of the North) // Materialy mezhdunarodnoi konferentsii. 2012. (In Russ.)",
			`{"lang":"ru","publicationType":"confproc",` + persons("author", "Ivanov I.I.") + `,` + pair("titles", "ru-Latn", "Reki", "Rivers of the North") + `,"sources":[{"lang":"ru-Latn","text":"Materialy mezhdunarodnoi konferentsii"}],"date":"2012","langNote":"In Russ."}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ParseCitation(c.in)
			assert.Equal(t, c.in, got.Text.Plain())
			assert.JSONEq(t, c.want, citedParts(t, got))
		})
	}
}

// A text made to be slow takes about as long as an ordinary one of its length, and one that is no reference at all is only kept.
func TestParseCitationTime(t *testing.T) {
	took := func(piece string) time.Duration { // the best of three: others use this machine too
		s, best := strings.Repeat(piece, maxCitation/len(piece)-1), time.Hour
		for range 3 {
			start := time.Now()
			c := ParseCitation(s)
			best = min(best, time.Since(start))
			assert.Equal(t, strings.TrimSpace(s), strings.TrimSpace(c.Text.Plain()))
		}
		return best
	}
	ordinary := took("Smith J. Things. London: Test Press, 1999. ")
	for _, piece := range []string{"(", "(«", "Ivanov I.I., ", "王: “", "1990. ", "P. 1–", "https://a.b/", "10.1234/a(", "\"", ". ", "A. ", "第1期"} {
		assert.Less(t, took(piece), 40*ordinary, piece)
	}
	long := strings.Repeat("Smith J. Things. London: Test Press, 1999. ", 1+maxCitation/40)
	assert.Equal(t, `{}`, citedParts(t, ParseCitation(long)))
}

func FuzzParseCitation(f *testing.F) {
	for _, s := range []string{
		"Ivanov I.I. Reki (Rivers of X). Moscow: Vymysel, 2015. (In Russ.)", "王测试: “水” (Wang Ceshi. Water of Things) // 水利. 2012年. 第5期. (In Chin.)",
		"Smith, J. (2012). A. B, 3(2), 1-2. https://doi.org/10.5555/x(1)", "A <b> & c. 2018;1(2):3-4", "Петров П. П. «О (реках» // Ж. — 2020. — № 3 (5). — С. 1-2.", "水 (Shui). 王主编. 北京: 水出版社, 1992.",
		"Smitraps://doi2. http J. (2012) a. B, x)1-,2.2. https://doi.ohoi2. ht50.", "Ivanov I.I. Reki (Rivs)4C2015((. se X). MoLVymysel. U, 20(In Rus) s",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := ParseCitation(s)
		want := cleanString(s)
		if strings.Join(strings.Fields(c.Text.Plain()), " ") != strings.Join(strings.Fields(want), " ") {
			t.Fatalf("text %q became %q", want, c.Text.Plain())
		}
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Citation
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		for _, texts := range [][]Text{c.Titles, c.Sources, c.ChapterTitles} {
			for _, x := range texts {
				if p := strings.Join(strings.Fields(x.Text.Plain()), " "); p == "" || !strings.Contains(strings.Join(strings.Fields(want), " "), p) {
					t.Fatalf("%q is not printed in %q", p, want)
				}
			}
		}
		for _, v := range []string{c.FPage, c.LPage, c.Volume, c.PublisherName, c.PublisherLoc, c.Size, c.ISBN} {
			if !strings.Contains(want, v) {
				t.Fatalf("%q is not printed in %q", v, want)
			}
		}
		if c.LPage != "" && c.FPage == "" {
			t.Fatal("a last page without a first")
		}
	})
}
