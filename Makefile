# An older release would end, after a long install, in a syntax error.
OLD_NODE := $(patsubst v%,%,$(shell case $$(node --version) in (v[0-9].*|v1[0-9].*|v20.[0-9].*|v20.1[0-8].*) node --version;; esac))
ifneq ($(OLD_NODE),)
$(error Node $(OLD_NODE) is too old: install Node 20.19 or newer)
endif

.PHONY: build start client sbom generate check test t watch fuzz ci bench bench-smoke test-chaos clean

# Folders are among the sources, since removing a file changes the time of its folder alone.
SOURCES := package.json tsconfig.json $(shell find src generated migrations test -name '*.ts') \
	$(shell find src/. generated/. migrations/. test/. -type d)
WATCHED := src generated migrations test openapi.yaml package.json tsconfig.json

# esbuild takes half a second where tsc takes fifteen; `make check` checks the types. Without the removal, files whose source is
# gone would still be tested and packed.
TRANSPILE := npx --no-install esbuild 'src/**/*.ts' generated/operations.ts 'migrations/*.ts' 'test/**/*.ts' \
	--outdir=dist --outbase=. --format=esm --platform=node --target=es2023 --sourcemap --log-level=warning && chmod +x dist/src/cli.js && \
	find dist/src dist/generated dist/migrations dist/test -name '*.js' | while read -r file; do source=$${file\#dist/}; \
	test -e "$${source%.js}.ts" || rm -f "$$file" "$$file.map"; done

# The client is a package of its own too, of the server's version and without its dependencies.
PACKAGE_OF_CLIENT := rm -rf dist/client && mkdir -p dist/client/src dist/client/generated && cp -R dist/src/client dist/client/src/ && \
	cp generated/openapi.d.ts dist/client/generated/ && cp LICENSE src/client/README.md dist/client/ && node --print \
	'const { version, license, engines } = require("./package.json"); \
	JSON.stringify({ ...require("./src/client/package.json"), version, license, engines }, null, 2)' \
	>dist/client/package.json

# By `--omit dev` npm would also leave out what both the server and a tool stand on; and it names the package after its folder.
SBOM := npm sbom --package-lock-only --offline --sbom-format cyclonedx | node --eval \
	'const sbom = JSON.parse(fs.readFileSync(0)); const { component } = sbom.metadata; \
	component.name = require("./package.json").name; \
	const ofTools = ({ properties }) => properties.some(({ name }) => name === "cdx:npm:package:development"); \
	sbom.components = sbom.components.filter((one) => !ofTools(one)); \
	const there = new Set([component, ...sbom.components].map((one) => one["bom-ref"])); \
	sbom.dependencies = sbom.dependencies.filter(({ ref }) => there.has(ref)) \
	.map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => there.has(one)) })); \
	fs.writeFileSync("dist/sbom.cdx.json", JSON.stringify(sbom, null, 2))'

# What package-lock.json names, without running any package's install script.
node_modules/.package-lock.json: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# The stamp has the time of the start: an edit during the build is built the next time.
dist/.transpiled: node_modules/.package-lock.json $(SOURCES)
	@mkdir -p dist && touch dist/.started
	@$(TRANSPILE)
	@mv dist/.started $@

# The types of the client import from the generated ones, and tsc copies no .d.ts.
dist/.client: node_modules/.package-lock.json package.json tsconfig.json generated/openapi.d.ts $(wildcard src/client/*) | dist/.transpiled
	@find dist/src/client -name '*.d.ts' -delete
	npx --no-install tsc --project src/client
	@cp generated/openapi.d.ts dist/generated/
	@$(PACKAGE_OF_CLIENT)
	@touch $@

# The server and its command line, into dist/.
build: dist/.transpiled dist/.client

# A directory on this machine: installs, builds, starts.
start: dist/.transpiled
	@exec node dist/src/cli.js serve

# The client as a package of its own, into dist/.
client: build
	npm pack --silent --pack-destination dist ./dist/client

# What the server is made of, as CycloneDX: the dependencies that package-lock.json names, without those of development.
sbom:
	@mkdir -p dist
	$(SBOM)

# generated/ from openapi.yaml.
generate: dist/.transpiled
	node dist/src/generate.js generated

# Fails on generated files that are stale, on type errors, and on lint of the code and of the contract.
check: dist/.transpiled
	@mkdir -p dist/generated-now
	node dist/src/generate.js dist/generated-now
	@diff -r generated dist/generated-now || { echo 'generated/ is stale: run "make generate"'; exit 1; }
	npx --no-install tsc --noEmit --incremental --tsBuildInfoFile .cache/tsbuildinfo
	npx --no-install eslint .
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --no-install redocly lint --config .redocly.yaml openapi.yaml
	npx --no-install spectral lint --fail-severity warn openapi.yaml

# All tests on the embedded default, and on the Postgres server that TEST_DATABASE_URL names, where it is set.
test: build
	node dist/test/run.js

# The test files or folders that f names, on the engine that TEST_DATABASE_URL chooses: make t f=operations/createUser
t: build
	@node dist/test/run.js $(f)

# Builds after every edit, and runs the tests that f names. A file that does not compile is reported once, not in a loop.
watch:
	@mkdir -p .cache && while :; do touch .cache/watched; $(MAKE) --silent $(if $(f),t,build) || true; \
	until find $(WATCHED) -newer .cache/watched | grep -q .; do sleep 0.2; done; done

# A longer run of the fuzzer than that of the tests, on the embedded default or where TEST_DATABASE_URL points.
fuzz: build
	FUZZ_RUNS=$${FUZZ_RUNS:-200000} node --enable-source-maps dist/test/fuzz/fuzz.test.js

# Everything that has to hold before a change lands: the speed first, then all tests, on both engines and in a browser. Without
# TEST_DATABASE_URL it starts a server itself; without wrk or Chromium it installs Debian's, as root.
ci: check build
	test/with-wrk.sh test/with-postgres.sh node dist/test/bench/smoke.js
	test/with-chromium.sh test/with-postgres.sh node dist/test/run.js

# How fast the server is, next to bare ones on the same Postgres. test/bench/README.md has the settings.
bench: build
	@node dist/test/bench/main.js

# Fails where the server has lost its speed: in under a minute, by ratios alone.
bench-smoke: build
	@test/with-wrk.sh test/with-postgres.sh node dist/test/bench/smoke.js

# Times refused sign-ins, and kills servers, workers and databases in the middle of load, over 200 times, and looks whether a promise was broken.
# Its parts take minutes, which tap's half a minute would cut off.
test-chaos: export TAP_TIMEOUT := 1800
test-chaos: build
	@node dist/test/chaos/main.js
	@test/with-postgres.sh node dist/test/chaos/timing.js

clean:
	rm -rf dist .cache node_modules
