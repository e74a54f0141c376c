"""Measures SSD300 on ResNet-50 in eager PyTorch, the peer of `vertebra bench ssd`: detection in one image and in eight, and a
training step of eight. Prints a JSON line for each case.

usage: ssd300.py [channels_last|contiguous] [runs] [--threads N] [--only TEXT]; needs torch and torchvision. `--only` takes the
cases whose name contains the text. The process runs with jemalloc where the machine has it."""
import argparse
import math

import peer

peer.under_jemalloc()
try:
    import torchvision
except ImportError:
    peer.missing("torchvision")
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import batched_nms, box_iou, clip_boxes_to_image

CLASSES = 81
SCALES = (21, 45, 99, 153, 207, 261, 315)
STEPS = (8, 16, 32, 64, 100, 300)
RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
SIDES = (38, 19, 10, 5, 3, 1)
PER_CELL = tuple(2 + 2 * len(r) for r in RATIOS)
EXTRAS = ((256, 512, 2, 1), (256, 512, 2, 1), (128, 256, 2, 1), (128, 256, 1, 0), (128, 256, 1, 0))


def default_boxes():
    """All 8732 boxes, centre and size in pixels, in the order in which the heads give them."""
    rows = []
    for k, side in enumerate(SIDES):
        small, geometric = SCALES[k], math.sqrt(SCALES[k] * SCALES[k + 1])
        shapes = [(small, small), (geometric, geometric)]
        for ratio in RATIOS[k]:
            root = math.sqrt(ratio)
            shapes += [(small * root, small / root), (small / root, small * root)]
        for y in range(side):
            for x in range(side):
                rows += [((x + 0.5) * STEPS[k], (y + 0.5) * STEPS[k], w, h) for w, h in shapes]
    return torch.tensor(rows)


def corners(centred):
    half = centred[:, 2:] / 2
    return torch.cat([centred[:, :2] - half, centred[:, :2] + half], 1)


class SSD300(nn.Module):
    def __init__(self):
        super().__init__()
        r = torchvision.models.resnet50(weights=None)
        r.layer3[0].conv2.stride = r.layer3[0].downsample[0].stride = (1, 1)
        self.backbone = nn.Sequential(r.conv1, r.bn1, r.relu, r.maxpool, r.layer1, r.layer2, r.layer3)
        channels, extras = 1024, []
        widths = [channels]
        for middle, out, stride, padding in EXTRAS:
            extras.append(nn.Sequential(
                nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
                nn.Conv2d(middle, out, 3, stride, padding, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)))
            widths.append(channels := out)
        self.extras = nn.ModuleList(extras)
        self.logits = nn.ModuleList(nn.Conv2d(w, n * CLASSES, 3, padding=1) for w, n in zip(widths, PER_CELL))
        self.offsets = nn.ModuleList(nn.Conv2d(w, n * 4, 3, padding=1) for w, n in zip(widths, PER_CELL))
        for p in [*self.extras.parameters(), *self.logits.parameters(), *self.offsets.parameters()]:
            if p.dim() == 4:
                nn.init.xavier_uniform_(p)
        # A fresh network doubts as a trained one does: boxes of ten of the classes are candidates, and not all.
        for layer in self.logits:
            layer.weight.data *= 0.02
            layer.bias.data = torch.tensor([
                4.0 if i % CLASSES == 0 else 0.7 if i % CLASSES <= 10 else 0.0 for i in range(layer.out_channels)])
        self.register_buffer("defaults", default_boxes())
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))

    def forward(self, images):
        x = torch.stack([(i - self.mean) / self.deviation for i in images])
        if layout == "channels_last":
            x = x.contiguous(memory_format=torch.channels_last)
        maps = [self.backbone(x)]
        for extra in self.extras:
            maps.append(extra(maps[-1]))

        def rows(layers, width):
            return torch.cat([f(m).permute(0, 2, 3, 1).reshape(len(x), -1, width) for f, m in zip(layers, maps)], 1)

        return rows(self.logits, CLASSES), rows(self.offsets, 4)

    def decode(self, offsets):
        centre = self.defaults[:, :2] + offsets[:, :2] * 0.1 * self.defaults[:, 2:]
        size = self.defaults[:, 2:] * torch.exp(offsets[:, 2:] * 0.2)
        return corners(torch.cat([centre, size], 1))

    def detect(self, images):
        """The best 200 of each image, as torchvision's SSD finds them: class by class, then all through one NMS."""
        logits, offsets = self(images)
        found, counts = [], []
        for scores, offset in zip(logits.softmax(2), offsets):
            boxes = clip_boxes_to_image(self.decode(offset), (300, 300))
            kept_boxes, kept_scores, kept_labels = [], [], []
            for label in range(1, CLASSES):
                score = scores[:, label]
                places = torch.where(score > 0.01)[0]
                score, order = score[places].topk(min(400, len(places)))
                kept_boxes.append(boxes[places[order]])
                kept_scores.append(score)
                kept_labels.append(torch.full_like(order, label))
            b, s, l = torch.cat(kept_boxes), torch.cat(kept_scores), torch.cat(kept_labels)
            counts.append(len(s))
            keep = batched_nms(b, s, l, 0.45)[:200]
            found.append((b[keep], s[keep], l[keep]))
        return found, counts

    def loss(self, images, targets):
        """Liu et al.'s loss: cross-entropy of the positives and of the three hardest negatives to each, smooth L1."""
        logits, offsets = self(images)
        labels = torch.zeros(logits.shape[:2], dtype=torch.long)
        regression, positives = 0.0, 0
        references = corners(self.defaults)
        for i, (boxes, classes) in enumerate(targets):
            overlap = box_iou(boxes, references)
            value, match = overlap.max(0)
            match[value < 0.5] = -1
            match[overlap.argmax(1)] = torch.arange(len(boxes))
            chosen = torch.where(match >= 0)[0]
            labels[i, chosen] = classes[match[chosen]]
            b, d = boxes[match[chosen]], self.defaults[chosen]
            wanted = torch.cat([
                ((b[:, :2] + b[:, 2:]) / 2 - d[:, :2]) / d[:, 2:] / 0.1, torch.log((b[:, 2:] - b[:, :2]) / d[:, 2:]) / 0.2], 1)
            regression = regression + F.smooth_l1_loss(offsets[i, chosen], wanted, reduction="sum")
            positives += len(chosen)
        entropy = F.cross_entropy(logits.view(-1, CLASSES), labels.view(-1), reduction="none").view(labels.shape)
        foreground = labels > 0
        negative = entropy.detach().masked_fill(foreground, -math.inf)
        rank = negative.sort(1, descending=True)[1].sort(1)[1]
        hard = rank < 3 * foreground.sum(1, keepdim=True)
        return (entropy[foreground].sum() + entropy[hard & ~foreground].sum() + regression) / max(1, positives)


