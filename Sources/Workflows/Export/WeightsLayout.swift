import Architectures
import Detectors
import Foundation
import Tensors

/// Which kind of network a file's tensors belong to, told by their names, with the tensors under this toolkit's names.
enum WeightsLayout {
    /// The form of Faster R-CNN that is known here, torchvision's or this toolkit's.
    case fasterRCNN(WeightsFile)
    /// This toolkit's SSD.
    case ssd(WeightsFile)
    /// A backbone, with its classifier or without.
    case backbone(WeightsFile)
    /// A network that is not one of this toolkit, whose backbone may be.
    case foreign(ForeignNetwork)

    init(_ file: WeightsFile) {
        let file = file.renamed(Self.upgradingNames)
        let names = Set(file.state.map(\.name))
        func holds(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
        if names.contains("backbone.body.conv1.weight") || names.contains("backbone.body.features.conv0.weight") {
            self = Self.detector(file, names)
        } else if holds("backbone.features.") {
            self = .foreign(.init("torchvision's SSD or SSDlite, on VGG or MobileNet"))
        } else if names.contains("backbone.conv1.weight") || names.contains("backbone.features.conv0.weight") {
            self =
                holds("head.classification.") && holds("extras.")
                ? .ssd(file) : Self.openMMLab(file, classifies: names.contains("head.fc.weight"))
        } else if let prefix = ["backbone.bottom_up.", "backbone.", ""].first(where: {
            names.contains($0 + "stem.conv1.weight")
        }) {
            self = .foreign(
                .init("detectron2's network", body: file.detectron2Body(prefix), caution: ForeignNetwork.strides))
        } else if holds("backbone.body.") {
            self = .foreign(.init("a detector of torchvision's on a backbone that isn't known here"))
        } else if holds("stem.0.") {
            self = .foreign(.init("torchvision's video ResNet (r3d_18, mc3_18 or r2plus1d_18)"))
        } else if names.contains("conv1_w") {
            self = .foreign(.init("Caffe2's network, whose layers have names of their own"))
        } else {
            self = .backbone(file)
        }
    }

    /// A file whose names begin with `backbone.body.`, as torchvision's detectors have them.
    private static func detector(_ file: WeightsFile, _ names: Set<String>) -> WeightsLayout {
        func holds(_ prefix: String) -> Bool { names.contains { $0.hasPrefix(prefix) } }
        let body = file.under("backbone.body.")
        func foreign(_ title: String) -> WeightsLayout { .foreign(ForeignNetwork(title, body: body)) }
        if holds("head.regression_head.bbox_ctrness.") { return foreign("torchvision's FCOS") }
        if holds("head.classification_head.") { return foreign("torchvision's RetinaNet") }
        if holds("rpn.head.conv.1.") || holds("backbone.fpn.inner_blocks.0.1.") || holds("roi_heads.box_head.0.") {
            return foreign("torchvision's fasterrcnn_resnet50_fpn_v2 or maskrcnn_resnet50_fpn_v2")
        }
        let others = ["roi_heads.mask_", "roi_heads.keypoint_"]
        let kept = file.state.filter { tensor in !others.contains { tensor.name.hasPrefix($0) } }
        guard kept.count < file.state.count else { return .fasterRCNN(file) }
        return .fasterRCNN(
            WeightsFile(
                file, state: kept, notes: ["its boxes are used, and not its masks or key points"]))
    }

    /// A file of mmdetection or its relatives, whose ResNets have torchvision's names.
    private static func openMMLab(_ file: WeightsFile, classifies: Bool) -> WeightsLayout {
        let body = file.under("backbone.")
        guard classifies else {
            let isSegmentation = file.state.contains { $0.name.hasPrefix("classifier.") }
            return .foreign(
                isSegmentation
                    ? .init("torchvision's segmentation network", body: body)
                    : .init("mmdetection's network", body: body, caution: ForeignNetwork.strides))
        }
        let head = file.state.filter { $0.name.hasPrefix("head.fc.") }
        return .backbone(
            WeightsFile(
                body, state: body.state + head.map { (String($0.name.dropFirst(5)), $0.tensor) },
                notes: ["a classifier of mmpretrain's"]))
    }

    /// Names of older versions of torchvision brought up to date, of its detectors and its DenseNets
    /// (`denselayer1.norm.1.weight` became `denselayer1.norm1.weight`).
    private static func upgradingNames(
        of state: [(name: String, tensor: Tensor)]
    ) -> [(name: String, tensor: Tensor)] {
        FasterRCNN.upgradingNames(of: state).map { name, tensor in
            guard name.contains(".denselayer") else { return (name, tensor) }
            var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            for place in parts.indices.dropLast()
            where ["norm", "conv"].contains(parts[place]) && ["1", "2"].contains(parts[place + 1]) {
                parts.replaceSubrange(place...place + 1, with: [parts[place] + parts[place + 1]])
                break
            }
            return (parts.joined(separator: "."), tensor)
        }
    }
}

/// A network that this toolkit does not have, and what of it can be used here.
struct ForeignNetwork {
    /// Whose network it is.
    let title: String
    /// Its backbone's tensors under this toolkit's names; nil where they belong to no backbone of this toolkit.
    let body: WeightsFile?
    /// The name of the backbone; nil as for `body`.
    let backbone: String?
    /// What to know of the backbone's weights.
    let caution: String?

