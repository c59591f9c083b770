//go:build sheafmutation

package postgres

import (
	"testing"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"
	"sheaf/store/storetest"

	"github.com/stretchr/testify/require"
)

// A store that stamps before it has the lock must be noticed. The same test without the environment finds nothing.
func TestMutation(t *testing.T) {
	differ := func(seed uint64) bool {
		clock := storetest.NewClock()
		address := pgtest.Shared(t).Database(t)
		nodes := []store.Store{openTest(t, address, Options{Now: clock.Now}), openTest(t, address, Options{Now: clock.Now})}
		differences, err := storetest.Harvest(nodes, clock, seed)
		require.NoError(t, err)
		return len(differences) > 0
	}
	for seed := range uint64(3) {
		require.False(t, differ(seed), "as it is")
	}
	t.Setenv("SHEAF_MUTATION", "early-stamp")
	for seed := range uint64(20) {
		if differ(seed) {
			t.Logf("noticed at seed %d", seed)
			return
		}
	}
	t.Error("a stamp before the lock was not noticed")
}
