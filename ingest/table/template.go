package table

import (
	"github.com/xuri/excelize/v2"
)

// templateColumns are the columns of the template, in its order.
var templateColumns = []string{"title", "title@ru", "subtitle", "journal", "journal@ru", "issn", "eissn", "publisher", "year", "volume", "issue", "pages", "article number", "doi", "edn", "udc", "id", "url",
	"pdf", "language", "type", "section", "authors", "authors@ru", "affiliations", "affiliations@ru", "emails", "abstract", "abstract@ru", "keywords", "keywords@ru", "received", "accepted", "date",
	"funder", "licence", "copyright holder", "copyright year", "access", "references", "note"}

// templateRows are invented articles, by column.
var templateRows = []map[string]string{
	{"title": "Lanterns of the old harbour", "title@ru": "Фонари старой гавани", "subtitle": "An attempt at a list", "journal": "Journal of Lanterns", "journal@ru": "Фонарный журнал", "issn": "1234-5679",
		"eissn": "2434-561X", "publisher": "Harbour Press", "year": "2023", "volume": "4", "issue": "1", "pages": "15-22", "doi": "10.5555/lanterns.12", "udc": "628.9", "id": "LAN-2023-12",
		"url": "https://lanterns.example.org/12", "pdf": "https://lanterns.example.org/12.pdf", "language": "en", "type": "research-article", "section": "Articles",
		"authors": "Ogneva, Vera [1] {0000-0002-1825-0097}*; Li, Wei [1,2]", "authors@ru": "Огнева, Вера Павловна; Ли, Вэй",
		"affiliations": "1: Institute of Lamps, Old Harbour; 2: Paper University", "affiliations@ru": "1: Институт ламп, Старая гавань; 2: Бумажный университет", "emails": "ogneva@example.org; -",
		"abstract": "Twelve lanterns are described.", "abstract@ru": "Описаны двенадцать фонарей.", "keywords": "lantern; harbour", "keywords@ru": "фонарь; гавань", "received": "2022-11-05",
		"accepted": "2023-01-12", "date": "2023-03-01", "funder": "Fund for Old Lights [FOL-7]", "licence": "https://creativecommons.org/licenses/by/4.0/", "copyright holder": "The Authors",
		"copyright year": "2023", "access": "open", "references": "Wick B. On oil. J. Lant. 1999;3(2):1-9. || Primer A. Lamps. Old Harbour: Harbour Press, 2001. 120 p."},
	{"title": "Ein Brief über Dochte", "journal": "Journal of Lanterns", "eissn": "2434-561X", "year": "2024", "volume": "5", "article number": "e7", "doi": "10.5555/lanterns.13", "language": "de",
		"type": "letter", "authors": "Glow, Ida", "abstract": "Kurz.", "keywords": "Docht", "access": "open", "note": "Only a few columns need to be filled in."},
}

// Template is a table to begin with: CSV as UTF-8 with a byte order mark, so that spreadsheets know the encoding, with a header and rows that import as they are.
func Template() []byte {
	out := []byte("\ufeff")
	line := func(value func(string) string) {
		for i, name := range templateColumns {
			if i > 0 {
				out = append(out, ',')
			}
			if s := value(name); s != "" {
				out = appendCell(out, s)
			}
		}
		out = append(out, "\r\n"...)
	}
	line(func(name string) string { return name })
	for _, row := range templateRows {
		line(func(name string) string { return row[name] })
	}
	return out
}

// TemplateXLSX is Template as a workbook with the articles in its first sheet and what the columns mean in its second. All cells are text, so that no number of
// pages becomes a date.
func TemplateXLSX() ([]byte, error) {
	w := excelize.NewFile()
	defer w.Close()
	const articles, help = "Articles", "Columns"
	if err := w.SetSheetName("Sheet1", articles); err != nil {
		return nil, err
	}
	if _, err := w.NewSheet(help); err != nil {
		return nil, err
	}
	text, err := w.NewStyle(&excelize.Style{NumFmt: 49})
	if err != nil {
		return nil, err
	}
	bold, err := w.NewStyle(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true}})
	if err != nil {
		return nil, err
	}
	put := func(sheet string, row int, cells []string) error {
		for i, s := range cells {
			axis, err := excelize.CoordinatesToCellName(i+1, row)
			if err != nil {
				return err
			}
			if s != "" {
				if err := w.SetCellStr(sheet, axis, s); err != nil {
					return err
				}
			}
		}
		return nil
	}
	last, err := excelize.ColumnNumberToName(len(templateColumns))
	if err != nil {
		return nil, err
	}
	if err := w.SetColStyle(articles, "A:"+last, text); err != nil {
		return nil, err
	}
	if err := put(articles, 1, templateColumns); err != nil {
		return nil, err
	}
	if err := w.SetCellStyle(articles, "A1", last+"1", bold); err != nil {
		return nil, err
	}
	for i, row := range templateRows {
		var cells []string
		for _, name := range templateColumns {
			cells = append(cells, row[name])
		}
		if err := put(articles, i+2, cells); err != nil {
			return nil, err
		}
	}
	if err := put(help, 1, []string{"Column", "По-русски", "Meaning", "Example"}); err != nil {
		return nil, err
	}
	for i, c := range Columns() {
		if err := put(help, i+2, []string{c.Name, c.Russian, c.Meaning, c.Example}); err != nil {
			return nil, err
		}
	}
	b, err := w.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
