"""Measures reading clips of a video with decord, torchcodec and PyAV, the peers of `vertebra bench clips`: single clips at
random places, for each of which the video is opened, and the thirty views of a test, one after the other from a reader that
stays open. Prints a JSON line for each case.

usage: clips.py VIDEO [threads]; needs decord, torchcodec, av, torch and torchvision"""
import json
import random
import statistics
import sys
import time

import av
import decord
import torch
import torchvision.transforms.v2.functional as F

video = sys.argv[1]
try:
    from torchcodec.decoders import VideoDecoder
    VideoDecoder(video)
except (ImportError, OSError, RuntimeError):
    VideoDecoder = None  # its wheels load with one release of torch and some of FFmpeg only
threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
torch.set_num_threads(threads)
count = len(decord.VideoReader(video))
height, width = decord.VideoReader(video)[0].shape[:2]
random.seed(0)
starts = [random.randint(0, count - 64) for _ in range(24)]
scale = 256 / min(width, height)
size = (round(width * scale), round(height * scale))


def report(name, times, batch):
    print(json.dumps({
        "case": name, "threads": threads, "batch": batch, "runs": len(times),
        "median_ms": round(statistics.median(times), 4), "min_ms": round(min(times), 4),
        "max_ms": round(max(times), 4)}), flush=True)


def bench(name, body, runs, items=(None,)):
    times = []
    for run in range(runs + 1):
        began = time.perf_counter()
        for item in items:
            body(item)
        times.append((time.perf_counter() - began) * 1e3 / len(items))
    report(name, times[1:], len(items))


def every_fourth(start):
    return list(range(start, start + 64, 4))


def by_decord(start):
    return decord.VideoReader(video, num_threads=threads).get_batch(every_fourth(start)).asnumpy()


def by_torchcodec(start):
    return VideoDecoder(video, num_ffmpeg_threads=threads).get_frames_at(every_fourth(start)).data


def by_pyav(start):
    with av.open(video) as container:
        stream = container.streams.video[0]
        stream.thread_count = threads
        rate = float(stream.average_rate)
        container.seek(int(start / rate / stream.time_base), stream=stream)
        frames = []
        for frame in container.decode(stream):
            index = round(float(frame.pts * stream.time_base) * rate)
            if index >= start and (index - start) % 4 == 0:
                frames.append(frame.to_ndarray(format="rgb24"))
            if len(frames) == 16:
                return frames
        return frames


for name, body in (("decord", by_decord), ("torchcodec", by_torchcodec), ("PyAV", by_pyav)):
    if VideoDecoder or body is not by_torchcodec:
        bench(f"open + 16 frames, every 4th, from a random start: {name}", body, 5, starts)

views = [(round(k * (count - 64) / 9), round(j * (size[0] - 256) / 2)) for k in range(10) for j in range(3)]


def views_by_decord(_):
    reader = decord.VideoReader(video, width=size[0], height=size[1], num_threads=threads)
    for start, x in views:
        reader.get_batch(every_fourth(start)).asnumpy()[:, :256, x:x + 256].copy()


def views_by_torchcodec(_):
    reader = VideoDecoder(video, num_ffmpeg_threads=threads)
    for start, x in views:
        frames = reader.get_frames_at(every_fourth(start)).data
        F.resize(frames, [size[1], size[0]])[:, :, :256, x:x + 256].contiguous()


for name, body in (("decord", views_by_decord), ("torchcodec", views_by_torchcodec)):
    if VideoDecoder or body is not views_by_torchcodec:
        bench(f"open + 30 views of 16 frames, 256x256, one by one: {name}", body, 3)
