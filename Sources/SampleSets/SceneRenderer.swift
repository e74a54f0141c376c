import Foundation
import Media

/// A scene as pixels, with the object that each pixel shows.
package struct RenderedScene {
    package struct Visibility {
        /// Number of the whole object's pixels, including those outside the picture and under other objects.
        var total = 0
        /// Number of visible pixels.
        var visible = 0
        /// The bounds of the visible pixels, far edges exclusive.
        var x0 = Int.max
        var y0 = Int.max
        var x1 = 0
        var y1 = 0
    }

    package var image: ByteImage
    /// For each pixel, the index of the topmost object that covers half of it, or −1.
    package var owners: [Int16]
    /// The visibility of each object of the scene.
    package var visibilities: [Visibility]
}

/// The background and clutter of a scene as colours.
struct SceneGround {
    fileprivate let pixels: [SceneColor]
}

package struct SceneRenderer {
    private let scene: Scene
    private var pixels: [SceneColor]
    private var owners: [Int16]
    private var totals: [Int]

    private init(_ scene: Scene, ground: SceneGround) {
        precondition(
            ground.pixels.count == scene.width * scene.height,
            "SceneRenderer: a ground of \(ground.pixels.count) pixels for \(scene.width) x \(scene.height)")
        self.scene = scene
        pixels = ground.pixels
        owners = [Int16](repeating: -1, count: pixels.count)
        totals = [Int](repeating: 0, count: scene.objects.count)
    }

    package static func render(_ scene: Scene) -> RenderedScene { render(scene, on: ground(of: scene)) }

    /// Renders a scene on a ground that was rendered before, such as for the clip's first frame.
    static func render(_ scene: Scene, on ground: SceneGround) -> RenderedScene {
        var renderer = SceneRenderer(scene, ground: ground)
        return renderer.run()
    }

    /// Renders the background and the clutter on it.
    static func ground(of scene: Scene) -> SceneGround {
        var pixels = [SceneColor](repeating: SceneColor(repeating: 0), count: scene.width * scene.height)
        pixels.withUnsafeMutableBufferPointer {
            scene.background.fill(width: scene.width, height: scene.height, $0)
        }
        var renderer = SceneRenderer(scene, ground: SceneGround(pixels: pixels))
        scene.clutter.forEach { renderer.draw($0) }
        return SceneGround(pixels: renderer.pixels)
    }

    private mutating func run() -> RenderedScene {
        for index in scene.objects.indices {
            drawShadow(of: scene.objects[index])
            draw(scene.objects[index], index: index)
        }
        scene.overlay.forEach { draw($0) }
        return RenderedScene(image: developed(), owners: owners, visibilities: visibilities())
    }

    /// Calls `body` with index and centre of every pixel within `reach` of a point.
    private func forEachPixel(
        around center: SIMD2<Float>, reach: Float, _ body: (_ pixel: Int, _ point: SIMD2<Float>) -> Void
    ) {
        let x0 = max(0, Int((center.x - reach).rounded(.down)))
        let x1 = min(scene.width, Int((center.x + reach).rounded(.up)))
        let y0 = max(0, Int((center.y - reach).rounded(.down)))
        let y1 = min(scene.height, Int((center.y + reach).rounded(.up)))
        guard x0 < x1, y0 < y1 else { return }
        for y in y0..<y1 {
            for x in x0..<x1 { body(y * scene.width + x, SIMD2(Float(x) + 0.5, Float(y) + 0.5)) }
        }
    }

    private mutating func draw(_ clutter: Scene.Clutter) {
        let radius = clutter.thickness
        let segments = Array(zip(clutter.points, clutter.points.dropFirst() + clutter.points.suffix(1)))
        let low = clutter.points.reduce(clutter.points[0]) { pointwiseMin($0, $1) }
        let high = clutter.points.reduce(clutter.points[0]) { pointwiseMax($0, $1) }
        let reach = 0.5 * (high - low).max() + radius + 1
        var changed: [(Int, Float)] = []
        forEachPixel(around: 0.5 * (low + high), reach: reach) { pixel, point in
            var nearest = Float.infinity
            for (start, end) in segments {
                let edge = end - start
                let square = (edge * edge).sum()
                let along = square > 0 ? max(0, min(1, ((point - start) * edge).sum() / square)) : 0
                let offset = point - start - along * edge
                nearest = min(nearest, (offset * offset).sum())
            }
            let coverage = max(0, min(1, radius + 0.5 - nearest.squareRoot()))
            if coverage > 0 { changed.append((pixel, coverage * clutter.opacity)) }
        }
        for (pixel, share) in changed { pixels[pixel] = mixColors(pixels[pixel], clutter.color, share) }
    }

    private mutating func drawShadow(of object: Scene.Object) {
        let darkness = object.shadow * object.opacity
        guard darkness > 0 else { return }
        let strength = max(1e-6, (scene.light * scene.light).sum().squareRoot())
        let depth = 2 + 0.08 * object.placed.radius
        let offset = -scene.light / strength * depth
        let blur = depth
        var changed: [(Int, Float)] = []
        forEachPixel(around: object.placed.center + offset, reach: object.placed.reach + blur) { pixel, point in
            let distance = object.placed.distance(point - offset)
            let share = 1 - smoothStep(-blur, blur, distance)
            if share > 0 { changed.append((pixel, 1 - darkness * share)) }
        }
        for (pixel, factor) in changed { pixels[pixel] *= factor }
    }

    private mutating func draw(_ object: Scene.Object, index: Int) {
        let placed = object.placed
        let strength = max(1e-6, (scene.light * scene.light).sum().squareRoot())
        let towardsLight = scene.light / strength
        let blur = 1 / placed.radius
        // Pixels outside the picture count too, because the visible share is one of the whole object.
        let reach = placed.reach + 1
        for y in Int((placed.center.y - reach).rounded(.down))..<Int((placed.center.y + reach).rounded(.up)) {
            for x in Int((placed.center.x - reach).rounded(.down))..<Int((placed.center.x + reach).rounded(.up)) {
                let point = SIMD2(Float(x) + 0.5, Float(y) + 0.5)
                let distance = placed.distance(point)
                let coverage = max(0, min(1, 0.5 - distance / object.softness))
                guard coverage > 0 else { continue }
                let isIn = x >= 0 && y >= 0 && x < scene.width && y < scene.height
                if coverage >= 0.5 {
                    totals[index] += 1
                    if isIn { owners[y * scene.width + x] = Int16(index) }
                }
                guard isIn else { continue }
                let local = placed.local(point)
                let accent = object.texture.accent(
                    local, frequency: object.frequency, blur: blur, noise: object.noise)
                var color = mixColors(object.base, object.accent, accent)
                let lit = ((point - placed.center) * towardsLight).sum() / placed.radius
                color *= 1 + 0.2 * lit
                if object.rim > 0 { color *= 1 - 0.55 * smoothStep(-object.rim - 0.7, -object.rim + 0.7, distance) }
                pixels[y * scene.width + x] = mixColors(
                    pixels[y * scene.width + x], color, coverage * object.opacity)
            }
        }
    }

    /// The picture as bytes, with light across it and the sensor's noise.
    private func developed() -> ByteImage {
        let center = SIMD2(Float(scene.width), Float(scene.height)) * 0.5
        let scale = 2 / Float(max(scene.width, scene.height))
        var random = scene.noiseKey
        let level = Float(scene.noiseLevel)
        return ByteImage(width: scene.width, height: scene.height, channels: 3) { bytes in
            for y in 0..<scene.height {
                for x in 0..<scene.width {
                    let p = (SIMD2(Float(x), Float(y)) - center) * scale
                    let vignette = 1 - 0.12 * (p * p).sum()
                    let lit = pixels[y * scene.width + x] * ((1 + (p * scene.light).sum()) * vignette)
                    // One draw gives three numbers of a triangular distribution, each the sum of two 10-bit numbers.
                    let bits = random.next()
                    func noise(_ shift: UInt64) -> Float {
                        let sum = (bits >> shift & 1023) + (bits >> (shift + 10) & 1023)
                        return (Float(sum) - 1023) * (level * 0x1p-10 * 2.45)
                    }
                    let at = (y * scene.width + x) * 3
                    bytes[at] = UInt8(max(0, min(255, lit.x + noise(0) + 0.5)))
                    bytes[at + 1] = UInt8(max(0, min(255, lit.y + noise(20) + 0.5)))
                    bytes[at + 2] = UInt8(max(0, min(255, lit.z + noise(40) + 0.5)))
                }
            }
        }
    }

    private func visibilities() -> [RenderedScene.Visibility] {
        var result = totals.map { RenderedScene.Visibility(total: $0) }
        for y in 0..<scene.height {
            for x in 0..<scene.width {
                let owner = Int(owners[y * scene.width + x])
                guard owner >= 0 else { continue }
                result[owner].visible += 1
                result[owner].x0 = min(result[owner].x0, x)
                result[owner].y0 = min(result[owner].y0, y)
                result[owner].x1 = max(result[owner].x1, x + 1)
                result[owner].y1 = max(result[owner].y1, y + 1)
            }
        }
        return result
    }
}
