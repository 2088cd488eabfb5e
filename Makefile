.PHONY: install build generate check test ci clean

SOURCES := openapi.yaml $(shell find src generated migrations test -name '*.ts' 2>/dev/null)

# What package-lock.json names, without running any package's install script.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

install: node_modules/.package-lock.json

dist/.built: install tsconfig.json $(SOURCES)
	rm -rf dist
	npx --no-install tsc
	@chmod +x dist/src/cli.js
	@touch $@

# The server and its command line, into dist/.
build: dist/.built

# generated/ from openapi.yaml.
generate: install
	npx --no-install tsc --outDir dist/generate --rootDir . --target es2023 --module nodenext --skipLibCheck --types node src/generate.ts
	node dist/generate/src/generate.js

# Fails on stale generated files, type errors and lint.
check: generate
	@git diff --exit-code -- generated || { echo 'generated/ is stale: commit it with openapi.yaml'; exit 1; }
	npx --no-install tsc --noEmit
	npx --no-install eslint .

# The tests, against the Postgres server that TEST_DATABASE_URL names, or else one that is started for them.
test: build
	test/with-postgres.sh test/run.sh

# Everything that has to hold before a change lands.
ci: check test

clean:
	rm -rf dist .tap node_modules
