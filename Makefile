.PHONY: build start client sbom generate check test fuzz ci bench bench-smoke test-chaos clean

SOURCES := package.json tsconfig.json openapi.yaml generated/spec.json $(shell find src generated migrations test -name '*.ts') \
	$(wildcard src/client/*.json src/client/*.md)
GENERATE := npx --no-install tsc --outDir dist/generate --rootDir . --target es2023 --module nodenext \
	--skipLibCheck --types node src/generate.ts && node dist/generate/src/generate.js

# tsc copies no .d.ts: the client's types, and the generated ones that they import from, are put where its code is.
TYPES_OF_CLIENT := npx --no-install tsc --project src/client && cp generated/openapi.d.ts dist/generated/
# The same files as a package of its own, of the server's version and without its dependencies.
PACKAGE_OF_CLIENT := mkdir -p dist/client/src dist/client/generated && cp -R dist/src/client dist/client/src/ && \
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

dist/.built: node_modules/.package-lock.json $(SOURCES)
	rm -rf dist
	npx --no-install tsc
	@chmod +x dist/src/cli.js
	@$(TYPES_OF_CLIENT)
	@$(PACKAGE_OF_CLIENT)
	@touch $@

# The server and its command line, into dist/.
build: dist/.built

# A directory on this machine: installs, builds, starts.
start: build
	@exec node dist/src/cli.js serve

# The client as a package of its own, into dist/.
client: build
	npm pack --silent --pack-destination dist ./dist/client

# What the server is made of, as CycloneDX: the dependencies that package-lock.json names, without those of development.
sbom:
	@mkdir -p dist
	$(SBOM)

# generated/ from openapi.yaml.
generate: node_modules/.package-lock.json
	$(GENERATE) generated

# Fails on generated files that are stale, on type errors, and on lint of the code and of the contract.
check: node_modules/.package-lock.json
	@mkdir -p dist/generated-now
	$(GENERATE) dist/generated-now
	@diff -r generated dist/generated-now || { echo 'generated/ is stale: run "make generate"'; exit 1; }
	npx --no-install tsc --noEmit
	npx --no-install eslint .
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --no-install redocly lint --config .redocly.yaml openapi.yaml
	npx --no-install spectral lint --fail-severity warn openapi.yaml

# All tests on the embedded default, and on the Postgres server that TEST_DATABASE_URL names, where it is set.
test: build
	node dist/test/run.js

# A longer run of the fuzzer than that of the tests, on the embedded default or where TEST_DATABASE_URL points.
fuzz: build
	node dist/test/helpers/template.js
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
	@node dist/test/helpers/template.js
	@node dist/test/chaos/main.js
	@test/with-postgres.sh node dist/test/chaos/timing.js

clean:
	rm -rf dist node_modules
