"""What the scripts beside this one share: jemalloc, peak memory, and a case's JSON line with the median in milliseconds."""
import ctypes.util
import json
import os
import statistics
import sys
import time

JEMALLOC = "libjemalloc.so.2"


def missing(what):
    """Says what this Python lacks for the case that was asked for, and ends with 3."""
    print(json.dumps({"missing": what}), flush=True)
    sys.exit(3)


def under_jemalloc():
    """Begins this process anew with jemalloc in malloc's place, if this machine has it, with the settings of PyTorch's guide to
    tuning: a training step takes up to a third less time."""
    # Whether it is there can't be tried by loading it: a process that runs already has no room for its thread-local variables.
    if JEMALLOC in os.environ.get("LD_PRELOAD", "") or ctypes.util.find_library("jemalloc") is None:
        return
    os.environ["LD_PRELOAD"] = ":".join(filter(None, [JEMALLOC, os.environ.get("LD_PRELOAD")]))
    os.environ.setdefault(
        "MALLOC_CONF", "oversize_threshold:1,background_thread:true,metadata_thp:auto,dirty_decay_ms:-1,muzzy_decay_ms:-1")
    os.execv(sys.executable, [sys.executable, *sys.argv])


def allocator():
    with open("/proc/self/maps") as maps:
        return "jemalloc" if "libjemalloc" in maps.read() else "malloc"


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak():
    """The peak of resident memory since the last reset, in MiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def measure(name, body, warm_up=2, runs=7, **notes):
    """Runs `body` unmeasured, then measured, and prints a JSON line; a note that can be called is asked afterwards."""
    reset_peak()
    for _ in range(warm_up):
        body()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        body()
        times.append((time.perf_counter() - began) * 1e3)
    print(json.dumps({
        "case": name, "runs": runs, "median_ms": round(statistics.median(times), 4), "min_ms": round(min(times), 4),
        "max_ms": round(max(times), 4), "peak_MiB": peak(),
        **{key: value() if callable(value) else value for key, value in notes.items()}}), flush=True)
