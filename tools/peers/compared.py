"""Measures another program at one case of `tools/bench --peers`, in a process of its own, and prints a JSON line with the
median in milliseconds, the peak memory in MiB, the program and its version.

usage: compared.py CASE [--threads N] [--precision float32|bfloat16] [--batch N] [--program NAME] [--files FOLDER]

    resnet50-step          a training step of ResNet-50                eager PyTorch
    resnet50-inference     ResNet-50 without gradients                 OpenVINO, eager PyTorch
    fasterrcnn-step        a training step of Faster R-CNN R50-FPN     eager torchvision
    fasterrcnn-inference   detection in an image of 800x800            eager torchvision
    nms, roi-align, roi-align-backward                                 torchvision
    coco                   reads and scores gt.json and dt.json        pycocotools, faster-coco-eval, hotcoco

It ends with 3, and says what is missing, where this Python lacks a package; requirements.txt lists them."""
import argparse
import contextlib
import importlib
import importlib.metadata
import io
import os
import sys

import peer

parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
parser.add_argument("case")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
parser.add_argument("--batch", type=int, default=1)
parser.add_argument("--program", default="eager PyTorch")
parser.add_argument("--files")
chosen = parser.parse_args()


def load(module, package=None):
    try:
        return importlib.import_module(module)
    except ImportError:
        peer.missing(package or module)


def measure(body, packages, **settings):
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    program = chosen.program + (", jemalloc" if peer.allocator() == "jemalloc" else "")
    peer.measure(chosen.case, body, program=program, versions=versions, threads=chosen.threads, batch=chosen.batch, **settings)


def measure_torch(body, **settings):
    measure(body, ("torch", "torchvision"), **settings)


def load_torch():
    peer.under_jemalloc()
    torch, torchvision = load("torch"), load("torchvision")
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    return torch, torchvision


def precision(torch):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=chosen.precision == "bfloat16")


def descent(torch, network):
    return torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)


def resnet50_step():
    torch, torchvision = load_torch()
    network = torchvision.models.resnet50().to(memory_format=torch.channels_last).train()
    optimizer = descent(torch, network)
    images = torch.randn(chosen.batch, 3, 224, 224).to(memory_format=torch.channels_last)
    labels = torch.arange(chosen.batch) % 1000

    def step():
        optimizer.zero_grad()
        with precision(torch):
            loss = torch.nn.functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()

    measure_torch(step, warm_up=1, runs=5)


def resnet50_inference():
    if chosen.program == "OpenVINO":
        openvino = load("openvino")
        torch, torchvision = load("torch"), load("torchvision")
        images = torch.randn(chosen.batch, 3, 224, 224)
        model = openvino.convert_model(
            torchvision.models.resnet50().eval(), example_input=images, input=[list(images.shape)])
        compiled = openvino.Core().compile_model(model, "CPU", {
            "INFERENCE_PRECISION_HINT": "bf16" if chosen.precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": chosen.threads, "PERFORMANCE_HINT": "LATENCY"})
        array = images.numpy()
        return measure(lambda: compiled(array), ("openvino",), warm_up=2, runs=11)
    torch, torchvision = load_torch()
    network = torchvision.models.resnet50().eval().to(memory_format=torch.channels_last)
    images = torch.randn(chosen.batch, 3, 224, 224).to(memory_format=torch.channels_last)
    with torch.no_grad(), precision(torch):
        measure_torch(lambda: network(images), warm_up=2, runs=11)


def faster_rcnn(torchvision):
    return torchvision.models.detection.fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None)


def fasterrcnn_inference():
    torch, torchvision = load_torch()
    network, images = faster_rcnn(torchvision).eval(), [torch.rand(3, 800, 800)]
    with torch.no_grad():
        measure_torch(lambda: network(images), runs=3)


def fasterrcnn_step():
    torch, torchvision = load_torch()
    network = faster_rcnn(torchvision).train()
    network.transform.min_size, network.transform.max_size = (480,), 640
    images = [torch.rand(3, 480, 640)]
    targets = [{
        "boxes": torch.tensor([[50.0, 50, 300, 300], [200, 220, 500, 640]]), "labels": torch.tensor([1, 2])}]

    def step():
        network.zero_grad()
        sum(network(images, targets).values()).backward()

    measure_torch(step, runs=3)


def nms():
    torch, torchvision = load_torch()
    near = torch.rand(20000, 2) * 500
    boxes, scores = torch.cat([near, near + torch.rand(20000, 2) * 500], 1), torch.rand(20000)
    measure_torch(lambda: torchvision.ops.nms(boxes, scores, 0.5))


def roi_align(backward=False):
    torch, torchvision = load_torch()
    features = torch.randn(1, 256, 200, 200, requires_grad=True)
    near = torch.rand(1000, 2) * 300
    far = near + torch.rand(1000, 2) * 300 + 10
    regions = torch.cat([torch.zeros(1000, 1), near * 2.6, far * 2.6], 1)

    def align():
        return torchvision.ops.roi_align(features, regions, 7, 0.25, 2)

    if backward:
        output = align()
        upstream = torch.randn_like(output)
        measure_torch(lambda: output.backward(upstream, retain_graph=True))
    else:
        measure_torch(align)


def coco():
    module, package = {
        "pycocotools": ("pycocotools", "pycocotools"), "faster-coco-eval": ("faster_coco_eval", "faster-coco-eval"),
        "hotcoco": ("hotcoco", "hotcoco")}[chosen.program]
    tools = load(module, package)
    if chosen.program == "pycocotools":
        reader = load("pycocotools.coco", package).COCO
        evaluation = load("pycocotools.cocoeval", package).COCOeval
    else:
        reader, evaluation = tools.COCO, getattr(tools, "COCOeval_faster", None) or tools.COCOeval

    def score():
        with contextlib.redirect_stdout(io.StringIO()):
            truth = reader(os.path.join(chosen.files, "gt.json"))
            results = getattr(truth, "load_res", None) or truth.loadRes
            one = evaluation(truth, results(os.path.join(chosen.files, "dt.json")), "bbox")
            one.evaluate()
            one.accumulate()
            one.summarize()
            score.ap = float(one.stats[0])

    measure(score, (package,), warm_up=0, runs=1, AP=lambda: score.ap)


cases = {
    "resnet50-step": resnet50_step, "resnet50-inference": resnet50_inference, "fasterrcnn-step": fasterrcnn_step,
    "fasterrcnn-inference": fasterrcnn_inference, "nms": nms, "roi-align": roi_align,
    "roi-align-backward": lambda: roi_align(backward=True), "coco": coco}
if chosen.case not in cases:
    sys.exit(f"there is no case {chosen.case}; the cases are {', '.join(cases)}")
cases[chosen.case]()
