"""Trains torchvision's Faster R-CNN on a ResNet with a feature pyramid by one of this project's recipes and measures it with
pycocotools, the peer of `vertebra train` and `vertebra evaluate`. Prints a line each epoch and a JSON line at the end.

usage: train_detection.py RECIPE.yaml DATA_ROOT [key=value …]; needs torch, torchvision, pycocotools, pyyaml and pillow

The recipe is one of COCO's format with form fpn and without weights. It may have a base, and a key=value changes it, such as
training.epochs=1. Of its augmentation only flips are known here; others are refused."""
import json
import math
import os
import random
import re
import sys
import time
from functools import partial

import torch
import torchvision
import torchvision.transforms.functional as F
import yaml
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead


class Loader(yaml.SafeLoader):
    """YAML 1.2's numbers: 1e-3 is one."""


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789"))


def merged(base, over):
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        base[key] = merged(base[key], value) if both else value
    return base


def read_recipe(path):
    with open(path) as file:
        recipe = yaml.load(file, Loader)
    base = recipe.pop("base", None)
    return merged(read_recipe(os.path.join(os.path.dirname(path), base)), recipe) if base else recipe


recipe = read_recipe(sys.argv[1])
root = sys.argv[2]
for setting in sys.argv[3:]:
    key, value = setting.split("=", 1)
    section = recipe
    for name in key.split(".")[:-1]:
        section = section.setdefault(name, {})
    section[key.split(".")[-1]] = yaml.load(value, Loader)
model, data = recipe["model"], recipe["data"]
inputs, training = recipe.get("input", {}), recipe["training"]
rcnn = model.get("faster_rcnn", {})
refused = {
    "model.detector": model.get("detector", "faster_rcnn") != "faster_rcnn", "model.weights": "weights" in model,
    "model.faster_rcnn.form": rcnn.get("form", "fpn") != "fpn", "data.format": data["format"] != "coco",
    "input.iou_crop": inputs.get("iou_crop", False), "input.zoom_out": inputs.get("zoom_out", 0) > 0,
    "input.color_jitter": inputs.get("color_jitter", False),
    "training.schedule": training.get("schedule", "multi_step") not in ("multi_step", "cosine", "constant"),
    "training.milestones": isinstance(training.get("milestones"), dict),
    "training.device_batch": training.get("device_batch", training["batch"]) != training["batch"],
    "model.faster_rcnn.normalization": rcnn.get("normalization", "batch") != "batch",
    "model.faster_rcnn.trainable_stages": "trainable_stages" in rcnn,
}
for key, is_refused in refused.items():
    if is_refused:
        sys.exit(f"{sys.argv[1]}: this peer has no such {key}")
seed = training.get("seed", 0)
torch.manual_seed(seed)
random.seed(seed)
torch.set_num_threads(training.get("threads") or os.cpu_count())


