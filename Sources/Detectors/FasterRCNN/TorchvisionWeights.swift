import Tensors

extension FasterRCNN {
    /// A state dict with names of torchvision before 0.13 brought up to date: `rpn.head.conv.weight` became
    /// `rpn.head.conv.0.0.weight`, `backbone.fpn.inner_blocks.0.weight` became `….0.0.weight`. Its published COCO weights
    /// have the old names. Others stay as they are.
    public static func upgradingNames(
        of state: [(name: String, tensor: Tensor)]
    ) -> [(name: String, tensor: Tensor)] {
        state.map { (upgradedName($0.name), $0.tensor) }
    }

    static func upgradedName(_ name: String) -> String {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 4, parts.starts(with: ["rpn", "head", "conv"]) {
            parts.insert(contentsOf: ["0", "0"], at: 3)
        } else if parts.count == 5, parts.starts(with: ["backbone", "fpn"]),
            parts[2] == "inner_blocks" || parts[2] == "layer_blocks"
        {
            parts.insert("0", at: 4)
        }
        return parts.joined(separator: ".")
    }
}
