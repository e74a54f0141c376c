"""Measures opening videos, and reading a clip right after it, here and with torchcodec, by turns in one process, so that both
meet the same machine. Prints a line for each file, in milliseconds of the processor, which other work disturbs less than time does:
the medians of twenty clips, and the median of what ours takes of theirs, clip by clip.

usage: opening.py VIDEO...; needs torchcodec, torch, a C compiler (CC, or clang), and FFmpeg's libraries as tools/setup installs them"""
import ctypes
import gc
import glob
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torchcodec.decoders import VideoDecoder

peers = os.path.dirname(os.path.abspath(__file__))
media = os.path.join(peers, "..", "..", "Sources", "CMedia")
with tempfile.TemporaryDirectory() as folder:
    library = os.path.join(folder, "opening.so")
    subprocess.run(
        [os.environ.get("CC", "clang"), "-O2", "-fPIC", "-shared", f"-I{media}", f"-I{media}/include", f"{peers}/opening.c"]
        + glob.glob(f"{media}/video/*.c") + ["-o", library, "-lavformat", "-lavcodec", "-lswscale", "-lavutil", "-lpthread", "-lm"],
        check=True)
    calls = ctypes.CDLL(library)

torch.set_num_threads(1)
gc.disable()


def ours(video, start, count):
    spent = (ctypes.c_double * 2)()
    if not calls.read_clip(video.encode(), start, spent):
        sys.exit(1)
    return tuple(spent)


def theirs(video, start, count):
    began = time.process_time()
    decoder = VideoDecoder(video, num_ffmpeg_threads=1)
    opened = time.process_time()
    decoder.get_frames_at([min(start + 4 * i, count - 1) for i in range(16)]).data
    return (opened - began) * 1e3, (time.process_time() - began) * 1e3


for video in sys.argv[1:]:
    count = len(VideoDecoder(video))
    spent = {ours: [], theirs: []}
    for run in range(24):
        start = run * 7919 % max(1, count - 64)
        for reader in (ours, theirs) if run % 2 else (theirs, ours):
            spent[reader].append(reader(video, start, count))
    rounds = list(zip(spent[ours][4:], spent[theirs][4:]))
    opening, clip = ([(a[i], b[i]) for a, b in rounds] for i in (0, 1))
    words = [
        f"{name} {statistics.median(a for a, _ in pairs):.1f} here, {statistics.median(b for _, b in pairs):.1f} torchcodec, "
        f"ratio {statistics.median(a / b for a, b in pairs):.2f}" for name, pairs in (("opening", opening), ("with 16 frames", clip))]
    print(f"{video}: {count} frames; " + "; ".join(words), flush=True)
