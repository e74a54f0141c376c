"""Measures eager PyTorch and torchvision on a device, the peer of `vertebra bench device`: ResNet-50's training step and
inference, those of Faster R-CNN R50-FPN and of SSD300 on ResNet-50. Prints a JSON line for each case, with the median of the
rounds in milliseconds and the peak of allocated memory in MiB.

usage: device.py [rounds] [--device cuda] [--small]; needs torch and torchvision"""
import argparse
import json
import statistics
import time
from collections import OrderedDict

import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD

parser = argparse.ArgumentParser()
parser.add_argument("rounds", type=int, nargs="?", default=20)
parser.add_argument("--device", default="cuda")
parser.add_argument("--small", action="store_true")
chosen = parser.parse_args()
rounds, small, device = chosen.rounds, chosen.small, torch.device(chosen.device)
on_gpu = device.type == "cuda"
torch.manual_seed(0)
# The same settings as `vertebra bench device`: libtorch's defaults are TF32 for convolutions, float32 for matrix products.
torch.backends.cudnn.benchmark = False


def wait():
    if on_gpu:
        torch.cuda.synchronize(device)


def measure(name, step, **notes):
    for _ in range(3):
        step()
    wait()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        step()
        wait()
        times.append((time.perf_counter() - began) * 1e3)
    peak = round(torch.cuda.max_memory_allocated(device) / 2**20) if on_gpu else None
    print(json.dumps({
        "peer": f"torch {torch.__version__}, torchvision {torchvision.__version__}", "case": name,
        "median_ms": round(statistics.median(times), 3), "min_ms": round(min(times), 3),
        "max_ms": round(max(times), 3), "peak_mib": peak, **notes}), flush=True)


def autocast(on):
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=on)


def classifier(name, batch):
    network = getattr(torchvision.models, name)(weights=None).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    images = torch.randn(batch, 3, 224, 224, device=device).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) % 1000
    for half in (False, True):
        def train():
            network.train()
            with autocast(half):
                loss = F.cross_entropy(network(images), labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()

        def infer():
            network.eval()
            with torch.no_grad(), autocast(half):
                network(images[:max(1, batch // 2)])

        kind = "bfloat16" if half else "float32"
        measure(f"{name} training step {kind}", train, batch=batch)
        measure(f"{name} inference {kind}", infer, batch=max(1, batch // 2))


class Maps(nn.Module):
    """The maps of SSD300 on a ResNet: stage 3 with stride 1, and five more."""

    def __init__(self, name):
        super().__init__()
        r = getattr(torchvision.models, name)(weights=None)
        for layer in ("conv1", "conv2"):
            getattr(r.layer3[0], layer).stride = (1, 1)
        r.layer3[0].downsample[0].stride = (1, 1)
        self.trunk = nn.Sequential(r.conv1, r.bn1, r.relu, r.maxpool, r.layer1, r.layer2, r.layer3)
        channels = r.layer4[0].conv1.in_channels
        self.out_channels, extras = [channels], []
        for middle, out, stride, padding in (
                (256, 512, 2, 1), (256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 1, 0), (128, 256, 1, 0)):
            extras.append(nn.Sequential(
                nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
                nn.Conv2d(middle, out, 3, stride, padding, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)))
            self.out_channels.append(channels := out)
        self.extras = nn.ModuleList(extras)

    def forward(self, x):
        maps = [self.trunk(x)]
        for extra in self.extras:
            maps.append(extra(maps[-1]))
        return OrderedDict((str(i), m) for i, m in enumerate(maps))


def ssd300(name):
    scales = [s / 300 for s in (21, 45, 99, 153, 207, 261, 315)]
    boxes = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]], scales=scales, steps=[8, 16, 32, 64, 100, 300])
    return SSD(Maps(name), boxes, (300, 300), 81)


def detector(name, network, side, batch):
    network = network.to(device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-4)
    images = [torch.rand(3, side, side, device=device) for _ in range(batch)]
    targets = [{
        "boxes": torch.tensor([[20.0, 30.0, 120.0, 140.0], [90.0, 60.0, 200.0, 190.0]], device=device),
        "labels": torch.tensor([1, 2], device=device)} for _ in range(batch)]

    def train():
        loss = sum(network(images, targets).values())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def infer():
        with torch.no_grad():
            network(images[:1])

    network.eval()
    measure(f"{name} inference", infer, batch=1)
    network.train()
    measure(f"{name} training step", train, batch=batch)


backbone = "resnet18" if small else "resnet50"
classifier(backbone, 4 if small else 64)
pyramid = torchvision.models.detection.backbone_utils.resnet_fpn_backbone(
    backbone_name=backbone, weights=None, trainable_layers=5)
side = 256 if small else 800
detector(
    f"fasterrcnn_{backbone}_fpn",
    torchvision.models.detection.FasterRCNN(pyramid, 91, min_size=side, max_size=side), side, 2 if small else 4)
detector(f"ssd300_{backbone}", ssd300(backbone), 300, 2 if small else 32)
