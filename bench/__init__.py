"""Benchmarks: ratios to floors measured in the same run, medians of interleaved rounds."""
