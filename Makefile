.DEFAULT_GOAL := help
.PHONY: help run test deps lint format token like bench simulate mutate faults cluster synth preflight install
.NOTPARALLEL:

# The Node of the dev dependencies, whatever the machine has.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What stands on make's command line (AMQP_URL=… PORT=…) reaches the process in its environment: make exports it.
run: install ## the platform in one process; AMQP_URL=, MONGODB_URL=, REDIS_URL= replace embedded parts, PORT=, DATA_DIR= …
	@exec node services/standalone/main.ts

test: deps lint ## install what the tests need and run all of them, or those whose path matches ONLY=
	@bash scripts/test.sh $(ONLY)

deps: ## install what the tests need: npm, Debian packages, MongoDev, SecantusDB
	@bash scripts/deps.sh

lint: install ## check style, import rules and types
	@biome check . && tsc

format: install ## format and sort imports
	@biome check --write .

# Login shells set USER: only the one of the command line names whom the token is for.
token: export TOKEN_USER = $(if $(findstring command,$(origin USER)),$(USER))
token: install ## print a token: USER=alice
	@node services/standalone/token.ts

like: install ## publish a like as a .NET service would: FROM=bob TO=alice, AMQP_URL= for a broker
	@node services/standalone/like.ts

bench: deps ## measure, see docs/performance.md: PART=notifications or chat, SHORT=1 to try, ROUNDS=, MONGODB_URL= for a mongod
	@node test/bench/main.ts

simulate: install ## break the platform in memory: SEED= replays one, SEEDS= runs that many, HOUSE= one of its kinds
	@node test/simulation/main.ts

mutate: install ## switch each rule off in a copy and see that the simulator notices: RULE= part of a name, SEEDS= at most
	@node test/simulation/mutations/main.ts

faults: deps ## kill and freeze real processes while people talk: SEED= is the first schedule, ROUNDS= how many
	@vitest run test/faults

synth: install ## write the manifests of every environment to dist/
	@node cdk8s/main.ts

cluster: deps ## a Kubernetes cluster for manifests, until Ctrl-C (as root): FORWARD=NAME.NAMESPACE.svc:PORT
	@exec node test/cluster/main.ts

preflight: install ## tell what the cluster that kubectl talks to lacks: FOR=production
	@node cdk8s/preflight/main.ts $(FOR)

install:
	@bash scripts/install.sh
