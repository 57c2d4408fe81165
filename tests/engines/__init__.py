"""Tests of the engines and of several processes, with real brokers and real processes."""
