//go:build sheafmutation

package sqlite

const mutated = true
