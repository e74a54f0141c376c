import Foundation
import Support

/// A colour as RGB in 0…255; the fourth component is unused.
package typealias SceneColor = SIMD4<Float>

func mixColors(_ a: SceneColor, _ b: SceneColor, _ share: Float) -> SceneColor { a + (b - a) * share }

func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = max(0, min(1, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)
}

/// A colour from a hue in turns, and a saturation and value in 0…1.
func hsvColor(hue: Double, saturation: Double, value: Double) -> SceneColor {
    func channel(_ shift: Double) -> Float {
        let k = (shift + hue * 6).truncatingRemainder(dividingBy: 6)
        return Float(255 * (value - value * saturation * max(0, min(k, 4 - k, 1))))
    }
    return SceneColor(channel(5), channel(3), channel(1), 0)
}

/// Smooth noise on the plane: random values at whole coordinates, interpolated between.
package struct ValueNoise: Sendable {
    let key: UInt32

    /// The random value of a cell, uniform in 0..<1.
    func cell(_ x: Int32, _ y: Int32) -> Float {
        var h = UInt32(bitPattern: x) &* 0x85EB_CA6B ^ UInt32(bitPattern: y) &* 0xC2B2_AE35 ^ key
        h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
        h = (h ^ (h >> 12)) &* 0x297A_2D39
        return Float((h ^ (h >> 15)) >> 8) * 0x1p-24
    }

    /// The noise at a point, 0…1.
    func value(_ p: SIMD2<Float>) -> Float {
        let floorX = p.x.rounded(.down)
        let floorY = p.y.rounded(.down)
        let (x, y) = (Int32(floorX), Int32(floorY))
        let fx = p.x - floorX
        let fy = p.y - floorY
        let sx = fx * fx * (3 - 2 * fx)
        let sy = fy * fy * (3 - 2 * fy)
        let top = cell(x, y) + (cell(x &+ 1, y) - cell(x, y)) * sx
        let bottom = cell(x, y &+ 1) + (cell(x &+ 1, y &+ 1) - cell(x, y &+ 1)) * sx
        return top + (bottom - top) * sy
    }

    /// The sum of octaves of noise at a point, 0…1. Each octave has half the size and half the weight of the one before.
    func fractal(_ p: SIMD2<Float>, octaves: Int) -> Float {
        var sum: Float = 0
        var weight: Float = 0.5
        var total: Float = 0
        var point = p
        for _ in 0..<octaves {
            sum += weight * value(point)
            total += weight
            weight *= 0.5
            point = point * 2.03 + SIMD2(17.3, 5.1)
        }
        return sum / total
    }
}

/// The texture of an object, in the object's own coordinates.
package enum ObjectTexture: CaseIterable, Sendable {
    case plain, gradient, stripes, checks, dots, rings, speckles

    /// The share of the accent colour at a point, 0…1; `blur` is the size of a pixel in the object's coordinates.
    func accent(_ p: SIMD2<Float>, frequency: Float, blur: Float, noise: ValueNoise) -> Float {
        func edge(_ wave: Float, _ slope: Float) -> Float {
            let width = max(blur * slope, 0.02)
            return smoothStep(-width, width, wave)
        }
        switch self {
        case .plain: return 0
        case .gradient: return smoothStep(-1.1, 1.1, p.y)
        case .stripes: return edge(sin(p.x * frequency), frequency)
        case .checks: return edge(sin(p.x * frequency) * sin(p.y * frequency), frequency)
        case .dots:
            let cell = p * (frequency / (2 * .pi))
            let offset = cell - cell.rounded(.toNearestOrEven)
            return 1 - smoothStep(0.26, 0.34 + blur, (offset * offset).sum().squareRoot())
        case .rings: return edge(sin((p * p).sum().squareRoot() * frequency), frequency)
        case .speckles: return smoothStep(0.5, 0.62, noise.value(p * frequency))
        }
    }
}

