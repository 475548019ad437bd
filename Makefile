# Everything a newcomer, a developer and CI run. Needs the .NET 10 SDK; `make help` lists the targets.
DOTNET        ?= dotnet
CONFIGURATION ?= Release
BIN           := $(CURDIR)/artifacts/bin
RESULTS       := $(CURDIR)/artifacts/test-results
ARGS          ?=
PEERS         ?= /var/lib/octavo-peers

.DEFAULT_GOAL := help
.PHONY: help build demo test presubmit manifests images gpu-image kustomize bench bench-serving bench-http bench-prefix bench-batching bench-overhead bench-memory bench-speculation bench-multiturn bench-curves bench-kernels bench-peers bench-tokenizers fuzz-tokenizers fuzz-templates fuzz-loaders fuzz-operator test-latency test-cluster bench-operator clean tools nvrtc nvrtc-usage gpu-publish gpu-check

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

build: ## Build the executables into artifacts/bin
	$(DOTNET) build Octavo.slnf -c $(CONFIGURATION) -v:q --nologo -clp:NoSummary -p:InstallFolder=$(BIN)
	@DOTNET=$(DOTNET) CONFIGURATION=$(CONFIGURATION) ./.ci/precompile $(BIN)

demo: build ## Run the whole platform on this machine (ARGS=--once: check every step and exit)
	$(BIN)/octavo demo $(ARGS)

test: ## Build everything and run all unit and integration tests
	@./.ci/test

presubmit: ## What a change must pass: build without warnings, manifests fresh, kustomize, tests, demo
	@./.ci/run

manifests: ## Generate the CRD and the roles in config/ from the C# types, and the chart's copies of config/
	$(DOTNET) run --project src/Operator -c $(CONFIGURATION) -v q -- manifests --output config
	@./charts/octavo/sync

images: ## Build the container images for linux-x64 and linux-arm64 (REGISTRY=host:port pushes, ARCHIVES=dir writes archives, else the local daemon; ARGS=-p:ContainerBaseImage=…)
	@for project in Operator Gateway ServingRuntime; do \
	  $(DOTNET) publish src/$$project -c $(CONFIGURATION) -t:PublishContainer -p:PublishImages=true --artifacts-path artifacts/images -v:q --nologo \
	    $(if $(REGISTRY),-p:ContainerRegistry=$(REGISTRY)) $(if $(ARCHIVES),-p:ContainerArchiveOutputPath=$(abspath $(ARCHIVES))/octavo-$$project.tar) $(ARGS) || exit 1; \
	done

gpu-image: ## Build the serving runtime's image for NVIDIA GPUs: with NVRTC and cuBLASLt of CUDA_LIBRARIES=dir, else Debian's (REGISTRY, ARCHIVES and ARGS as for images)
	$(if $(CUDA_LIBRARIES),,@./.ci/cuda-libraries)
	$(DOTNET) publish src/ServingRuntime -c $(CONFIGURATION) -t:PublishContainer -p:PublishImages=true --artifacts-path artifacts/images -v:q --nologo \
	  -p:CudaLibraries=$(abspath $(or $(CUDA_LIBRARIES),artifacts/cuda-libraries)) \
	  $(if $(REGISTRY),-p:ContainerRegistry=$(REGISTRY)) $(if $(ARCHIVES),-p:ContainerArchiveOutputPath=$(abspath $(ARCHIVES))/octavo-ServingRuntime-cuda.tar) $(ARGS)

kustomize: ## Render config/default, or OVERLAY=namespaced or monitoring (needs kubectl)
	@kubectl kustomize config/$(or $(OVERLAY),default)

bench: build ## Short benchmarks: throughput, prefix caching, batching, overhead (under 3 minutes)
	./bench/run short

bench-serving: build ## All benchmarks, with the page artifacts/bench/report.html
	./bench/run serving

bench-http bench-prefix bench-batching bench-overhead bench-memory bench-speculation bench-multiturn bench-curves: build
	./bench/run $(@:bench-%=%)

bench-kernels: build ## Kernels alone, beside what the machine can do (ARGS="--cpu-instructions all --rows 1,512 --only gate_up")
	./bench/run kernels $(ARGS)

bench-peers: build ## Beside llama.cpp and transformers on this machine (root, Debian; PEERS=DIR of bench/peers/setup, ARGS="--only decode --quick")
	./bench/peers/setup $(PEERS)
	$(BIN)/octavo-bench peers --peers $(PEERS) --bin $(BIN) $(ARGS)

bench-tokenizers: ## Tokenizers beside Hugging Face's Rust library, on one core (npm; OCTAVO_GOLDEN for more of them)
	$(DOTNET) run --project bench/TokenizerBench -c $(CONFIGURATION) -v q -- measure $(ARGS)

