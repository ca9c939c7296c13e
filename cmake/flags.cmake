# Every compiler and build option of the project.
option(GAUNTLET_TESTS "build the tests" ON)
option(GAUNTLET_FUZZ "build the libFuzzer targets (clang)" OFF)
option(GAUNTLET_BENCH "build the micro-benchmarks" OFF)
set(GAUNTLET_SANITIZE "" CACHE STRING "comma-separated -fsanitize= list")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(gauntlet_warnings INTERFACE)
target_compile_options(gauntlet_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

# simdjson's on-demand front end chooses its kernels at compile time; without this it takes the
# scalar one. main() refuses to start on a processor that lacks these instructions.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(GAUNTLET_MARCH haswell CACHE STRING "-march= for every target")
  add_compile_options(-march=${GAUNTLET_MARCH})
endif()

if(GAUNTLET_SANITIZE)
  add_compile_options(-fsanitize=${GAUNTLET_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${GAUNTLET_SANITIZE})
endif()
if(GAUNTLET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # coverage of what is fuzzed, not of the target only
endif()
