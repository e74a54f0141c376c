"""Measures eager PyTorch and torchvision on a CUDA device, the peer of `vertebra bench device`: ResNet-50's training step and
inference, Faster R-CNN R50-FPN's inference and training step. Prints a JSON line for each case, with the median of the rounds
in milliseconds and the peak of allocated memory in MiB.

usage: device.py [rounds]; needs torch and torchvision with CUDA"""
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F
import torchvision

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
device = torch.device("cuda")
torch.manual_seed(0)
# The same settings as `vertebra bench device`: libtorch's defaults are TF32 for convolutions, float32 for matrix products.
torch.backends.cudnn.benchmark = False


def measure(name, step, **notes):
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        step()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - began) * 1e3)
    peak = torch.cuda.max_memory_allocated() / 2**20
    print(json.dumps({
        "peer": f"torch {torch.__version__}", "case": name, "median_ms": round(statistics.median(times), 3),
        "min_ms": round(min(times), 3), "max_ms": round(max(times), 3), "peak_mib": round(peak), **notes}), flush=True)


def autocast(on):
    return torch.autocast("cuda", dtype=torch.bfloat16, enabled=on)


def classifier(batch, inference_batch):
    network = torchvision.models.resnet50(weights=None).to(device, memory_format=torch.channels_last)
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
                network(images[:inference_batch])

        kind = "bfloat16" if half else "float32"
        measure(f"train resnet50 {kind}", train, batch=batch)
        measure(f"infer resnet50 {kind}", infer, batch=inference_batch)


def detector(batch):
    network = torchvision.models.detection.fasterrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=91, min_size=800, max_size=800).to(device)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4)
    images = [torch.rand(3, 800, 800, device=device) for _ in range(batch)]
    targets = [{
        "boxes": torch.tensor([[100.0, 120.0, 400.0, 420.0], [300.0, 200.0, 700.0, 640.0]], device=device),
        "labels": torch.tensor([1, 2], device=device)} for _ in range(batch)]

    def train():
        network.train()
        loss = sum(network(images, targets).values())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def infer():
        network.eval()
        with torch.no_grad():
            network(images[:1])

    measure("infer fasterrcnn_resnet50_fpn float32", infer, batch=1)
    measure("train fasterrcnn_resnet50_fpn float32", train, batch=batch)


classifier(64, 32)
detector(4)
