import Annotations

/// An annotation whose box is examined; the edges are 0-based, the far ones exclusive.
struct ExaminedBox {
    var label: Int
    var x0: Double
    var y0: Double
    var x1: Double
    var y1: Double
    var isCrowd: Bool
    /// The annotation's place in its file, such as `annotations[12] (id 40)`.
    var record: String
    /// What the file's own numbers add to `x0` and `y0`: 1 if it counts pixels from 1 and includes the far ones.
    var origin = 0.0

    var width: Double { x1 - x0 }
    var height: Double { y1 - y0 }

    /// The corners in the file's own numbers, so that a person can find them there.
    var text: String { "(\(short(x0 + origin)), \(short(y0 + origin))) to (\(short(x1)), \(short(y1)))" }

    /// Whether the box has no area, as training counts it.
    var isDegenerate: Bool { !(width > 0 && height > 0) }

    /// Whether both corners as written are one point.
    var isClick: Bool { width == origin && height == origin }

    func intersectionOverUnion(_ other: ExaminedBox) -> Double {
        let shared = max(0, min(x1, other.x1) - max(x0, other.x0)) * max(0, min(y1, other.y1) - max(y0, other.y0))
        let union = width * height + other.width * other.height - shared
        return union > 0 ? shared / union : 0
    }

    func isSame(_ other: ExaminedBox) -> Bool {
        x0 == other.x0 && y0 == other.y0 && x1 == other.x1 && y1 == other.y1
    }
}

/// A number without needless zeros at its end.
func short(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
}

extension DoctorReport {
    /// Examines the boxes of one image: their area, their place in a picture of that size (zeros: not known), and every pair
    /// of them.
    mutating func examine(
        _ boxes: [ExaminedBox], width: Int, height: Int, file: String, image: String, nearlySame: Double,
        className: (Int) -> String
    ) {
        var sound: [ExaminedBox] = []
        for box in boxes {
            let record = "\(box.record), image \(image)"
            if box.isDegenerate {
                add(
                    .degenerateBox, file: file, record: record,
                    "\(className(box.label)) \(box.text) "
                        + (box.isClick
                            ? "has both corners at one point"
                            : "is \(short(box.width)) × \(short(box.height)) pixels"))
                continue
            }
            if box.isClick {
                add(.singlePixelBox, file: file, record: record, "\(className(box.label)) \(box.text)")
            }
            sound.append(box)
            guard width > 0, height > 0 else { continue }
            let right = Double(width)
            let bottom = Double(height)
            let place = "\(className(box.label)) \(box.text), in an image of \(width) × \(height)"
            if box.x1 <= 0 || box.y1 <= 0 || box.x0 >= right || box.y0 >= bottom {
                add(.boxOutside, file: file, record: record, place)
            } else if box.x0 < -1 || box.y0 < -1 || box.x1 > right + 1 || box.y1 > bottom + 1 {
                add(.boxBeyondEdge, file: file, record: record, place)
            }
        }
        comparePairs(sound, file: file, image: image, nearlySame: nearlySame, className: className)
    }

    /// Compares every two boxes that can overlap, found by a sweep from left to right. Findings are in the file's order.
    private mutating func comparePairs(
        _ boxes: [ExaminedBox], file: String, image: String, nearlySame: Double, className: (Int) -> String
    ) {
        let order = boxes.indices.sorted { boxes[$0].x0 != boxes[$1].x0 ? boxes[$0].x0 < boxes[$1].x0 : $0 < $1 }
        var pairs: [(kind: FindingKind, first: Int, second: Int, overlap: Double)] = []
        for (place, i) in order.enumerated() where !boxes[i].isCrowd {
            for j in order[(place + 1)...] {
                if boxes[j].x0 >= boxes[i].x1 { break }
                if boxes[j].isCrowd { continue }
                let first = min(i, j)
                let second = max(i, j)
                let isSame = boxes[i].isSame(boxes[j])
                if boxes[i].label != boxes[j].label {
                    if isSame { pairs.append((.sameBoxOtherClass, first, second, 1)) }
                    continue
                }
                let overlap = isSame ? 1 : boxes[i].intersectionOverUnion(boxes[j])
                if isSame {
                    pairs.append((.duplicateBox, first, second, 1))
                } else if overlap >= nearlySame {
                    pairs.append((.nearlySameBox, first, second, overlap))
                }
            }
        }
        for pair in pairs.sorted(by: { ($0.first, $0.second) < ($1.first, $1.second) }) {
            let (a, b) = (boxes[pair.first], boxes[pair.second])
            let record = "\(a.record) and \(b.record), image \(image)"
            switch pair.kind {
            case .duplicateBox:
                add(.duplicateBox, file: file, record: record, "\(className(a.label)) \(a.text)")
            case .sameBoxOtherClass:
                add(
                    .sameBoxOtherClass, file: file, record: record,
                    "\(className(a.label)) and \(className(b.label)) \(a.text)")
            default:
                let percent = Int((pair.overlap * 100).rounded(.down))
                add(
                    .nearlySameBox, file: file, record: record,
                    "\(className(a.label)) \(a.text) and \(b.text) overlap by \(percent) %")
            }
        }
    }
}
