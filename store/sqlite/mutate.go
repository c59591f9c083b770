//go:build !sheafmutation

package sqlite

// mutated takes the datestamp before the lock, and so breaks the promise that commits come in the order of their stamps: with the build tag
// sheafmutation the tests of that promise must fail.
const mutated = false
