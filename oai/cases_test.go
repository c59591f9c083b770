package oai

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/jats"
	"sheaf/store"
)

// The tests here are named after the rows of the project's list of protocol cases: A verbs and errors, B HTTP, C Identify, D formats, E sets,
// F dates, G deletions, H tokens, I XML.

const id = "oai:sheaf.example.org:"

func TestA_Errors(t *testing.T) {
	v := answersSeen
	a, none := repoA(t, v), newRig(t, v)
	none.put("r1")

	get := "verb=GetRecord&metadataPrefix=oai_dc&identifier="
	list := "verb=ListRecords&"
	for _, c := range []struct {
		name  string
		rig   *rig
		query string
		want  string // codes, in order
		echo  bool   // the request element has attributes
	}{
		{"A01_NoArguments", a, "", "badVerb", false},
		{"A02_UnknownVerb", a, "verb=junk", "badVerb", false},
		{"A03_EmptyVerb", a, "verb=", "badVerb", false},
		{"A03_VerbInLowerCase", a, "verb=identify", "badVerb", false},
		{"A04_VerbTwice", a, "verb=Identify&verb=Identify", "badVerb", false},
		{"A05_UnknownArgument", a, "verb=Identify&foo=1", "badArgument", false},
		{"A06_ArgumentOfAnotherVerb", a, "verb=Identify&identifier=" + id + "r1", "badArgument", false},
		{"A07_GetRecordWithoutIdentifier", a, "verb=GetRecord&metadataPrefix=oai_dc", "badArgument", false},
		{"A08_GetRecordWithoutPrefix", a, "verb=GetRecord&identifier=" + id + "r1", "badArgument", false},
		{"A09_QuoteInIdentifier", a, get + `invalid"id`, "badArgument", false},
		{"A10_UnknownIdentifier", a, get + "oai:x:nope", "idDoesNotExist", true},
		{"A10_UnknownIdentifierOfThisRepository", a, get + id + "nope", "idDoesNotExist", true},
		{"A10_EmptyLocal", a, get + id, "idDoesNotExist", true},
		{"A11_UnknownPrefix", a, "verb=GetRecord&identifier=" + id + "r1&metadataPrefix=nope", "cannotDisseminateFormat", true},
		{"A12_ItemLacksFormat", a, "verb=GetRecord&identifier=" + id + "r9&metadataPrefix=jats", "cannotDisseminateFormat", true},
		{"A13_UnknownBoth", a, "verb=GetRecord&identifier=nope&metadataPrefix=nope", "cannotDisseminateFormat idDoesNotExist", true},
		{"A14_ListWithoutPrefix", a, "verb=ListRecords", "badArgument", false},
		{"A15_ListOfUnknownPrefix", a, list + "metadataPrefix=nope", "cannotDisseminateFormat", true},
		{"A16_PrefixTwice", a, list + "metadataPrefix=oai_dc&metadataPrefix=jats", "badArgument", false},
		{"A17_SetTwice", a, list + "metadataPrefix=oai_dc&set=j&set=k", "badArgument", false},
		{"A18_FourFaults", a, list + "from=junk&until=junk&foo=1", "badArgument badArgument badArgument badArgument", false},
		{"A18_FaultsOfTwoKinds", a, list + "metadataPrefix=nope&from=junk", "cannotDisseminateFormat badArgument", false},
		{"A19_EmptyPrefix", a, list + "metadataPrefix=", "badArgument", false},
		{"A19_PrefixWrittenOtherwise", a, list + "MetadataPrefix=oai_dc", "badArgument badArgument", false},
		{"A19_PrefixWithBlank", a, list + "metadataPrefix=oai%20dc", "badArgument", false},
		{"A19_PrefixWithColon", a, list + "metadataPrefix=oai:dc", "badArgument", false},
		{"A21_SetWithBlank", a, list + "metadataPrefix=oai_dc&set=a%20b", "badArgument", false},
		{"A21_SetEndsInNewline", a, list + "metadataPrefix=oai_dc&set=j%0A", "badArgument", false},
		{"A22_NULInIdentifier", a, get + "%00", "badArgument", false},
		{"A22_VerticalTabInIdentifier", a, get + "a%0Bb", "badArgument", false},
		{"A22_SurrogateInIdentifier", a, get + "%ED%A0%80", "badArgument", false},
		{"A22_NoncharacterInIdentifier", a, get + "%EF%BF%BF", "badArgument", false},
		{"A22_BrokenEncoding", a, get + "%zz", "badArgument", false},
		{"A22_BrokenName", a, "verb=Identify&%00=1", "badArgument", false},
		{"A22_MarkupInName", a, "verb=Identify&%3Cscript%3E=1", "badArgument", false},
		{"A23_LongArgument", a, get + "oai:x:" + strings.Repeat("a", 12<<10), "idDoesNotExist", true},
		{"A24_BadArgument", a, "verb=ListSets&set=j", "badArgument", false},
		{"A24_BadResumptionToken", a, list + "resumptionToken=junk", "badResumptionToken", true},
		{"A24_BadVerb", a, "verb=ListAll", "badVerb", false},
		{"A24_CannotDisseminateFormat", a, "verb=ListIdentifiers&metadataPrefix=marc", "cannotDisseminateFormat", true},
		{"A24_IDDoesNotExist", a, "verb=ListMetadataFormats&identifier=nope", "idDoesNotExist", true},
		{"A24_NoRecordsMatch", a, "verb=ListIdentifiers&metadataPrefix=oai_dc&until=1999-01-01", "noRecordsMatch", true},
		{"A24_NoSetHierarchy", none, "verb=ListSets", "noSetHierarchy", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.rig.get(c.query)
			assert.Equal(t, c.want, strings.Join(r.codes(), " "))
			assert.Len(t, r.root.ChildElements(), 2+len(r.codes()), "nothing but errors")
			for _, e := range r.root.SelectElements("error") {
				assert.NotEmpty(t, e.Text())
			}
			assert.Equal(t, baseURL, r.text("request"))
			if c.echo {
				want := []string{}
				for _, p := range split(c.query) {
					want = append(want, p.name+"="+p.value)
				}
				assert.ElementsMatch(t, want, r.attributes())
			} else {
				assert.Empty(t, r.attributes())
			}
		})
	}
	t.Run("A23_LongerThanAnyRequest", func(t *testing.T) {
		assert.Equal(t, 414, a.serve(httptest.NewRequest("GET", "/oai?"+get+strings.Repeat("a", 64<<10), nil)).Code)
	})
	t.Run("A24_NoMetadataFormats", func(t *testing.T) {
		g := newRig(t, v)
		g.putAs("r1", []store.Record{{Prefix: "old", Metadata: []byte("<old/>")}})
		assert.Equal(t, []string{"noMetadataFormats"}, g.get("verb=ListMetadataFormats&identifier="+id+"r1").codes())
	})
}

