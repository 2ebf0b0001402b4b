#!/usr/bin/env bash
# Under libfaketime with DONT_FAKE_MONOTONIC=1, time.sleep fails: "Invalid
# argument".  That switch is for programs that measure time by the monotonic
# clock, as Python does since 3.5; and since 3.11 Python sleeps by
# clock_nanosleep until a point of that clock.  Such a call fails, with the time
# of day set ahead or back.  Python 3.10 sleeps by select, and so works.
#
# Seen: libfaketime 0.9.10-2.1 of Debian 12, Python 3.11.2 and 3.11.7, 3.12.1,
# 3.13.0, x86_64.
# Needs: Debian 12 with apt-get, and Python 3.11 or newer.  Ends with 0 as long
# as this is so.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq download libfaketime=0.9.10-2.1 2> /dev/null
dpkg -x libfaketime_*.deb .
library=$(find . -name libfaketime.so.1)

cat > sleep.py <<'PYTHON'
import time

try:
    time.sleep(0.2)
except OSError as exc:
    said = exc.strerror
else:
    said = "slept"
print(f"time.sleep: {said}")
PYTHON

run() {
    LD_PRELOAD="$PWD/$library" FAKETIME=$2 DONT_FAKE_MONOTONIC=$1 \
        timeout 20 python3 sleep.py
}

{
    echo "monotonic clock faked, too: $(run 0 +1h)"
    echo "DONT_FAKE_MONOTONIC=1, an hour ahead: $(run 1 +1h)"
    echo "DONT_FAKE_MONOTONIC=1, an hour back: $(run 1 -1h)"
} | tee seen
diff seen - <<'EXPECTED'
monotonic clock faked, too: time.sleep: slept
DONT_FAKE_MONOTONIC=1, an hour ahead: time.sleep: Invalid argument
DONT_FAKE_MONOTONIC=1, an hour back: time.sleep: Invalid argument
EXPECTED
echo "as described"
