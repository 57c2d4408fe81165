"""The benchmark: real servers, requests signed beforehand, ratios within one run (docs/benchmark.md)."""
