import Foundation
import Support

/// The content of one picture: all random choices, nothing rendered yet.
package struct Scene: Sendable {
    package struct Object: Sendable {
        package var placed: PlacedShape
        package var base: SceneColor
        package var accent: SceneColor
        package var texture: ObjectTexture
        package var frequency: Float
        package var noise: ValueNoise
        /// Width of the dark rim in pixels; 0 for none.
        package var rim: Float
        /// Width of the soft edge in pixels.
        package var softness: Float
        /// Darkness of the shadow, 0…1.
        package var shadow: Float
        /// The opacity, 0…1; 1 hides what is behind. A faint object casts a faint shadow.
        package var opacity: Float = 1
    }

    /// A distraction that is not an object: a stroke, or a fleck if both ends meet.
    package struct Clutter: Sendable {
        package var points: [SIMD2<Float>]
        package var thickness: Float
        package var color: SceneColor
        package var opacity: Float
    }

    package var width: Int
    package var height: Int
    package var background: SceneBackground
    /// Strokes and flecks under the objects.
    package var clutter: [Clutter]
    /// The objects, from the lowest to the topmost.
    package var objects: [Object]
    /// Thin strokes over the objects.
    package var overlay: [Clutter]
    /// The light across the picture: the direction from which it comes, times its strength.
    package var light: SIMD2<Float>
    /// Standard deviation of the sensor's noise.
    package var noiseLevel: Double
    package var noiseKey: SeededRandom

    package init(settings: ShapeSampleSet.Settings, random: inout SeededRandom) {
        let isPortrait = random.chance(0.15)
        let long = random.integer(in: settings.longSides)
        let short = Int(Double(long) * random.uniform(0.68, 0.8))
        width = isPortrait ? short : long
        height = isPortrait ? long : short

        background = SceneBackground(scales: 9...24, random: &random)
        let backgroundColor = background.meanColor
        clutter = []
        overlay = []
        objects = []
        light = Float(random.uniform(0.05, 0.3)) * Self.direction(&random)
        noiseLevel = random.uniform(1.5, 6)
        noiseKey = random.stream(1)

        for _ in 0..<random.integer(in: settings.clutter) { clutter.append(drawClutter(&random)) }
        let isEmpty = random.chance(settings.emptyShare)
        let count = isEmpty ? 0 : random.integer(in: settings.objects)
        drawObjects(count, settings: settings, against: backgroundColor, random: &random)
        for _ in 0..<random.integer(below: 3) {
            var stroke = drawClutter(&random)
            stroke.thickness = Float(random.uniform(0.8, 1.8))
            overlay.append(stroke)
        }
    }

    static func direction(_ random: inout SeededRandom) -> SIMD2<Float> {
        let angle = Float(random.uniform(0, 2 * .pi))
        return SIMD2(cos(angle), sin(angle))
    }

    /// A crooked stroke of up to five points, or a fleck.
    func drawClutter(_ random: inout SeededRandom) -> Clutter {
        var point = SIMD2(
            Float(random.uniform(0, Double(width))), Float(random.uniform(0, Double(height))))
        var points = [point]
        let isFleck = random.chance(0.45)
        if !isFleck {
            var heading = random.uniform(0, 2 * .pi)
            for _ in 0..<random.integer(in: 1...4) {
                heading += random.uniform(-0.7, 0.7)
                let length = Float(random.uniform(8, 34))
                point += length * SIMD2(Float(cos(heading)), Float(sin(heading)))
                points.append(point)
            }
        }
        return Clutter(
            points: points, thickness: Float(isFleck ? random.uniform(1.5, 4.5) : random.uniform(1, 3)),
            color: hsvColor(
                hue: random.uniform(), saturation: random.uniform(0.05, 0.6), value: random.uniform(0.15, 0.9)),
            opacity: Float(random.uniform(0.35, 0.85)))
    }

    private mutating func drawObjects(
        _ count: Int, settings: ShapeSampleSet.Settings, against background: SceneColor, random: inout SeededRandom
    ) {
        let limit = Double(min(width, height)) * 0.3
        // Large objects usually come first, so that small ones lie on top of them.
        let radii = (0..<count).map { _ -> (radius: Double, rank: Double) in
            let low = settings.radii.lowerBound
            let high = min(settings.radii.upperBound, limit)
            let radius = low * pow(high / low, random.uniform())
            return (radius, radius * random.uniform(0.5, 1.5))
        }.sorted { $0.rank > $1.rank }.map(\.radius)
        for radius in radii {
            let closeness = random.chance(settings.overlapShare) ? 0.45 : 0.92
            for _ in 0..<20 {
                // Up to a third of an object may lie outside the picture.
                let margin = random.chance(0.2) ? -0.35 * radius : radius
                let x = random.uniform(margin, Double(width) - margin)
                let y = random.uniform(margin, Double(height) - margin)
                let center = SIMD2(Float(x), Float(y))
                let isFree = objects.allSatisfy { other in
                    let offset = other.placed.center - center
                    let distance = (offset * offset).sum().squareRoot()
                    return Double(distance) > closeness * (Double(other.placed.radius) + radius)
                }
                if isFree {
                    objects.append(
                        drawObject(center: center, radius: Float(radius), against: background, random: &random))
                    break
                }
            }
        }
    }

    func drawObject(
        center: SIMD2<Float>, radius: Float, against background: SceneColor, random: inout SeededRandom
    ) -> Object {
        let shape = random.element(of: SceneShape.allCases)
        var base = SceneColor(repeating: 0)
        for _ in 0..<12 {
            base = hsvColor(
                hue: random.uniform(), saturation: random.uniform(0.45, 0.95), value: random.uniform(0.35, 1))
            let difference = base - background
            if (difference * difference).sum() > 85 * 85 { break }
        }
        let isLight = base.sum() > 380
        let accent =
            random.chance(0.5)
            ? mixColors(base, SceneColor(repeating: isLight ? 25 : 240), Float(random.uniform(0.4, 0.7)))
            : hsvColor(
                hue: random.uniform(), saturation: random.uniform(0.4, 0.9), value: isLight ? 0.35 : 0.95)
        let texture =
            random.chance(0.5) ? shape.typicalTexture : random.element(of: ObjectTexture.allCases)
        return Object(
            placed: PlacedShape(
                shape: shape, center: center, radius: radius, squeeze: Float(random.uniform(0.75, 1)),
                angle: Float(random.uniform(0, 2 * .pi))),
            base: base, accent: accent, texture: texture, frequency: Float(random.uniform(5, 10)),
            noise: ValueNoise(key: UInt32(truncatingIfNeeded: random.next())),
            rim: random.chance(0.4) ? Float(random.uniform(1, 2.2)) : 0, softness: Float(random.uniform(0.9, 1.6)),
            shadow: random.chance(0.8) ? Float(random.uniform(0.15, 0.45)) : 0)
    }
}

extension SceneShape {
    /// The texture of half of the objects of this class; the others have a random one.
    fileprivate var typicalTexture: ObjectTexture {
        switch self {
        case .disc: .gradient
        case .ring: .stripes
        case .square: .checks
        case .triangle: .dots
        case .star: .plain
        case .cross: .speckles
        }
    }
}
