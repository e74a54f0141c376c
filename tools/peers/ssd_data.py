"""Measures making SSD300's training images with torchvision's transforms v2, the peer of `vertebra bench ssd-data`: read,
decode, photometric distortion, zoom-out, IoU crop, flip, resize to 300x300, on one thread. Prints a JSON line for each case.

usage: ssd_data.py instances.json IMAGE_FOLDER [tensor|pil]; needs torch and torchvision"""
import json
import statistics
import sys
import time

import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.io import ImageReadMode, decode_image, read_file
from torchvision.transforms import v2

annotations, folder = sys.argv[1:3]
backend = sys.argv[3] if len(sys.argv) > 3 else "tensor"
torch.set_num_threads(1)
torch.manual_seed(0)

with open(annotations) as file:
    instances = json.load(file)
objects = {}
for a in instances["annotations"]:
    x, y, w, h = a["bbox"]
    if w > 0 and h > 0:
        objects.setdefault(a["image_id"], []).append((x, y, x + w, y + h, a["category_id"]))
samples = []
for image in instances["images"][:200]:
    rows = torch.tensor(objects.get(image["id"], []), dtype=torch.float32).reshape(-1, 5)
    samples.append((f"{folder}/{image['file_name']}", (image["height"], image["width"]), rows))

fill = {tv_tensors.Image: (124, 116, 104), Image.Image: (124, 116, 104), "others": 0}
transforms = v2.Compose([
    v2.RandomPhotometricDistort(), v2.RandomZoomOut(fill=fill), v2.RandomIoUCrop(), v2.RandomHorizontalFlip(),
    v2.Resize((300, 300), antialias=True), v2.SanitizeBoundingBoxes()])


def load(path, size, rows):
    target = {
        "boxes": tv_tensors.BoundingBoxes(rows[:, :4], format="XYXY", canvas_size=size), "labels": rows[:, 4].long()}
    if backend == "tensor":
        picture = tv_tensors.Image(decode_image(read_file(path), ImageReadMode.RGB))
        return transforms(picture, target)
    picture, target = transforms(Image.open(path).convert("RGB"), target)
    return v2.functional.pil_to_tensor(picture), target


def run():
    for sample in samples:
        load(*sample)


run()
times = []
for _ in range(3):
    began = time.perf_counter()
    run()
    times.append((time.perf_counter() - began) * 1e3 / len(samples))
print(json.dumps({
    "case": f"torchvision transforms v2, {backend}", "threads": 1, "batch": len(samples), "runs": len(times),
    "median_ms": round(statistics.median(times), 4), "min_ms": round(min(times), 4), "max_ms": round(max(times), 4)}))
