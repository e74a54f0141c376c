import Foundation
import Media

/// out = M · rgb + offset, on the scale 0…255.
struct ColorMatrix: Sendable {
    typealias Vector = SIMD3<Double>

    var rows: (Vector, Vector, Vector)
    var offset: Vector = .zero

    static let lumaWeights = Vector(0.299, 0.587, 0.114)

    static func luma(_ rgb: Vector) -> Double { (lumaWeights * rgb).sum() }

    static func scaling(_ factor: Double, offset: Double = 0) -> ColorMatrix {
        ColorMatrix(
            rows: (Vector(factor, 0, 0), Vector(0, factor, 0), Vector(0, 0, factor)), offset: Vector(repeating: offset))
    }

    /// factor · rgb + (1 − factor) · grey.
    static func saturation(_ factor: Double) -> ColorMatrix {
        let grey = (1 - factor) * lumaWeights
        let own = scaling(factor).rows
        return ColorMatrix(rows: (own.0 + grey, own.1 + grey, own.2 + grey))
    }

    /// A turn of the chrominance plane of YIQ; grey stays grey, and the luma of every colour stays.
    static func hueRotation(turns: Double) -> ColorMatrix {
        let toYIQ = ColorMatrix(
            rows: (lumaWeights, Vector(0.595716, -0.274453, -0.321263), Vector(0.211456, -0.522591, 0.311135)))
        let toRGB = ColorMatrix(
            rows: (Vector(1, 0.9563, 0.6210), Vector(1, -0.2721, -0.6474), Vector(1, -1.1070, 1.7046)))
        let angle = 2 * Double.pi * turns
        let turn = ColorMatrix(
            rows: (Vector(1, 0, 0), Vector(0, cos(angle), -sin(angle)), Vector(0, sin(angle), cos(angle))))
        return toYIQ.followed(by: turn).followed(by: toRGB)
    }

    func applied(to rgb: Vector) -> Vector {
        Vector((rows.0 * rgb).sum(), (rows.1 * rgb).sum(), (rows.2 * rgb).sum()) + offset
    }

    func followed(by next: ColorMatrix) -> ColorMatrix {
        func combined(_ row: Vector) -> Vector { row.x * rows.0 + row.y * rows.1 + row.z * rows.2 }
        return ColorMatrix(
            rows: (combined(next.rows.0), combined(next.rows.1), combined(next.rows.2)),
            offset: next.applied(to: offset))
    }
}

extension ByteImage {
    /// The mean of each channel of an RGB image.
    var meanColor: SIMD3<Double> {
        withUnsafeBytes { bytes in
            var red = 0
            var green = 0
            var blue = 0
            var i = 0
            while i + 2 < bytes.count {
                red &+= Int(bytes[i])
                green &+= Int(bytes[i + 1])
                blue &+= Int(bytes[i + 2])
                i += 3
            }
            let pixels = Double(max(1, bytes.count / 3))
            return SIMD3(Double(red), Double(green), Double(blue)) / pixels
        }
    }

    /// Applies the matrix to every pixel of an RGB image, in fixed point with 14 bits, rounded.
    mutating func apply(_ matrix: ColorMatrix) {
        let bits = 14
        let one = Double(1 << bits)
        func fixed(_ row: SIMD3<Double>) -> (Int32, Int32, Int32) {
            let scaled = (row * one).rounded(.toNearestOrEven)
            return (Int32(scaled.x), Int32(scaled.y), Int32(scaled.z))
        }
        let (m0, m1, m2) = fixed(matrix.rows.0)
        let (m3, m4, m5) = fixed(matrix.rows.1)
        let (m6, m7, m8) = fixed(matrix.rows.2)
        let (o0, o1, o2) = fixed(matrix.offset + 0.5)
        withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
            for pixel in 0..<(bytes.count / 3) {
                let p = base + pixel * 3
                let (r, g, b) = (Int32(p[0]), Int32(p[1]), Int32(p[2]))
                let red = (m0 &* r &+ m1 &* g &+ m2 &* b &+ o0) >> bits
                let green = (m3 &* r &+ m4 &* g &+ m5 &* b &+ o1) >> bits
                let blue = (m6 &* r &+ m7 &* g &+ m8 &* b &+ o2) >> bits
                p[0] = UInt8(truncatingIfNeeded: max(0, min(255, red)))
                p[1] = UInt8(truncatingIfNeeded: max(0, min(255, green)))
                p[2] = UInt8(truncatingIfNeeded: max(0, min(255, blue)))
            }
        }
    }
}
