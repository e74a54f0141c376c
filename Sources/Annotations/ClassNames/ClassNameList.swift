/// The class names of a well-known data set, in the order of a network's outputs.
public enum ClassNameList: String, CaseIterable, Sendable {
    /// COCO's 80 categories, or its ids 1 to 90 for a network with so many outputs.
    case coco
    /// The 20 classes of Pascal VOC.
    case voc
    /// ImageNet's 1000 classes.
    case imagenet
    /// The 400 classes of Kinetics-400.
    case kinetics400

    /// What published lists call an output that no class has.
    public static let unusedName = "N/A"

    /// The names for a network with `count` outputs, the background not among them; nil where the list has another number.
    public func names(outputs count: Int) -> [String]? { forms.first { $0.count == count } }

    /// How many names the list has; for COCO, also how many ids.
    package var counts: [Int] { forms.map(\.count) }

    private var forms: [[String]] {
        switch self {
        case .coco: [Self.cocoNames, Self.cocoNamesByID]
        case .voc: [VOCFolder.standardClassNames]
        case .imagenet: [Self.imagenetNames]
        case .kinetics400: [Self.kinetics400Names]
        }
    }

    /// The entries of a text in which semicolons separate them.
    static func entries(_ text: String) -> [String] {
        text.split(separator: ";").map { entry in
            entry.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
    }
}
