# make          the program, one static file
# make test     gets what the tests need, then vets and tests
# make release VERSION=v1.2.3
#               the archives of what is committed, in dist: the same bytes wherever it is done
# make bench    measures Sheaf against the same bytes served from memory; make bench N=20000 is quicker
# make load     64 harvesters and 8 writers for five minutes; make load D=1m is quicker, DB=postgres has another store
# make soak     the promises under fire for hours: 200,000 changes on each backend and through replicas, 200 kills

N ?= 100000
D ?= 5m

# The race detector needs a C compiler.
RACE = $(if $(shell command -v cc),-race)

.PHONY: sheaf test bench load soak release clean

sheaf:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o sheaf ./cmd/sheaf

test:
	.ci/tools
	.ci/get-schemas
	go vet ./...
	go test $(RACE) -timeout 20m ./...

bench:
	go run ./cmd/sheaf/bench -n $(N)

load:
	go run ./cmd/sheaf/bench -soak $(D) -db '$(DB)'

soak:
	SHEAF_SOAK=200000 go test -count 1 -v -timeout 4h -run 'TestNeverMissAChange' ./oai
	SHEAF_KILLS=200 go test -count 1 -v -timeout 2h -run 'TestKill' ./cmd/sheaf

release:
	go run ./cmd/sheaf/release -version '$(VERSION)'

clean:
	rm -rf sheaf .schemas .tools bench-out dist