func TestA20_ReservedCharacters(t *testing.T) {
	v := answersSeen
	g := newRig(t, v)
	for _, local := range []string{"a/b:c;d?e=f+g,h@i!j$k'l(m)n*o&p%20q", "10.1002/(SICI)1097<693::AID>3.0.CO;2-O", "a#b", "naïve", "100%", "a[1]", "a b"} {
		g.put(local)
		header := g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&from=" + g.now.Format(time.RFC3339))
		require.Len(t, header.ids(), 1)
		identifier := header.text("//identifier")
		assert.Regexp(t, oaiIdentifier, identifier)
		t.Run(local, func(t *testing.T) {
			encoded := g.get("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + strings.ReplaceAll(url.QueryEscape(identifier), "+", "%20"))
			raw := g.get("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + strings.NewReplacer("%", "%25", "&", "%26", "#", "%23").Replace(identifier))
			assert.Empty(t, encoded.codes())
			assert.Equal(t, identifier, encoded.text("//identifier"))
			assert.Equal(t, encoded.Body.String(), raw.Body.String())
			assert.Contains(t, encoded.text("//dc:title"), local)
		})
	}
}

func TestB_HTTP(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	post := func(kind, target, body string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", target, strings.NewReader(body))
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		return g.serve(req)
	}
	const form = "application/x-www-form-urlencoded"
	for _, query := range []string{"verb=Identify", "verb=GetRecord&metadataPrefix=oai_dc&identifier=" + url.QueryEscape(id+"r1")} {
		want := g.get(query).Body.String()
		t.Run("B01_Post", func(t *testing.T) { assert.Equal(t, want, post(form, "/oai", query).Body.String()) })
		t.Run("B02_PostWithCharset", func(t *testing.T) {
			assert.Equal(t, want, post(form+"; charset=UTF-8", "/oai", query).Body.String())
			assert.Equal(t, want, post("Application/X-WWW-Form-URLEncoded;charset=utf-8", "/oai", query+"\r\n").Body.String())
		})
		t.Run("B03_PostWithURLAndNoBody", func(t *testing.T) { assert.Equal(t, want, post("", "/oai?"+query, "").Body.String()) })
	}
	t.Run("B03_PostWithURLAndBody", func(t *testing.T) {
		r := g.read("B03", post(form, "/oai?verb=Identify", "verb=Identify"))
		assert.Equal(t, []string{"badArgument"}, r.codes())
	})
	for _, c := range []struct {
		name string
		w    *httptest.ResponseRecorder
		code int
	}{
		{"B04_JSON", post("application/json", "/oai", `{"verb":"Identify"}`), 415},
		{"B04_Multipart", post("multipart/form-data; boundary=x", "/oai", "--x--"), 415},
		{"B04_BodyWithoutType", post("", "/oai", "verb=Identify"), 415},
		{"B04_LargeBody", post(form, "/oai", "verb=Identify&x="+strings.Repeat("a", 64<<10)), 413},
		{"B04_PUT", g.serve(httptest.NewRequest("PUT", "/oai?verb=Identify", nil)), 405},
		{"B04_DELETE", g.serve(httptest.NewRequest("DELETE", "/oai?verb=Identify", nil)), 405},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.code, c.w.Code)
			if c.code == 405 {
				assert.Equal(t, "GET, HEAD, POST", c.w.Header().Get("Allow"))
			}
		})
	}
	t.Run("B05_ErrorsAre200", func(t *testing.T) { assert.Equal(t, 200, g.get("verb=x").Code) })

	t.Run("B07_Gzip", func(t *testing.T) {
		plain := g.get("verb=ListRecords&metadataPrefix=jats")
		assert.Empty(t, plain.Header().Get("Content-Encoding"))
		assert.Contains(t, plain.Header().Get("Vary"), "Accept-Encoding")
		for accept, packed := range map[string]bool{
			"gzip": true, "GZIP": true, "x-gzip": true, "deflate, gzip;q=0.5": true, "*": true, "br, *;q=0.1": true, "gzip;q=1.0, identity;q=0.5": true,
			"identity": false, "gzip;q=0": false, "gzip; q=0.000, *;q=1": false, "": false, "gzip;q=0.2, identity": false, "deflate": false, "gzip;q=x": false,
		} {
			req := httptest.NewRequest("GET", "/oai?verb=ListRecords&metadataPrefix=jats", nil)
			req.Header.Set("Accept-Encoding", accept)
			w := g.serve(req)
			body := w.Body.String()
			if packed {
				assert.Equal(t, "gzip", w.Header().Get("Content-Encoding"), accept)
				body = gunzip(t, w.Body)
			} else {
				assert.Empty(t, w.Header().Get("Content-Encoding"), accept)
			}
			assert.Equal(t, plain.Body.String(), body, accept)
		}
		identify := g.get("verb=Identify")
		assert.Equal(t, "gzip", identify.text("Identify/compression"))
		assert.Len(t, identify.root.FindElements("Identify/compression"), 1)
	})
	t.Run("B10_HostIsNotBelieved", func(t *testing.T) {
		req := httptest.NewRequest("GET", "http://evil.example/oai?verb=Identify", nil)
		req.Header.Set("X-Forwarded-Host", "evil.example")
		r := g.read("B10", g.serve(req))
		assert.Equal(t, baseURL, r.text("request"))
		assert.Equal(t, baseURL, r.text("Identify/baseURL"))
	})
}

func TestB04_Head(t *testing.T) {
	g := repoA(t, nil)
	server := httptest.NewServer(g)
	defer server.Close()
	for _, query := range []string{"verb=Identify", "verb=ListRecords&metadataPrefix=oai_dc"} {
		res, err := http.Head(server.URL + "/oai?" + query)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 200, res.StatusCode)
		assert.Equal(t, "text/xml; charset=utf-8", res.Header.Get("Content-Type"))
		assert.Positive(t, res.ContentLength)
	}
}

func TestB06_StoreDown(t *testing.T) {
	g := repoA(t, nil)
	for _, b := range []*broken{{tick: errDown}, {list: errDown}, {list: store.ErrCorrupt}} {
		b.Items = g.db
		g.Items = b
		w := g.serve(httptest.NewRequest("GET", "/oai?verb=ListRecords&metadataPrefix=oai_dc", nil))
		if b.list == store.ErrCorrupt {
			assert.Equal(t, 500, w.Code)
		} else {
			assert.Equal(t, 503, w.Code)
			assert.Regexp(t, `^\d+$`, w.Header().Get("Retry-After"))
		}
		assert.NotContains(t, w.Body.String(), "OAI-PMH")
		assert.NotContains(t, w.Body.String(), "disk", "the store's words are not for harvesters")
	}
}