/// The background behind the objects.
package struct SceneBackground: Sendable {
    package enum Kind: CaseIterable, Sendable { case clouds, cloth, wood, tiles, paper }

    var kind: Kind
    var first: SceneColor
    var second: SceneColor
    var scale: Float
    var angle: Float
    var noise: ValueNoise

    /// A background of a random kind with two muted tones of a random hue; `scales` in pixels.
    ///
    /// - Parameter contrast: factor on the difference of the two tones.
    init(
        kinds: [Kind] = Kind.allCases, scales: ClosedRange<Double>, contrast: Float = 1, random: inout SeededRandom
    ) {
        let tone = random.uniform(0, 1)
        func muted(_ value: ClosedRange<Double>, _ random: inout SeededRandom) -> SceneColor {
            hsvColor(
                hue: (tone + random.uniform(-0.09, 0.09) + 1).truncatingRemainder(dividingBy: 1),
                saturation: random.uniform(0.06, 0.36), value: random.uniform(value.lowerBound, value.upperBound))
        }
        let isBright = random.chance(0.6)
        kind = random.element(of: kinds)
        first = muted(isBright ? 0.72...0.95 : 0.4...0.6, &random)
        second = mixColors(first, muted(isBright ? 0.52...0.72 : 0.2...0.4, &random), contrast)
        scale = Float(random.uniform(scales.lowerBound, scales.upperBound))
        angle = Float(random.uniform(0, .pi))
        noise = ValueNoise(key: UInt32(truncatingIfNeeded: random.next()))
    }

    var meanColor: SceneColor { mixColors(first, second, 0.5) }

    /// Scales both tones so that the brightest channel of their mean is `value`, in 0…255.
    mutating func dim(to value: Float) {
        let factor = value / max(1, meanColor.max())
        (first, second) = (first * factor, second * factor)
    }

    /// Writes the colour of every pixel, row by row.
    func fill(width: Int, height: Int, _ pixels: UnsafeMutableBufferPointer<SceneColor>) {
        let (c, s) = (cos(angle), sin(angle))
        for y in 0..<height {
            for x in 0..<width {
                let p = SIMD2(c * Float(x) - s * Float(y), s * Float(x) + c * Float(y))
                pixels[y * width + x] = color(p)
            }
        }
    }

    private func color(_ p: SIMD2<Float>) -> SceneColor {
        switch kind {
        case .clouds:
            return mixColors(first, second, smoothStep(0.2, 0.8, noise.fractal(p / (scale * 3), octaves: 4)))
        case .cloth:
            let frequency = 5 / scale + 0.25
            let weave = 0.5 + 0.25 * (sin(p.x * frequency) + sin(p.y * frequency))
            let fold = noise.fractal(p / (scale * 4), octaves: 2)
            return mixColors(first, second, 0.45 * weave + 0.55 * fold)
        case .wood:
            let bend = noise.fractal(p / SIMD2(scale * 8, scale * 3), octaves: 2)
            let ring = (p.y / scale + 5 * bend)
            let saw = ring - ring.rounded(.down)
            let grain = noise.value(p * SIMD2(0.06, 0.9))
            return mixColors(
                first, second, 0.65 * smoothStep(0, 0.9, saw) * (1 - smoothStep(0.9, 1, saw)) + 0.35 * grain)
        case .tiles:
            let cell = p / (scale * 1.6)
            let corner = cell.rounded(.down)
            let inside = cell - corner
            let edge = min(min(inside.x, 1 - inside.x), min(inside.y, 1 - inside.y))
            let shade = noise.cell(Int32(corner.x), Int32(corner.y)) * 0.7 + 0.3 * noise.value(p / 6)
            return mixColors(first, second, shade) * (0.7 + 0.3 * smoothStep(0.015, 0.05, edge))
        case .paper:
            let stain = noise.fractal(p / (scale * 5), octaves: 2)
            let fibre = noise.value(p * SIMD2(0.15, 0.7)) * 0.5 + noise.value(p * SIMD2(0.8, 0.2)) * 0.5
            return mixColors(first, second, 0.5 * stain + 0.5 * fibre)
        }
    }
}