    /// Networks of these programs come in two styles that have the same tensors.
    static let strides =
        "if it is of the older, Caffe-like style (stride in the 1×1 convolutions, blue first), its features differ here"

    init(_ title: String, body: WeightsFile? = nil, caution: String? = nil) {
        self.title = title
        let name = body.flatMap { Catalogue.names(ofState: $0.state.map { ($0.name, $0.tensor.shape) }).first }
        self.body = name == nil ? nil : body
        backbone = name
        self.caution = caution
    }

    /// What a command says that can't use it, and what can be done with it.
    func reason(path: String) -> String {
        let what = "these are weights of \(title), which is not a network of this toolkit"
        guard let backbone else { return what + ", and neither is its backbone" }
        return what + "; its backbone's weights can start one: model: {backbone: \(backbone), weights: \(path)} in a "
            + "recipe for `vertebra train`" + (caution.map { " (\($0))" } ?? "")
    }

    /// A line that says what of the file is taken as start weights.
    var note: String {
        "weights of \(title): only its backbone is taken" + (caution.map { "; \($0)" } ?? "")
    }
}

extension WeightsFile {
    /// The backbone in a file of detectron2's under torchvision's names: `res2.0.conv1.norm.weight` is
    /// `layer1.0.bn1.weight`, `shortcut` is `downsample`.
    fileprivate func detectron2Body(_ prefix: String) -> WeightsFile {
        renamed { state in
            state.compactMap { name, tensor in
                let inner = ["roi_heads.res5.": "res5."].first { name.hasPrefix($0.key) }.map {
                    $0.value + name.dropFirst($0.key.count)
                }
                guard let name = inner ?? (name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil),
                    let own = Self.torchvisionName(ofDetectron2: name)
                else { return nil }
                return (own, tensor)
            }
        }
    }

    private static func torchvisionName(ofDetectron2 name: String) -> String? {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.first == "stem" {
            parts.removeFirst()
        } else {
            guard let stage = parts.first, stage.hasPrefix("res"), let number = Int(stage.dropFirst(3)), number >= 2
            else { return parts.first == "linear" ? (["fc"] + parts.dropFirst()).joined(separator: ".") : nil }
            parts[0] = "layer\(number - 1)"
        }
        guard let norm = parts.firstIndex(of: "norm") else {
            return parts.map { $0 == "shortcut" ? "downsample.0" : $0 }.joined(separator: ".")
        }
        guard norm > 0 else { return nil }
        let layer = parts[norm - 1]
        parts.replaceSubrange(
            norm - 1...norm,
            with: [layer == "shortcut" ? "downsample.1" : layer.replacingOccurrences(of: "conv", with: "bn")])
        return parts.joined(separator: ".")
    }
}
