// Micro-benchmarks of what every run goes through.

#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
