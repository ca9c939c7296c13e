# What one types. How things are built is in CMakePresets.json, what is tested in test/run.sh.
.PHONY: run test lint bench format clean

# Compiled code is shared between checkouts in different folders.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

run:
	deps/install.sh build
	cmake --preset release
	cmake --build --preset release --target gauntlet
	build/release/gauntlet run baseline --mode demo

test:
	deps/install.sh test
	test/run.sh

lint:
	test/run.sh format lint

bench:
	deps/install.sh build
	cmake --preset release
	cmake --build --preset release
	for bench in build/release/bench/*_bench; do $$bench || exit; done

format:
	git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format-19 -i

clean:
	rm -rf build
