import Foundation

extension Tensor: CustomStringConvertible {
    /// Shape, type and, if it isn't the CPU, device, as in messages: `[2, 3] float32`.
    public var signature: String {
        "\(shape) \(dtype)" + (device == .cpu ? "" : " \(device)")
    }

    /// The elements in rows as in a table, then the signature; of more than 1000 elements the middle of long axes is
    /// left out.
    public var description: String {
        guard count > 0 else { return "\(signature) (no elements)" }
        // Indices shown at each end of an axis of a large tensor.
        let limit: Int? = count > 1000 ? 3 : nil
        let kept = kept(limit)
        let format = Self.formatter(for: kept, dtype: dtype)
        return Self.rows(self, limit: limit, format: format, indent: 1) + "  " + signature
    }

    /// The elements that the description shows.
    private func kept(_ limit: Int?) -> Tensor {
        guard let limit else { return self }
        var part = self
        for (axis, size) in shape.enumerated() where size > 2 * limit {
            part = .cat(
                [
                    part.narrow(dim: axis, start: 0, length: limit),
                    part.narrow(dim: axis, start: size - limit, length: limit),
                ],
                dim: axis)
        }
        return part
    }

    private static func formatter(for kept: Tensor, dtype: DType) -> (Double) -> String {
        guard dtype != .bool else { return { $0 == 0 ? "false" : "true" } }
        let values = kept.array(Double.self)
        let finite = values.filter(\.isFinite)
        let render: (Double) -> String
        if !dtype.isFloatingPoint || finite.allSatisfy({ $0 == $0.rounded() && Swift.abs($0) < 1e9 }) {
            let suffix = dtype.isFloatingPoint ? "." : ""
            render = { $0.isFinite ? String(format: "%.0f", $0) + suffix : String($0) }
        } else {
            let largest = finite.map(Swift.abs).max() ?? 0
            let smallest = finite.map(Swift.abs).filter { $0 > 0 }.min() ?? 1
            let scientific = largest >= 1e6 || smallest < 1e-4 && largest < 1e-2
            render = { $0.isFinite ? String(format: scientific ? "%.4e" : "%.4f", $0) : String($0) }
        }
        let width = values.map { render($0).count }.max() ?? 0
        return { value in
            let text = render(value)
            return String(repeating: " ", count: Swift.max(0, width - text.count)) + text
        }
    }

    private static func rows(_ x: Tensor, limit: Int?, format: (Double) -> String, indent: Int) -> String {
        guard x.rank > 0 else { return format(x.item()) }
        let size = x.shape[0]
        let ends = limit.flatMap { size > 2 * $0 ? $0 : nil }
        let shown = ends.map { Array(0..<$0) + Array(size - $0..<size) } ?? Array(0..<size)
        var parts: [String]
        if x.rank == 1 {
            let values = x.array(Double.self)
            parts = shown.map { format(values[$0]) }
        } else {
            parts = shown.map { rows(x.select(dim: 0, index: $0), limit: limit, format: format, indent: indent + 1) }
        }
        if let ends { parts.insert("…", at: ends) }
        let lines = String(repeating: "\n", count: Swift.max(1, x.rank - 1)) + String(repeating: " ", count: indent)
        return "[" + parts.joined(separator: x.rank == 1 ? ", " : "," + lines) + "]"
    }
}