// A list that breaks after a part was sent must not look whole to the client, packed or not.
func TestB06_StoreFailsInTheMiddle(t *testing.T) {
	for _, packed := range []bool{false, true} {
		g := newRig(t, nil)
		g.PageSize = 100
		for i := range 40 {
			r := dc(fmt.Sprint(i))
			r.Metadata = append(r.Metadata, noise(i)...)
			g.putAs(fmt.Sprint(i), []store.Record{r})
		}
		g.Items = &broken{Items: g.db, list: errDown, after: 2}
		server := httptest.NewServer(g)
		req, err := http.NewRequest("GET", server.URL+"/oai?verb=ListRecords&metadataPrefix=oai_dc", nil)
		require.NoError(t, err)
		if packed {
			req.Header.Set("Accept-Encoding", "gzip")
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		assert.Equal(t, 200, res.StatusCode)
		_, err = readAll(res)
		assert.Error(t, err, "the connection is cut")
		server.Close()
	}
}

func TestB09_WhoGetsHTML(t *testing.T) {
	g := repoA(t, nil)
	for _, c := range []struct {
		name, target string
		headers      []string
		html         bool
	}{
		{"browser", "/oai?verb=Identify", []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest", "document"}, true},
		{"older browser", "/oai?verb=Identify", []string{"Accept", "text/html,*/*", "Upgrade-Insecure-Requests", "1"}, true},
		{"browser asks for XML", "/oai/xml?verb=Identify", []string{"Accept", "text/html,*/*", "Sec-Fetch-Dest", "document"}, false},
		{"Java", "/oai?verb=Identify", []string{"Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, false},
		{"script in a page", "/oai?verb=Identify", []string{"Accept", "text/html", "Sec-Fetch-Dest", "empty"}, false},
		{"Accept anything", "/oai?verb=Identify", []string{"Accept", "*/*", "Sec-Fetch-Dest", "document"}, false},
		{"no Accept", "/oai?verb=Identify", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := httptest.NewRequest("GET", c.target, nil)
			for i := 0; i < len(c.headers); i += 2 {
				req.Header.Set(c.headers[i], c.headers[i+1])
			}
			w := g.serve(req)
			assert.Equal(t, 200, w.Code)
			assert.Equal(t, c.html, strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"))
			assert.Equal(t, c.html, strings.HasPrefix(w.Body.String(), "<!DOCTYPE html>"))
			for _, header := range []string{"Accept", "Sec-Fetch-Dest", "Upgrade-Insecure-Requests"} {
				assert.Contains(t, w.Header().Get("Vary"), header)
			}
		})
	}
}

func TestB11_ClientHangsUp(t *testing.T) {
	g := newRig(t, nil)
	g.PageSize = 1000
	for i := range 100 {
		r := dc(fmt.Sprint(i))
		r.Metadata = append(r.Metadata, strings.Repeat(" ", 100_000)...)
		g.putAs(fmt.Sprint(i), []store.Record{r})
	}
	ended := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- struct{}{} }()
		g.ServeHTTP(w, r)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/oai?verb=ListRecords&metadataPrefix=oai_dc", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, err = res.Body.Read(make([]byte, 10))
	require.NoError(t, err)
	cancel()
	res.Body.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("the worker is not freed")
	}
	res, err = http.Get(server.URL + "/oai?verb=Identify")
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, 200, res.StatusCode)
}

func TestC_Identify(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	r := g.get("verb=Identify")
	t.Run("C01_Facts", func(t *testing.T) {
		for path, want := range map[string]string{
			"repositoryName": "Sheaf & friends", "baseURL": baseURL, "protocolVersion": "2.0", "adminEmail": "admin@sheaf.example.org",
			"granularity": "YYYY-MM-DDThh:mm:ssZ", "compression": "gzip",
		} {
			assert.Equal(t, want, r.text("Identify/"+path))
		}
		assert.Equal(t, []string{"verb=Identify"}, r.attributes())
	})
	t.Run("C02_EarliestBoundsDeletions", func(t *testing.T) {
		g := newRig(t, v)
		g.put("d1")
		g.delete("d1")
		g.put("r1")
		earliest, _, ok := parseDatestamp(g.get("verb=Identify").text("//earliestDatestamp"))
		require.True(t, ok)
		before := string(appendDatestamp(nil, earliest-1))
		assert.Equal(t, []string{"noRecordsMatch"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&until="+before).codes())
		assert.Equal(t, []string{"-d1", "r1"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&from="+string(appendDatestamp(nil, earliest))).ids())
	})
	t.Run("C03_EmptyRepository", func(t *testing.T) {
		g := newRig(t, v)
		r := g.get("verb=Identify")
		assert.Equal(t, start.Format(time.RFC3339), r.text("//earliestDatestamp"))
		assert.Empty(t, r.root.FindElements("//description"), "no sample of what is not there")
		assert.Equal(t, []string{"noRecordsMatch"}, g.get("verb=ListRecords&metadataPrefix=oai_dc").codes())
	})
	t.Run("C04_SampleResolves", func(t *testing.T) {
		g := newRig(t, v)
		for _, local := range []string{"d1", "d2", "d3"} {
			g.put(local)
			g.delete(local)
		}
		g.put("r1")
		r := g.get("verb=Identify")
		sample := r.text("//sampleIdentifier")
		assert.Equal(t, id+"r1", sample)
		assert.Len(t, r.root.FindElements("//oai-identifier"), 1)
		got := g.get("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + sample)
		assert.Empty(t, got.codes())
		assert.Equal(t, []string{"r1"}, got.ids())
	})
	t.Run("C05_SchemasAreHosted", func(t *testing.T) {
		for _, query := range []string{"verb=Identify", "verb=ListSets", "verb=ListRecords&metadataPrefix=jats"} {
			for _, e := range g.get(query).root.FindElements("//*[@schemaLocation]") {
				words := strings.Fields(e.SelectAttrValue("xsi:schemaLocation", ""))
				require.Len(t, words, 2)
				assert.Equal(t, e.NamespaceURI(), words[0])
				assert.Regexp(t, `^http://(www\.openarchives\.org/OAI/2\.0/|sheaf\.example\.org/schemas/)`, words[1])
			}
		}
	})
	t.Run("C06_DeletedRecord", func(t *testing.T) {
		assert.Equal(t, "persistent", r.text("Identify/deletedRecord"))
		assert.Contains(t, allIDs(g.walk("verb=ListRecords&metadataPrefix=oai_dc")), "-d1")
	})
}

func TestD_ListMetadataFormats(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	prefixes := func(r reply) (all []string) {
		for _, e := range r.root.FindElements("//metadataPrefix") {
			all = append(all, e.Text())
		}
		return all
	}
	for _, c := range []struct{ name, query, want string }{
		{"D01_All", "", "oai_dc jats"},
		{"D02_OfOneItem", "&identifier=" + id + "r9", "oai_dc"},
		{"D05_OfADeletedItem", "&identifier=" + id + "d1", "oai_dc jats"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, strings.Join(prefixes(g.get("verb=ListMetadataFormats"+c.query)), " "))
		})
	}
	t.Run("D03_UnknownItem", func(t *testing.T) {
		assert.Equal(t, []string{"idDoesNotExist"}, g.get("verb=ListMetadataFormats&identifier=nope").codes())
	})
	t.Run("D04_ItemWithoutFormats", func(t *testing.T) {
		g.putAs("bare", []store.Record{{Prefix: "old", Metadata: []byte("<old/>")}})
		assert.Equal(t, []string{"noMetadataFormats"}, g.get("verb=ListMetadataFormats&identifier="+id+"bare").codes())
	})
	t.Run("D06_AsServed", func(t *testing.T) {
		for _, f := range g.get("verb=ListMetadataFormats").root.FindElements("//metadataFormat") {
			r := g.get("verb=GetRecord&identifier=" + id + "r1&metadataPrefix=" + f.SelectElement("metadataPrefix").Text())
			root := r.root.FindElement("//metadata").ChildElements()[0]
			assert.Equal(t, f.SelectElement("metadataNamespace").Text(), root.NamespaceURI())
			assert.Equal(t, f.SelectElement("metadataNamespace").Text()+" "+f.SelectElement("schema").Text(), root.SelectAttrValue("xsi:schemaLocation", ""))
		}
	})
}

func TestE_Sets(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	specs := func(replies []reply) (all []string) {
		for _, r := range replies {
			for _, e := range r.root.FindElements("//setSpec") {
				all = append(all, e.Text())
			}
		}
		return all
	}
	t.Run("E01_ListSets", func(t *testing.T) {
		replies := g.walk("verb=ListSets")
		assert.Equal(t, []string{"e", "j", "j:s1", "k"}, specs(replies))
		assert.Len(t, replies, 2)
		set := replies[0].root.FindElement("//set")
		assert.Equal(t, "Empty <set> & co", set.SelectElement("setName").Text())
		assert.Equal(t, "No items; a < b & c", set.FindElement("setDescription/dc/description").Text())
	})
	t.Run("E01_ImpliedSetIsNamed", func(t *testing.T) {
		g := newRig(t, v)
		g.put("r1", "a:b")
		r := g.get("verb=ListSets")
		assert.Equal(t, []string{"a", "a:b"}, specs([]reply{r}))
		assert.Equal(t, "a", r.text("ListSets/set[1]/setName"))
		assert.Nil(t, r.token())
	})
	t.Run("E02_NoSets", func(t *testing.T) {
		g := newRig(t, v)
		g.put("r1")
		assert.Equal(t, []string{"noSetHierarchy"}, g.get("verb=ListSets").codes())
		assert.Equal(t, []string{"noSetHierarchy"}, g.get("verb=ListRecords&metadataPrefix=oai_dc&set=j").codes())
		assert.Equal(t, []string{"noSetHierarchy"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&set=j").codes())
	})
	t.Run("E03_ManySetsOfOneName", func(t *testing.T) {
		g := newRig(t, v)
		g.PageSize = 7
		var sets []store.Set
		var want []string
		for i := range 250 {
			want = append(want, fmt.Sprintf("s%03d", i))
			sets = append(sets, store.Set{Spec: want[i], Name: "same"})
		}
		require.NoError(t, g.db.PutSets(context.Background(), sets))
		replies := g.walk("verb=ListSets")
		assert.Equal(t, want, specs(replies))
		last := replies[len(replies)-1].token()
		require.NotNil(t, last)
		assert.Empty(t, last.Text())
		assert.Equal(t, "245", last.SelectAttrValue("cursor", ""))
	})
	t.Run("E04_SetHoldsItsDescendants", func(t *testing.T) {
		assert.Equal(t, []string{"r1", "r2", "r3", "r4", "r5", "r6"}, allIDs(g.walk("verb=ListIdentifiers&metadataPrefix=oai_dc&set=j")))
		assert.Equal(t, []string{"r5", "r6"}, allIDs(g.walk("verb=ListIdentifiers&metadataPrefix=oai_dc&set=j:s1")))
	})
	t.Run("E05_SameHeaderEverywhere", func(t *testing.T) {
		want := ""
		for _, query := range []string{"verb=GetRecord&identifier=" + id + "r5", "verb=ListIdentifiers", "verb=ListRecords", "verb=ListIdentifiers&set=j", "verb=ListRecords&set=j:s1"} {
			if !strings.Contains(query, "GetRecord") {
				query += "&from=" + stamp(5)
			}
			body := g.get(query + "&metadataPrefix=oai_dc").Body.String()
			i, j := strings.Index(body, "<header>"), strings.Index(body, "</header>")
			require.Positive(t, i)
			if want == "" {
				want = body[i:j]
			}
			assert.Equal(t, want, body[i:j])
		}
		assert.True(t, strings.HasSuffix(want, "</datestamp><setSpec>j:s1</setSpec>"), want)
	})
	for _, c := range []struct{ name, set, code string }{
		{"E06_UnknownSet", "unknown", "noRecordsMatch"}, {"E06_EmptySet", "e", "noRecordsMatch"}, {"E07_EmptyArgument", "", "badArgument"},
		{"E08_DoubleColon", "a::b", "badArgument"}, {"E08_Colon", ":", "badArgument"}, {"E08_Slash", "abc/def", "badArgument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, []string{c.code}, g.get("verb=ListRecords&metadataPrefix=oai_dc&set="+url.QueryEscape(c.set)).codes())
		})
	}
	t.Run("E09_SetLeft", func(t *testing.T) {
		g := repoA(t, v)
		before := g.now.Format(time.RFC3339)
		g.put("r1", "k")
		assert.Equal(t, []string{"r1"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&from="+before).ids())
		assert.Equal(t, []string{"r1"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&set=k&from="+before).ids())
		assert.Equal(t, []string{"noRecordsMatch"}, g.get("verb=ListIdentifiers&metadataPrefix=oai_dc&set=j&from="+before).codes())
	})
}

func TestF_Dates(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	const list = "verb=ListIdentifiers&metadataPrefix=oai_dc"
	t.Run("F01_OneDay", func(t *testing.T) {
		g := newRig(t, v)
		for i, at := range []string{"2026-03-09T23:59:59Z", "2026-03-10T00:00:00Z", "2026-03-10T23:59:59Z", "2026-03-11T00:00:00Z"} {
			when, err := time.Parse(time.RFC3339, at)
			require.NoError(t, err)
			g.now = when.Add(-time.Second)
			g.put(fmt.Sprint(i))
		}
		assert.Equal(t, []string{"1", "2"}, g.get(list+"&from=2026-03-10&until=2026-03-10").ids())
		assert.Equal(t, []string{"0", "1", "2"}, g.get(list+"&until=2026-03-10").ids())
		assert.Equal(t, []string{"1", "2", "3"}, g.get(list+"&from=2026-03-10").ids())
	})
	t.Run("F02_OneSecond", func(t *testing.T) {
		assert.Equal(t, []string{"r4"}, g.get(list+"&from="+stamp(4)+"&until="+stamp(4)).ids())
	})
	t.Run("F03_SecondsOfOneDay", func(t *testing.T) {
		assert.Equal(t, []string{"r10", "-d1"}, g.get(list+"&from="+stamp(10)).ids())
	})
	for _, c := range []struct{ name, query, codes string }{
		{"F04_FromAfterUntil", "&from=" + stamp(5) + "&until=" + stamp(4), "badArgument"},
		{"F05_TwoGranularities", "&from=2026-01-01&until=2026-01-02T00:00:00Z", "badArgument"},
		{"F08_UntilBeforeEarliest", "&until=2000-01-01", "noRecordsMatch"},
		{"F08_UntilTheEpoch", "&until=1970-01-01T00:00:00Z", "noRecordsMatch"},
		{"F08_UntilBeforeTheEpoch", "&until=0001-01-01", "noRecordsMatch"},
		{"F09_FromTomorrow", "&from=2026-03-02", "noRecordsMatch"},
		{"F09_FromFarAway", "&from=9999-12-31T23:59:59Z", "noRecordsMatch"},
		{"F09_UntilTomorrow", "&until=2026-03-02", ""},
		{"F09_UntilFarAway", "&until=9999-12-31", ""},
		{"F09_FromLongAgo", "&from=0001-01-01", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.codes, strings.Join(g.get(list+c.query).codes(), " "))
		})
	}
	for _, date := range []string{"2026-02-30", "2026-13-01", "2026-1-1", "20260101", "2026-03-01T00:00:00", "2026-03-01T00:00:00+02:00", "2026-03-01T00:00:00.123Z",
		"2026-03-01T24:00:00Z", "2026-03-01T23:59:60Z", "2026-03-01t00:00:00z", "2026-03-01 00:00:00Z", "2026-03", "2026", "0000-01-01", "-001-01-01", "+026-01-01", "2026-03-01Z", "junk",
		" 2026-03-01", "2026-03-0१"} {
		t.Run("F07_"+date, func(t *testing.T) {
			assert.Equal(t, []string{"badArgument"}, g.get(list+"&from="+url.QueryEscape(date)).codes())
			assert.Equal(t, []string{"badArgument"}, g.get(list+"&until="+url.QueryEscape(date)).codes())
		})
	}
	t.Run("F10_NoFractions", func(t *testing.T) {
		g := newRig(t, v)
		g.now = time.Date(2026, 3, 5, 11, 59, 59, 900_000_000, time.UTC)
		g.put("r1")
		r := g.get(list + "&until=2026-03-05T12:00:00Z")
		assert.Equal(t, "2026-03-05T12:00:00Z", r.text("//datestamp"))
		assert.Equal(t, "2026-03-05T12:00:00Z", r.text("responseDate"))
	})
	t.Run("F11_ServersZone", func(t *testing.T) {
		want := g.get(list + "&from=" + day0 + "&until=" + day0).Body.String()
		local := time.Local
		defer func() { time.Local = local }()
		for _, offset := range []int{-3 * 3600, 5*3600 + 1800} {
			time.Local = time.FixedZone("x", offset)
			assert.Equal(t, want, g.get(list+"&from="+day0+"&until="+day0).Body.String())
		}
	})
	t.Run("F12_OneFormatChanged", func(t *testing.T) {
		g := repoA(t, v)
		other := article("r1, changed")
		g.putAs("r1", []store.Record{dc("r1"), other}, "j")
		want := g.now.Format(time.RFC3339)
		for _, prefix := range []string{"oai_dc", "jats"} {
			assert.Equal(t, want, g.get("verb=GetRecord&identifier="+id+"r1&metadataPrefix="+prefix).text("//datestamp"))
			assert.Equal(t, []string{"r1"}, g.get("verb=ListIdentifiers&metadataPrefix="+prefix+"&from="+want).ids())
			assert.Equal(t, want, g.get("verb=ListRecords&metadataPrefix="+prefix+"&from="+want).text("//datestamp"))
		}
	})
	t.Run("F13_StoredAgainUnchanged", func(t *testing.T) {
		g := newRig(t, v)
		g.put("r1", "j")
		before := g.get("verb=GetRecord&metadataPrefix=jats&identifier=" + id + "r1").text("//datestamp")
		g.putAs("r1", []store.Record{dc("r1"), article("r1")}, "j")
		assert.Equal(t, before, g.get("verb=GetRecord&metadataPrefix=jats&identifier="+id+"r1").text("//datestamp"))
	})
	t.Run("F15_Order", func(t *testing.T) {
		last := ""
		for _, r := range g.walk("verb=ListRecords&metadataPrefix=oai_dc") {
			for _, e := range r.root.FindElements("//datestamp") {
				assert.GreaterOrEqual(t, e.Text(), last)
				last = e.Text()
			}
		}
	})
	t.Run("F16_ResponseDate", func(t *testing.T) {
		assert.Equal(t, g.now.Format(time.RFC3339), g.get("verb=Identify").text("responseDate"))
	})
}

// Chained harvests, each from the first responseDate of the one before, miss nothing that was written in between.
func TestF14_ChainOfHarvests(t *testing.T) {
	g := repoA(t, answersSeen)
	seen := map[string]string{}
	query, n := "verb=ListIdentifiers&metadataPrefix=oai_dc", 0
	for range 10 {
		r := g.get(query)
		first := r.text("responseDate")
		for len(r.codes()) == 0 {
			for _, h := range r.root.FindElements("//header") {
				seen[h.SelectElement("identifier").Text()] = h.SelectElement("datestamp").Text()
			}
			n++
			g.put(fmt.Sprintf("r%d", n%10+1)) // moves in the middle of the list
			g.put(fmt.Sprintf("new%d", n))
			if r.token() == nil || r.token().Text() == "" {
				break
			}
			r = g.resume("ListIdentifiers", r)
		}
		query = "verb=ListIdentifiers&metadataPrefix=oai_dc&from=" + first
	}
	for r := g.get(query); ; r = g.resume("ListIdentifiers", r) { // nobody writes any more
		for _, h := range r.root.FindElements("//header") {
			seen[h.SelectElement("identifier").Text()] = h.SelectElement("datestamp").Text()
		}
		if r.token() == nil || r.token().Text() == "" {
			break
		}
	}
	now := map[string]string{}
	for _, r := range g.walk("verb=ListIdentifiers&metadataPrefix=oai_dc") {
		for _, h := range r.root.FindElements("//header") {
			now[h.SelectElement("identifier").Text()] = h.SelectElement("datestamp").Text()
		}
	}
	assert.Equal(t, now, seen)
}

func TestG_Deleted(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	deleted := start.Add(12 * time.Second).Format(time.RFC3339)
	t.Run("G01_GetRecord", func(t *testing.T) {
		for _, prefix := range []string{"oai_dc", "jats"} {
			r := g.get("verb=GetRecord&identifier=" + id + "d1&metadataPrefix=" + prefix)
			assert.Equal(t, []string{"-d1"}, r.ids())
			assert.Len(t, r.root.FindElement("GetRecord/record").ChildElements(), 1)
		}
	})
	for _, verb := range []string{"ListIdentifiers", "ListRecords"} {
		for _, set := range []string{"", "&set=k"} {
			t.Run("G02_"+verb+set, func(t *testing.T) {
				r := g.get("verb=" + verb + "&metadataPrefix=jats&from=" + deleted + set)
				assert.Equal(t, []string{"-d1"}, r.ids())
				assert.Equal(t, deleted, r.text("//datestamp"))
				assert.Equal(t, "k", r.text("//setSpec"))
				assert.Nil(t, r.root.FindElement("//metadata"))
				assert.Nil(t, r.root.FindElement("//about"))
			})
		}
	}
	t.Run("G08_OneFormatGone", func(t *testing.T) {
		g := newRig(t, v)
		g.put("r1")
		g.putAs("r1", []store.Record{dc("r1")})
		assert.Equal(t, []string{"r1"}, g.get("verb=ListRecords&metadataPrefix=oai_dc").ids())
		assert.Equal(t, []string{"-r1"}, g.get("verb=ListRecords&metadataPrefix=jats").ids())
		assert.Equal(t, []string{"-r1"}, g.get("verb=GetRecord&metadataPrefix=jats&identifier="+id+"r1").ids())
	})
	t.Run("G04_Restored", func(t *testing.T) {
		g.put("d1", "k")
		ids := allIDs(g.walk("verb=ListIdentifiers&metadataPrefix=oai_dc"))
		assert.Equal(t, "d1", ids[len(ids)-1])
		assert.Len(t, ids, 11)
	})
}

func TestH_Tokens(t *testing.T) {
	v := answersSeen
	const list = "verb=ListIdentifiers&metadataPrefix=oai_dc"
	filled := func(n int) *rig {
		g := newRig(t, v)
		for i := 1; i <= n; i++ {
			g.put(fmt.Sprintf("r%02d", i))
		}
		return g
	}
	want := func(n int) (ids []string) {
		for i := 1; i <= n; i++ {
			ids = append(ids, fmt.Sprintf("r%02d", i))
		}
		return ids
	}
	t.Run("H01_OnePart", func(t *testing.T) { assert.Nil(t, filled(3).get(list).token()) })
	t.Run("H02_LastPartFull", func(t *testing.T) {
		replies := filled(6).walk(list)
		assert.Len(t, replies, 2)
		assert.Equal(t, want(6), allIDs(replies))
		require.NotNil(t, replies[1].token())
		assert.Empty(t, replies[1].token().Text())
	})
	for _, verb := range []string{"ListIdentifiers", "ListRecords"} {
		t.Run("H03_H04_H05_H21_"+verb, func(t *testing.T) {
			g := filled(10)
			replies := g.walk("verb=" + verb + "&metadataPrefix=oai_dc&from=2026-01-01")
			assert.Len(t, replies, 4)
			assert.Equal(t, want(10), allIDs(replies))
			for i, r := range replies {
				e := r.token()
				require.NotNil(t, e, "a child of the list")
				assert.Equal(t, verb, e.Parent().Tag)
				assert.Equal(t, fmt.Sprint(3*i), e.SelectAttrValue("cursor", ""))
				assert.Equal(t, "10", e.SelectAttrValue("completeListSize", ""))
				if i < 3 {
					assert.Equal(t, g.now.Add(24*time.Hour).Format(time.RFC3339), e.SelectAttrValue("expirationDate", ""))
				} else {
					assert.Empty(t, e.Text())
				}
				if i > 0 {
					assert.Equal(t, []string{"verb=" + verb, "resumptionToken=" + replies[i-1].token().Text()}, r.attributes())
				}
			}
		})
	}
	g := filled(10)
	first := g.get(list)
	token := first.token().Text()
	for _, c := range []struct{ name, query, codes string }{
		{"H06_WithPrefix", "verb=ListIdentifiers&resumptionToken=" + token + "&metadataPrefix=oai_dc", "badArgument"},
		{"H06_WithUntil", "verb=ListIdentifiers&until=2030-01-01&resumptionToken=" + token, "badArgument"},
		{"H06_Twice", "verb=ListIdentifiers&resumptionToken=" + token + "&resumptionToken=" + token, "badArgument"},
		{"H07_Junk", "verb=ListIdentifiers&resumptionToken=junk", "badResumptionToken"},
		{"H07_Empty", "verb=ListIdentifiers&resumptionToken=", "badResumptionToken"},
		{"H07_MarkupInIt", "verb=ListIdentifiers&resumptionToken=%22%3E%3Cx%3E", "badResumptionToken"},
		{"H08_ListRecords", "verb=ListRecords&resumptionToken=" + token, "badResumptionToken"},
		{"H08_ListSets", "verb=ListSets&resumptionToken=" + token, "badResumptionToken"},
		{"H08_GetRecord", "verb=GetRecord&resumptionToken=" + token, "badArgument badArgument badArgument"},
		{"H09_LineEndInside", "verb=ListIdentifiers&resumptionToken=" + token[:5] + "%0A" + token[5:], "badResumptionToken"},
		{"H09_Padded", "verb=ListIdentifiers&resumptionToken=" + token + "=", "badResumptionToken"},
		{"H09_Cut", "verb=ListIdentifiers&resumptionToken=" + token[:len(token)-1], "badResumptionToken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.codes, strings.Join(g.get(c.query).codes(), " "))
		})
	}
	t.Run("H09_EachByteChanged", func(t *testing.T) {
		g := filled(4)
		g.valid = nil
		token := g.get(list).token().Text()
		for i := range token {
			for _, c := range "AB_z" {
				if changed := token[:i] + string(c) + token[i+1:]; changed != token {
					assert.Equal(t, []string{"badResumptionToken"}, g.get("verb=ListIdentifiers&resumptionToken="+changed).codes(), changed)
				}
			}
		}
	})
	t.Run("H09_AnotherRepository", func(t *testing.T) {
		other := g.again(func(r *Repository) { r.RepositoryID = "other.example.org" }) // over the same store
		assert.Equal(t, []string{"badResumptionToken"}, other.get("verb=ListIdentifiers&resumptionToken="+token).codes())
	})
	t.Run("H10_H11_SameTokenAgain", func(t *testing.T) {
		second := g.resume("ListIdentifiers", first)
		third := g.resume("ListIdentifiers", second)
		assert.Equal(t, []string{"r07", "r08", "r09"}, third.ids())
		assert.Equal(t, second.Body.String(), g.resume("ListIdentifiers", first).Body.String())
		assert.Equal(t, []string{"r04", "r05", "r06"}, second.ids())
	})
	t.Run("H12_H19_RestartAndPageSize", func(t *testing.T) {
		again := g.again(func(r *Repository) { r.PageSize = 5 })
		r := again.get("verb=ListIdentifiers&resumptionToken=" + token)
		assert.Equal(t, []string{"r04", "r05", "r06", "r07", "r08"}, r.ids())
		assert.Equal(t, "3", r.token().SelectAttrValue("cursor", ""))
		assert.Equal(t, []string{"r09", "r10"}, g.resume("ListIdentifiers", r).ids())
	})
	t.Run("H13_Expiry", func(t *testing.T) {
		g := filled(4)
		token := g.get(list).token().Text()
		issued := g.now
		g.now = issued.Add(24*time.Hour - time.Second)
		assert.Empty(t, g.get("verb=ListIdentifiers&resumptionToken="+token).codes())
		g.now = issued.Add(24*time.Hour + time.Second)
		assert.Equal(t, []string{"badResumptionToken"}, g.get("verb=ListIdentifiers&resumptionToken="+token).codes())
	})
	t.Run("H13_FormatIsGone", func(t *testing.T) {
		g := filled(4)
		token := g.get(list).token().Text()
		without := g.again(func(r *Repository) { r.Formats = r.Formats[1:] })
		assert.Equal(t, []string{"badResumptionToken"}, without.get("verb=ListIdentifiers&resumptionToken="+token).codes())
	})
	t.Run("H14_Inserted", func(t *testing.T) {
		g := filled(10)
		r := g.get(list)
		ids := r.ids()
		for _, local := range []string{"a", "r03a", "z"} {
			g.put(local)
		}
		for r.token().Text() != "" {
			r = g.resume("ListIdentifiers", r)
			ids = append(ids, r.ids()...)
			assert.Equal(t, "10", r.token().SelectAttrValue("completeListSize", ""))
		}
		assert.Equal(t, want(10), ids)
	})
	t.Run("H15_Modified", func(t *testing.T) {
		g := filled(10)
		r := g.get(list)
		began, ids := r.text("responseDate"), r.ids()
		g.put("r08")
		for r.token().Text() != "" {
			r = g.resume("ListIdentifiers", r)
			ids = append(ids, r.ids()...)
		}
		assert.Equal(t, slices.DeleteFunc(want(10), func(s string) bool { return s == "r08" }), ids)
		assert.Contains(t, g.get(list+"&from="+began).ids(), "r08")
	})
	t.Run("H16_Deleted", func(t *testing.T) {
		g := filled(10)
		r := g.get(list)
		ids := r.ids()
		g.delete("r02")
		g.delete("r05")
		for r.token().Text() != "" {
			r = g.resume("ListIdentifiers", r)
			ids = append(ids, r.ids()...)
		}
		assert.Equal(t, slices.DeleteFunc(want(10), func(s string) bool { return s == "r05" }), ids)
	})
	t.Run("H16_AllTheRestHasMoved", func(t *testing.T) {
		g := filled(5)
		r := g.get(list)
		g.put("r04")
		g.delete("r05")
		assert.Equal(t, []string{"noRecordsMatch"}, g.resume("ListIdentifiers", r).codes())
		assert.Equal(t, []string{"r04", "-r05"}, g.get(list+"&from="+string(appendDatestamp(nil, g.now.Unix()-1))).ids())
	})
	t.Run("H18_AllTouchedInTheMiddle", func(t *testing.T) {
		g := filled(10)
		r := g.get(list)
		for _, local := range want(10) {
			g.put(local)
		}
		assert.Equal(t, []string{"noRecordsMatch"}, g.resume("ListIdentifiers", r).codes())
	})
	t.Run("H20_Text", func(t *testing.T) {
		g := newRig(t, v)
		long := "10.5555/" + strings.Repeat("x", store.MaxLocal-9)
		for i := range 4 {
			g.put(long+fmt.Sprint(i), "journal:"+strings.Repeat("j", 70))
		}
		token := g.get("verb=ListRecords&metadataPrefix=oai_dc&set=journal:" + strings.Repeat("j", 70) + "&from=2026-01-01").token().Text()
		assert.Regexp(t, `^[A-Za-z0-9_-]+$`, token)
		assert.Less(t, len(token), 500)
		decoded, err := url.QueryUnescape(token)
		require.NoError(t, err)
		assert.Equal(t, token, decoded)
	})
	t.Run("H25_ADayOld", func(t *testing.T) {
		g := filled(4)
		token := g.get(list).token().Text()
		g.now = g.now.Add(23 * time.Hour)
		assert.Equal(t, []string{"r04"}, g.get("verb=ListIdentifiers&resumptionToken="+token).ids())
	})
}

func TestH17_OneDatestamp(t *testing.T) {
	g := newRig(t, nil)
	var changes []store.Change
	for i := range 1000 {
		changes = append(changes, store.Change{Local: fmt.Sprint(i), Records: []store.Record{dc("x")}})
	}
	g.change(changes...)
	for _, size := range []int{100, 7} {
		g.PageSize = size
		ids := allIDs(g.walk("verb=ListIdentifiers&metadataPrefix=oai_dc"))
		assert.Len(t, ids, 1000)
		slices.Sort(ids)
		assert.Len(t, slices.Compact(ids), 1000)
	}
}

// recorder notes what is asked of a store.
type recorder struct {
	Items
	queries []store.Query
}

func (r *recorder) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	r.queries = append(r.queries, q)
	return r.Items.List(ctx, q, visit)
}

// Whatever the depth, a page asks the store for as much, by key; and only the first response of a list counts it.
func TestH22_H24_WorkForAPage(t *testing.T) {
	g := newRig(t, nil)
	var changes []store.Change
	for i := range 1000 {
		changes = append(changes, store.Change{Local: fmt.Sprintf("%04d", i), Records: []store.Record{dc("x")}})
	}
	g.change(changes...)
	g.PageSize = 50
	g.walk("verb=ListRecords&metadataPrefix=oai_dc") // learns how large a record is
	seen := &recorder{Items: g.db}
	g.Items = seen
	assert.Len(t, allIDs(g.walk("verb=ListRecords&metadataPrefix=oai_dc")), 1000)
	assert.Len(t, seen.queries, 20, "a stretch for each page of small records")
	for i, q := range seen.queries {
		assert.Equal(t, i == 0, q.Count)
		assert.Equal(t, 50, q.Limit)
		if i > 0 {
			assert.Equal(t, fmt.Sprintf("%04d", 50*i-1), q.After.Local)
		}
	}
}

// pieces is a client that notes how much it gets at a time.
type pieces struct {
	discard
	largest int
}

func (p *pieces) Write(b []byte) (int, error) {
	p.largest = max(p.largest, len(b))
	return p.discard.Write(b)
}

// However large a page is, little of it is in memory at a time.
func TestH23_PageInPieces(t *testing.T) {
	g := newRig(t, nil)
	g.PageSize = 300
	var changes []store.Change
	for i := range 300 {
		r := dc(fmt.Sprint(i))
		r.Metadata = append(r.Metadata, noise(i)...)
		changes = append(changes, store.Change{Local: fmt.Sprint(i), Records: []store.Record{r}})
	}
	g.change(changes...)
	for _, coding := range []string{"", "gzip"} {
		req := httptest.NewRequest("GET", "/oai?verb=ListRecords&metadataPrefix=oai_dc", nil)
		req.Header.Set("Accept-Encoding", coding)
		w := &pieces{discard: discard{header: http.Header{}}}
		g.ServeHTTP(w, req)
		assert.Greater(t, w.n, int64(5<<20))
		assert.Less(t, w.largest, 2*stretchSize)
		assert.Empty(t, w.header.Get("Content-Length"))
	}
}

func TestH10_InParallel(t *testing.T) {
	g := repoA(t, nil)
	first := g.get("verb=ListRecords&metadataPrefix=jats")
	bodies := make(chan string)
	for range 16 {
		go func() {
			bodies <- g.serve(httptest.NewRequest("GET", "/oai?verb=ListRecords&resumptionToken="+first.token().Text(), nil)).Body.String()
		}()
	}
	want := <-bodies
	for range 15 {
		assert.Equal(t, want, <-bodies)
	}
}

func TestI_XML(t *testing.T) {
	v := answersSeen
	g := repoA(t, v)
	t.Run("I01_EveryVerb", func(t *testing.T) { // validated at the end
		g.get("verb=Identify")
		g.get("verb=ListMetadataFormats")
		g.walk("verb=ListSets")
		for _, prefix := range []string{"oai_dc", "jats"} {
			g.get("verb=GetRecord&identifier=" + id + "r1&metadataPrefix=" + prefix)
			g.walk("verb=ListIdentifiers&metadataPrefix=" + prefix)
			g.walk("verb=ListRecords&metadataPrefix=" + prefix)
		}
	})
	t.Run("I02_JATSNamespace", func(t *testing.T) {
		root := g.get("verb=GetRecord&identifier=" + id + "r1&metadataPrefix=jats").root.FindElement("//metadata/article")
		assert.Equal(t, jatsNS, root.NamespaceURI())
	})
	t.Run("I04_ForbiddenCharacters", func(t *testing.T) {
		got := string(appendText(nil, "a\x03b\x0bc\uFFFEd\xed\xa0\x80e<&>\"\n"))
		assert.Equal(t, "a\uFFFDb\uFFFDc\uFFFDd\uFFFD\uFFFD\uFFFDe&lt;&amp;&gt;&quot;&#10;", got)
		require.NoError(t, g.db.PutSets(context.Background(), []store.Set{{Spec: "z", Name: "a\x03b\uFFFF"}}))
		g.PageSize = 10
		assert.Equal(t, "a\uFFFDb\uFFFD", g.get("verb=ListSets").text("ListSets/set[5]/setName"))
		g.PageSize = 3
	})
	t.Run("I05_LongTextOverEveryBoundary", func(t *testing.T) {
		g := newRig(t, v)
		g.PageSize = 100
		var want []string
		for i := range 30 {
			r := dc("x")
			text := strings.Repeat("x", i%4) + strings.Repeat("𠮷e\u0301я", 1000)
			want = append(want, text)
			r.Metadata = []byte(strings.Replace(string(r.Metadata), "Title of x", text, 1))
			g.putAs(fmt.Sprintf("r%02d", i), []store.Record{r})
		}
		for range 2 { // the second time the size of the stretches is known
			var got []string
			for _, e := range g.get("verb=ListRecords&metadataPrefix=oai_dc").root.FindElements("//dc:title") {
				got = append(got, e.Text())
			}
			assert.Equal(t, want, got)
		}
	})
	t.Run("I07_ItemWithoutTheFormat", func(t *testing.T) {
		replies := g.walk("verb=ListRecords&metadataPrefix=jats&from=" + stamp(8) + "&until=" + stamp(10))
		assert.Equal(t, []string{"r8", "r10"}, allIDs(replies))
	})
	t.Run("I09_SameMetadataEverywhere", func(t *testing.T) {
		metadata := func(query string) string {
			body := g.get(query).Body.String()
			i, j := strings.Index(body, "<metadata>"), strings.Index(body, "</record>")
			require.Positive(t, i)
			return body[i:j]
		}
		assert.Equal(t, metadata("verb=ListRecords&metadataPrefix=jats"), metadata("verb=GetRecord&metadataPrefix=jats&identifier="+id+"r1"))
	})
	t.Run("I14_About", func(t *testing.T) {
		r := g.get("verb=GetRecord&metadataPrefix=jats&identifier=" + id + "r1")
		assert.Equal(t, "http://sheaf.example.org/rights/x", r.root.FindElement("GetRecord/record/about/rights/rightsReference").SelectAttrValue("ref", ""))
		assert.Equal(t, "http://sheaf.example.org/records/x", r.root.FindElement("//self-uri").SelectAttrValue("xlink:href", ""))
		assert.NotContains(t, r.Body.String(), crosswalk.AboutMark)
		assert.NotContains(t, r.Body.String(), crosswalk.BaseURL)
	})
}

// What the real crosswalks make of articles, through the store and the endpoint.
func TestI_RealCrosswalks(t *testing.T) {
	g := newRig(t, answersSeen)
	g.PageSize = 100
	g.Formats = crosswalk.All()[:2] // the others are answered in cmd/sheaf, TestEveryWayOut, where all schemas are
	one := &jats.Article{
		Lang: "en", ArticleType: "research-article",
		Title:       jats.Title{Text: jats.Rich("H<sub>2</sub>O &amp; p &lt; 0.05")},
		TransTitles: []jats.Title{{Lang: "ru", Text: jats.Escape("Вода & <пар>")}},
		Journal:     jats.Journal{IDs: []jats.ID{{Type: "publisher-id", Value: "x"}}, Title: jats.Title{Text: "X"}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "1234-5679"}}},
		IDs:         []jats.ID{{Type: "doi", Value: "10.5555/x"}},
		Contribs:    []jats.Contrib{{Names: []jats.Name{{Surname: "Doe", GivenNames: "Jo"}}, Affs: []string{"a1"}, IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}}}},
		Affs:        []jats.Aff{{ID: "a1", Forms: []jats.AffForm{{Institutions: []jats.Institution{{Name: "University of Tests"}}, Country: "Norway"}}}},
		PubDates:    []jats.Date{{Type: "pub", Format: "electronic", Date: "2020-05"}},
		Permissions: jats.Permissions{Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}},
		Abstracts:   []jats.Abstract{{P: []jats.Rich{"One."}}, {Lang: "ru", P: []jats.Rich{"Один."}}},
	}
	var changes []store.Change
	for _, local := range []string{"10.5555/a", "10.5555/b(1)2"} {
		c := store.Change{Local: local, Article: []byte("{}"), Sets: named([]string{"journal:x"})}
		rendered, err := crosswalk.RenderAll(g.Formats, crosswalk.Record(one, local, time.Unix(1790000000, 0)))
		require.NoError(t, err)
		for _, x := range rendered {
			c.Records = append(c.Records, store.Record{Prefix: x.Format.Prefix, Metadata: x.Metadata, Rare: x.Format.Rare})
		}
		changes = append(changes, c)
	}
	g.now = g.now.Add(time.Second)
	g.change(changes...)
	t.Run("I03_SameIDsInTwoArticles", func(t *testing.T) { // xmllint finds an xs:ID that stands twice
		r := g.get("verb=ListRecords&metadataPrefix=jats")
		affs := r.root.FindElements("//aff")
		require.Len(t, affs, 2)
		assert.NotEqual(t, affs[0].SelectAttrValue("id", ""), affs[1].SelectAttrValue("id", ""))
		for i, x := range r.root.FindElements("//xref[@ref-type='aff']") {
			assert.Equal(t, affs[i].SelectAttrValue("id", ""), x.SelectAttrValue("rid", ""))
		}
	})
	t.Run("I11_Languages", func(t *testing.T) {
		r := g.get("verb=GetRecord&metadataPrefix=jats&identifier=" + id + "10.5555/a")
		assert.Equal(t, "ru", r.root.FindElement("//trans-title-group").SelectAttrValue("xml:lang", ""))
		assert.Equal(t, "ru", r.root.FindElement("//trans-abstract").SelectAttrValue("xml:lang", ""))
		r = g.get("verb=GetRecord&metadataPrefix=oai_dc&identifier=" + id + "10.5555/a")
		for _, name := range []string{"title", "description"} {
			var langs []string
			for _, e := range r.root.FindElements("//dc:" + name) {
				langs = append(langs, e.SelectAttrValue("xml:lang", ""))
			}
			assert.Equal(t, []string{"en", "ru"}, langs, name)
		}
	})
	t.Run("I12_Facts", func(t *testing.T) {
		body := g.get("verb=GetRecord&metadataPrefix=jats&identifier=" + id + "10.5555/a").Body.String()
		for _, fact := range []string{"10.5555/x", "1234-5679", "https://orcid.org/0000-0002-1825-0097", "University of Tests", "https://creativecommons.org/licenses/by/4.0/", `iso-8601-date="2020-05"`} {
			assert.Contains(t, body, fact)
		}
	})
	t.Run("I10_I13_DublinCore", func(t *testing.T) {
		r := g.get("verb=ListRecords&metadataPrefix=oai_dc")
		assert.Equal(t, "H2O & p < 0.05", r.text("//dc:title"))
		var titles []string
		for _, e := range r.root.FindElements("ListRecords/record[1]//dc:title") {
			titles = append(titles, e.Text())
		}
		assert.Equal(t, []string{"H2O & p < 0.05", "Вода & <пар>"}, titles)
	})
	t.Run("I14_LicenceAsRights", func(t *testing.T) {
		for _, f := range g.Formats {
			r := g.get("verb=GetRecord&identifier=" + id + "10.5555/a&metadataPrefix=" + f.Prefix)
			if slices.Contains(r.codes(), "cannotDisseminateFormat") { // the format does not take this article
				continue
			}
			e := r.root.FindElement("GetRecord/record/about/rights/rightsReference")
			require.NotNil(t, e)
			assert.Equal(t, "https://creativecommons.org/licenses/by/4.0/", e.SelectAttrValue("ref", ""))
		}
		g.delete("10.5555/a")
		assert.Nil(t, g.get("verb=GetRecord&identifier="+id+"10.5555/a&metadataPrefix=jats").root.FindElement("//about"))
	})
	t.Run("D06_AsAdvertised", func(t *testing.T) {
		for _, f := range g.get("verb=ListMetadataFormats&identifier=" + id + "10.5555/b(1)2").root.FindElements("//metadataFormat") {
			root := g.get("verb=GetRecord&identifier=" + id + "10.5555/b(1)2&metadataPrefix=" + f.SelectElement("metadataPrefix").Text()).root.FindElement("//metadata").ChildElements()[0]
			assert.Equal(t, f.SelectElement("metadataNamespace").Text(), root.NamespaceURI())
			assert.Equal(t, f.SelectElement("metadataNamespace").Text()+" "+f.SelectElement("schema").Text(), root.SelectAttrValue("xsi:schemaLocation", ""))
		}
	})
}

// A live record that cannot be served is left out of the list and counted, never shown as deleted; the list goes on.
func TestG05_I08_BrokenRecord(t *testing.T) {
	v := answersSeen
	g := newRig(t, v)
	for i := 1; i <= 10; i++ {
		r := dc(fmt.Sprint(i))
		if i >= 4 && i <= 6 || i == 8 { // the whole second part, and one of the third
			r.Metadata = []byte("\x02broken")
		}
		g.putAs(fmt.Sprintf("r%02d", i), []store.Record{r})
	}
	replies := g.walk("verb=ListRecords&metadataPrefix=oai_dc")
	assert.Equal(t, []string{"r01", "r02", "r03", "r07", "r09", "r10"}, allIDs(replies))
	assert.EqualValues(t, 4, g.Faults())
	assert.Equal(t, 500, func() int {
		g.Items = &broken{Items: g.db}
		return g.serve(httptest.NewRequest("GET", "/oai?verb=GetRecord&metadataPrefix=oai_dc&identifier="+id+"r05", nil)).Code
	}())
}
