"""The finished pages, each measured beside a baseline of the same run."""
