"""Measures opening videos, and reading a clip right after it, with torchcodec: the peer of `vertebra bench clips` for each codec.
Prints a line for each file, in milliseconds of the processor, which other work on the machine disturbs less than time does.

usage: opening.py VIDEO...; needs torchcodec and torch"""
import statistics
import sys
import time

import torch
from torchcodec.decoders import VideoDecoder

torch.set_num_threads(1)
for video in sys.argv[1:]:
    count = len(VideoDecoder(video))
    opening, clips = [], []
    for run in range(15):
        start = run * 7919 % max(1, count - 64)
        began = time.process_time()
        decoder = VideoDecoder(video, num_ffmpeg_threads=1)
        opening.append((time.process_time() - began) * 1e3)
        decoder.get_frames_at([min(start + 4 * i, count - 1) for i in range(16)]).data
        clips.append((time.process_time() - began) * 1e3)
    print(
        f"{video}: {count} frames; opening: median {statistics.median(opening):.1f}, least {min(opening):.1f}; with 16 frames, "
        f"every 4th: median {statistics.median(clips):.1f}, least {min(clips):.1f}", flush=True)
