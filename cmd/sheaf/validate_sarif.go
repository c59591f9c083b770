package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// sarif writes findings as one SARIF document with one run. Results are written as they come; the rules that they name follow at the end.
//
// Source: OASIS SARIF 2.1.0 §3.13 (sarifLog), §3.14 (run), §3.27 (result), §3.49 (reportingDescriptor).
type sarif struct {
	w     io.Writer
	begun bool
	index map[string]int // of rules, by code
	rules []sarifRule
	err   error
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID      string     `json:"id"`
	Short   sarifText  `json:"shortDescription"`
	Help    *sarifText `json:"help,omitempty"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
	Logical []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
}

func newSARIF(w io.Writer) *sarif { return &sarif{w: w, index: map[string]int{}} }

const sarifHead = `{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0","runs":[{"columnKind":"unicodeCodePoints","results":[`

func (s *sarif) finding(f finding) error {
	i, ok := s.index[f.Code]
	if !ok {
		i = len(s.rules)
		s.index[f.Code] = i
		r := sarifRule{ID: f.Code, Short: sarifText{f.Rule}}
		if f.Rule == "" {
			r.Short.Text = f.Code
		}
		if f.Advice != "" {
			r.Help = &sarifText{f.Advice}
		}
		r.Default.Level = f.Severity
		s.rules = append(s.rules, r)
	}
	r := sarifResult{RuleID: f.Code, RuleIndex: i, Level: f.Severity, Message: sarifText{f.Message}}
	var at sarifLocation
	at.Physical.Artifact.URI = fileURI(f.Path)
	if !strings.HasPrefix(f.Path, "oai:") { // services that show results pass over those without a line
		at.Physical.Region = &sarifRegion{max(f.Line, 1)}
	}
	if f.Element != "" {
		at.Logical = []sarifLogical{{f.Element}}
	}
	r.Locations = []sarifLocation{at}
	before := ","
	if !s.begun {
		s.begun, before = true, sarifHead
	}
	s.write(before, r)
	return s.err
}

func (s *sarif) end() error {
	before := "],"
	if !s.begun {
		before = sarifHead + before
	}
	var tool struct {
		Driver struct {
			Name    string      `json:"name"`
			Version string      `json:"version,omitempty"`
			Rules   []sarifRule `json:"rules"`
		} `json:"driver"`
	}
	tool.Driver.Name = "sheaf"
	tool.Driver.Version, _ = build()
	tool.Driver.Rules = append([]sarifRule{}, s.rules...)
	s.write(before+`"tool":`, tool)
	s.write("}]}\n", nil)
	return s.err
}

// write writes a text and, unless it is nil, a value as JSON.
func (s *sarif) write(text string, v any) {
	var b bytes.Buffer
	b.WriteString(text)
	if v != nil {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil && s.err == nil {
			s.err = err
		}
	}
	if s.err == nil {
		_, s.err = s.w.Write(b.Bytes())
	}
}

// fileURI is the URI of a file: relative to the working folder where the path is, so that the results fit a checked-out repository. Standard input, "-", is
// its own name, and an oai: identifier is a URI already.
func fileURI(path string) string {
	switch {
	case strings.HasPrefix(path, "oai:"):
		return path
	case filepath.IsAbs(path):
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	}
	return (&url.URL{Path: filepath.ToSlash(filepath.Clean(path))}).String()
}
