"""The product's own settings, with the addresses and the baselines of the bench."""

import os

from adminctr.settings import *  # noqa: F403, TID251

ROOT_URLCONF = "bench.urls"
if mode := os.environ.get("BENCH_TRANSACTION_MODE"):
    DATABASES["default"]["OPTIONS"]["transaction_mode"] = mode  # noqa: F405
