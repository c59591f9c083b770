package jats

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

func BenchmarkReadShared(b *testing.B) {
	for _, name := range []string{"elife/elife.xml", "bmc/1471-2180-11-174.xml", "mdpi/mdpi_climate-11-00147.xml"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile(fixturetest.Shared(b, "data/jats/"+name))
			require.NoError(b, err)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
