"""What the rig tells each of these programs, by its environment."""

import os


REDIS = os.environ["BENCH_REDIS"]
NAME = os.environ["BENCH_NAME"]
ZODB = os.environ["BENCH_ZODB"]
KIND = os.environ.get("BENCH_KIND")