fuzz-tokenizers: ## Look for differences from Hugging Face's tokenizers for 10 minutes (ARGS="--seconds 60 --seed 7")
	$(DOTNET) run --project bench/TokenizerBench -c $(CONFIGURATION) -v q -- fuzz $(ARGS)

fuzz-templates: tools ## Chat templates beside Jinja2 and @huggingface/jinja: 10 minutes (SECONDS_EACH=200 a test of three; OCTAVO_FUZZ_SEED)
	OCTAVO_FUZZ_SECONDS=$${SECONDS_EACH:-200} OCTAVO_FUZZ_SEED=$${OCTAVO_FUZZ_SEED:-$$(date +%s)} $(DOTNET) test tests/ServingRuntime.Engine.Tests -c $(CONFIGURATION) --nologo --logger "console;verbosity=detailed" --filter FullyQualifiedName~TemplateDifferentialTests.Render_Random

fuzz-loaders: ## Checkpoints with something wrong in them: 10 minutes (SECONDS_EACH=45 a test of thirteen; OCTAVO_FUZZ_SEED)
	OCTAVO_FUZZ_SECONDS=$${SECONDS_EACH:-45} OCTAVO_FUZZ_SEED=$${OCTAVO_FUZZ_SEED:-$$(date +%s)} $(DOTNET) test tests/ServingRuntime.Engine.Tests -c $(CONFIGURATION) --nologo --logger "console;verbosity=normal" --filter FullyQualifiedName~LoaderFuzzTests

fuzz-operator: ## The operator through random faults for 10 minutes (SECONDS_EACH=600; OCTAVO_FUZZ_SEED)
	OCTAVO_FUZZ_SECONDS=$${SECONDS_EACH:-600} OCTAVO_FUZZ_SEED=$${OCTAVO_FUZZ_SEED:-$$(date +%s)} $(DOTNET) test tests/OperatorCluster.Tests -c $(CONFIGURATION) --nologo --logger "console;verbosity=detailed" --filter FullyQualifiedName~ChaosTests.Schedules_

test-latency: ## The operator's tests with 0.1 s more for each of its requests (MILLISECONDS=100): what looks too early fails always. Those with faults of their own are left out
	OCTAVO_TEST_LATENCY_MS=$${MILLISECONDS:-100} $(DOTNET) test tests/OperatorCluster.Tests -c $(CONFIGURATION) --nologo --filter "FullyQualifiedName~.Behaviour.&FullyQualifiedName!~FailoverTests"

test-cluster: ## The operator against the cluster of KUBECONFIG, or the etcd and kube-apiserver of KUBEBUILDER_ASSETS (one namespace is made and deleted; the CRD stays)
	@[ -n "$$KUBECONFIG$$KUBEBUILDER_ASSETS" ] || { echo "test-cluster: set KUBECONFIG or KUBEBUILDER_ASSETS"; exit 2; }
	OCTAVO_TEST_KUBECONFIG=$$KUBECONFIG $(DOTNET) test tests/OperatorCluster.Tests -c $(CONFIGURATION) --nologo --logger "console;verbosity=normal" --filter Category=Cluster

bench-operator: ## The operator with 1,000 services of 10 pods each (ARGS="--services 100 --replicas 3 --steady 20")
	$(DOTNET) run --project bench/OperatorScale -c $(CONFIGURATION) -v q -- --json artifacts/bench/operator-scale.json $(ARGS)

tools: ## Fetch promtool and docker-registry (Debian), OpenAI's client and s3rver (npm), so that the tests that need them run
	@./.ci/tools

nvrtc: ## Fetch NVIDIA's run-time compiler (Debian non-free, 18 MB, unpacked into .tools), so that the tests compile every CUDA kernel
	@./.ci/nvrtc

nvrtc-usage: nvrtc ## Compile every CUDA kernel for every architecture and write down what each takes of a multiprocessor (minutes; after a change of kernels)
	OCTAVO_NVRTC_RECORD=1 $(DOTNET) test tests/ServingRuntime.Kernels.Tests -c $(CONFIGURATION) --nologo -v:q --filter FullyQualifiedName~NvrtcTests.Record_WhereAskedFor

gpu-publish: ## A program for the checks on a machine with a GPU and without .NET: artifacts/gpu/octavo-gpu-check.tar.xz
	$(DOTNET) publish bench/GpuCheck -c $(CONFIGURATION) -r linux-x64 --self-contained -v:q --nologo -o artifacts/gpu/octavo-gpu-check
	tar -C artifacts/gpu -cJf artifacts/gpu/octavo-gpu-check.tar.xz octavo-gpu-check
	@ls -l artifacts/gpu/octavo-gpu-check.tar.xz

gpu-check: gpu-publish ## All checks that need a GPU, on this machine's (bench/gpu/check says which); the report goes to docs/gpu
	./bench/gpu/check

clean: ## Remove build output
	rm -rf artifacts && find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -prune -exec rm -rf {} +