def bench(name, batch, runs, body, warm_up=3, **details):
    if chosen.only in name:
        peer.measure(
            name, body, warm_up, runs, threads=chosen.threads, batch=batch, versions=versions,
            program=f"eager PyTorch{', jemalloc' if peer.allocator() == 'jemalloc' else ''}", **details)


parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("layout", nargs="?", default="channels_last", choices=("channels_last", "contiguous"))
parser.add_argument("runs", nargs="?", type=int, default=9)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--only", default="")
chosen = parser.parse_args()
layout, runs = chosen.layout, chosen.runs
versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}"
torch.set_num_threads(chosen.threads)
torch.manual_seed(0)
model = SSD300()
count = sum(p.numel() for p in model.parameters())
assert len(model.defaults) == 8732 and round(count / 1e6, 3) == 22.895, (len(model.defaults), count)
if layout == "channels_last":
    model = model.to(memory_format=torch.channels_last)
images = [torch.rand(3, 300, 300) for _ in range(8)]
targets = []
for image in range(8):
    boxes = []
    for k in range(7):
        x, y = 20 + 30 * k, (50 * k + 11 * image) % 200
        boxes.append((x, y, x + 30 + 10 * k, y + 90 - 10 * k))
    targets.append((torch.tensor(boxes, dtype=torch.float32), torch.arange(1, 8)))
optimizer = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9, weight_decay=5e-4)


def step():
    optimizer.zero_grad()
    model.loss(images, targets).backward()
    optimizer.step()


bench(f"eager ssd300 resnet50 training step, {layout}, batch 8", 8, max(3, runs * 5 // 9), step, warm_up=2)
model.eval()
with torch.no_grad():
    for batch in (1, 8):
        candidates = []

        def detect():
            candidates[:] = model.detect(images[:batch])[1]

        bench(f"eager ssd300 resnet50 inference, {layout}, batch {batch}", batch, runs, detect,
              candidates_an_image=lambda: sum(candidates) / batch)
