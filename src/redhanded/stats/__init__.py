"""Counts in; intervals, sample sizes, tests of association and collision odds out. All pure."""
