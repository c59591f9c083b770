package jats

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkRead(b *testing.B) {
	path := os.Getenv("SHEAF_BENCH_JATS")
	if path == "" {
		b.Skip("SHEAF_BENCH_JATS names no file")
	}
	data, err := os.ReadFile(path)
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClean(b *testing.B) {
	path := os.Getenv("SHEAF_BENCH_JATS")
	if path == "" {
		b.Skip("SHEAF_BENCH_JATS names no file")
	}
	data, err := os.ReadFile(path)
	require.NoError(b, err)
	a, _, err := Read(data)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		a.Clean()
	}
}
