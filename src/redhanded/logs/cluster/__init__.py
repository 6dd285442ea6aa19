"""Logs beyond one machine: each shard is counted where it lies, and the counts are added up."""