def read_part(part):
    coco = COCO(os.path.join(root, part["annotations"]))
    labels = {category: i + 1 for i, category in enumerate(sorted(coco.getCatIds()))}
    images = []
    for image in coco.getImgIds():
        objects = [a for a in coco.loadAnns(coco.getAnnIds(image)) if not a.get("iscrowd")]
        objects = [a for a in objects if a["bbox"][2] > 0 and a["bbox"][3] > 0]
        boxes = torch.tensor([a["bbox"] for a in objects], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        path = os.path.join(root, part["images"], coco.imgs[image]["file_name"])
        images.append((image, path, boxes, torch.tensor([labels[a["category_id"]] for a in objects], dtype=torch.long)))
    return coco, labels, images


def picture(path):
    return F.to_tensor(Image.open(path).convert("RGB"))


_, labels, images = read_part(data["train"])
if data.get("empty_images", "keep") == "drop":
    images = [image for image in images if len(image[2])]
name, _, axes = model["backbone"].partition(":")
norm, _, groups = axes.partition("=group")
if axes and norm != "normalization":
    sys.exit(f"{sys.argv[1]}: model.backbone: this peer knows no axis but normalization=group, not {axes}")
resnet = getattr(torchvision.models, name)(
    weights=None, **({"norm_layer": partial(torch.nn.GroupNorm, int(groups[1:] or 32))} if axes else {}))
widths = [resnet.inplanes // 2 ** (3 - i) for i in range(4)]
channels = rcnn.get("pyramid_channels", 256)
features = rcnn.get("box_head_features", 1024)
sizes = rcnn.get("anchor_sizes", [[32], [64], [128], [256], [512]])
ratios = rcnn.get("anchor_aspect_ratios", [0.5, 1, 2])
sides = inputs.get("shorter_side", 800)
detector = FasterRCNN(
    BackboneWithFPN(resnet, {f"layer{i + 1}": str(i) for i in range(4)}, widths, channels),
    min_size=sides, max_size=inputs.get("longer_side", 1333),
    rpn_anchor_generator=AnchorGenerator(tuple(map(tuple, sizes)), (tuple(ratios),) * len(sizes)),
    box_head=TwoMLPHead(channels * 49, features), box_predictor=FastRCNNPredictor(features, len(labels) + 1),
    # The recipe's keys for sampling and suppression have torchvision's names.
    **{key: value for key, value in rcnn.items()
       if key.startswith(("rpn_", "box_")) and key not in ("rpn_channels", "box_head_features")})
rate, decay = training.get("learning_rate", 0.02), training.get("weight_decay", 1e-4)
optimizer = (
    torch.optim.AdamW(detector.parameters(), rate, weight_decay=decay) if training.get("optimizer") == "adamw"
    else torch.optim.SGD(detector.parameters(), rate, momentum=training.get("momentum", 0.9), weight_decay=decay))
batch = training["batch"]
per_epoch = len(images) // batch if training.get("drop_last") else -(-len(images) // batch)
total = min(training["epochs"] * per_epoch, training.get("steps") or sys.maxsize)
warmup = training.get("warmup_steps", 0)


def factor(step):
    start = 1 / warmup + (1 - 1 / warmup) * step / warmup if step < warmup else 1
    schedule = training.get("schedule", "multi_step")
    if schedule == "cosine":
        return start * (1 + math.cos(math.pi * step / total)) / 2
    falls = training.get("milestones", [0.67, 0.92]) if schedule == "multi_step" else []
    return start * training.get("gamma", 0.1) ** sum(step >= round(share * total) for share in falls)


step, began = 0, time.time()
for epoch in range(training["epochs"]):
    detector.train()
    random.shuffle(images)
    losses = []
    for start in range(0, per_epoch * batch, batch):
        if step == total:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate * factor(step)
        pixels, targets = [], []
        for _, path, boxes, classes in images[start:start + batch]:
            image, boxes = picture(path), boxes.clone()
            if random.random() < inputs.get("flip", 0.5):
                image = image.flip(2)
                boxes[:, [0, 2]] = image.shape[2] - boxes[:, [2, 0]]
            pixels.append(image)
            targets.append({"boxes": boxes, "labels": classes})
        loss = sum(detector(pixels, targets).values())
        optimizer.zero_grad()
        loss.backward()
        if training.get("clip_norm"):
            torch.nn.utils.clip_grad_norm_(detector.parameters(), training["clip_norm"])
        optimizer.step()
        losses.append(loss.item())
        step += 1
    if losses:
        mean = sum(losses) / len(losses)
        print(f"epoch {epoch + 1}: {step} steps, loss {mean:.3f}, {time.time() - began:.0f} s", flush=True)
seconds = time.time() - began

coco, labels, images = read_part(data["val"])
categories = {label: category for category, label in labels.items()}
detector.eval()
found = []
began = time.time()
with torch.no_grad():
    for image, path, _, _ in images:
        output = detector([picture(path)])[0]
        for box, label, score in zip(output["boxes"].tolist(), output["labels"].tolist(), output["scores"].tolist()):
            x0, y0, x1, y1 = box
            found.append({
                "image_id": image, "category_id": categories[label], "bbox": [x0, y0, x1 - x0, y1 - y0], "score": score})
evaluation_seconds = time.time() - began
result = {"peer": f"torchvision {torchvision.__version__}", "steps": step, "train_s": round(seconds, 1),
          "evaluate_s": round(evaluation_seconds, 1), "AP": None, "AP50": None}
if found:
    evaluation = COCOeval(coco, coco.loadRes(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    result |= {"AP": round(evaluation.stats[0], 4), "AP50": round(evaluation.stats[1], 4)}
print(json.dumps(result))
