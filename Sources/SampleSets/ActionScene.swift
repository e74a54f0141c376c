import Foundation
import Media
import Support

/// One clip of the action set: a background, an object in front of it, and the change of the object.
///
/// Position, size, angle and opacity each have a course, drawn at random in the same way for every class. The class
/// decides which course runs, and whether forwards or backwards. The other quantities keep the value of their course at a
/// random moment. So a random frame of a clip has the same distribution for every class, and the two classes of a pair
/// differ only in the order of their frames.
package struct ActionScene: Sendable {
    package enum Quantity: Int, CaseIterable, Sendable { case across, down, size, angle, opacity }

    /// Position, size, angle and opacity of the object in one frame.
    package struct Pose: Hashable, Sendable {
        /// The centre in pixels.
        package var center: SIMD2<Float>
        package var radius: Float
        /// The angle in radians, clockwise.
        package var angle: Float
        /// The opacity, 0…1.
        package var opacity: Float
    }

    /// The course of a quantity from one value to a larger one, faster in the middle or at both ends.
    private struct Course: Sendable {
        let start: Double
        let end: Double
        /// How much faster the middle is than the average, −1…1.
        let swing: Double

        /// The value at a `time` from 0 to 1.
        func value(at time: Double) -> Double {
            start + (end - start) * (time - swing * sin(2 * .pi * time) / (2 * .pi))
        }
    }

    package let action: ActionClass
    package let frameCount: Int
    /// Frames a second.
    package let rate: Double
    /// The scene without its object.
    private let still: Scene
    private let object: Scene.Object
    private let squeeze: Float
    private let isRising: Bool
    /// The course of each quantity.
    private let courses: [Course]
    /// For each quantity, the step of its course at which it stands still, unless it is the one that changes.
    private let moments: [Int]
    /// The object's sway on each axis: reach in pixels, turns in a clip, and phase at its start, 0…1.
    private let sway: (reach: SIMD2<Double>, turns: SIMD2<Double>, start: SIMD2<Double>)

    package init(settings: ActionSampleSet.Settings, action: ActionClass, random: inout SeededRandom) {
        self.action = action
        frameCount = random.integer(in: settings.frames)
        rate = random.element(of: settings.rates)
        courses = Self.courses(settings: settings, random: &random)
        let count = frameCount
        moments = Quantity.allCases.map { _ in random.integer(below: count) }
        sway = (
            SIMD2(random.uniform(0, settings.sway), random.uniform(0, settings.sway)),
            SIMD2(random.uniform(0.5, 2), random.uniform(0.5, 2)), SIMD2(random.uniform(), random.uniform())
        )
        still = Scene(ground: settings, random: &random)
        object = still.drawTurningObject(random: &random)
        squeeze = Float(random.uniform(0.45, 0.65))
        let rises = random.chance(0.5)
        isRising = action.change.isRising ?? rises
    }

    private static func courses(settings: ActionSampleSet.Settings, random: inout SeededRandom) -> [Course] {
        func within(_ range: ClosedRange<Double>, _ random: inout SeededRandom) -> Double {
            random.uniform(range.lowerBound, range.upperBound)
        }
        func swing(_ random: inout SeededRandom) -> Double { random.uniform(-0.6, 0.6) }
        func journey(_ side: Int, _ random: inout SeededRandom) -> Course {
            let length = within(settings.travel, &random)
            let margin = settings.margin
            let start = random.uniform(margin, 1 - margin - length)
            return Course(start: start * Double(side), end: (start + length) * Double(side), swing: swing(&random))
        }
        return Quantity.allCases.map { quantity in
            switch quantity {
            case .across: return journey(settings.width, &random)
            case .down: return journey(settings.height, &random)
            case .size:
                // The course is of the logarithm, so that the approach has a steady pace.
                return Course(
                    start: log(within(settings.farRadii, &random)), end: log(within(settings.nearRadii, &random)),
                    swing: swing(&random))
            case .angle:
                let start = random.uniform(0, 360)
                let end = start + within(settings.turns, &random)
                return Course(start: start * .pi / 180, end: end * .pi / 180, swing: swing(&random))
            case .opacity:
                return Course(
                    start: within(settings.faintOpacities, &random), end: random.uniform(0.9, 1), swing: swing(&random))
            }
        }
    }

    /// The step of the course that a frame shows; a falling quantity goes backwards.
    private func step(_ frame: Int) -> Int { isRising ? frame : frameCount - 1 - frame }

    /// The share of the clip's time at a step, 0…1.
    private func time(_ step: Int) -> Double { Double(step) / Double(max(1, frameCount - 1)) }

    package func pose(_ frame: Int) -> Pose {
        let step = step(frame)
        func value(_ quantity: Quantity) -> Double {
            let isChanging = quantity == action.change.quantity
            return courses[quantity.rawValue].value(at: time(isChanging ? step : moments[quantity.rawValue]))
        }
        let phase = 2 * Double.pi * (sway.turns * time(step) + sway.start)
        let unsteady = sway.reach * SIMD2(sin(phase.x), sin(phase.y))
        return Pose(
            center: SIMD2(Float(value(.across) + unsteady.x), Float(value(.down) + unsteady.y)),
            radius: Float(exp(value(.size))), angle: Float(value(.angle)), opacity: Float(value(.opacity)))
    }

    /// The name of the object's shape, for annotations.
    package var objectName: String { object.placed.shape.rawValue }

    private func scene(_ frame: Int) -> Scene {
        let pose = pose(frame)
        var object = object
        object.placed = PlacedShape(
            shape: object.placed.shape, center: pose.center, radius: pose.radius, squeeze: squeeze, angle: pose.angle)
        object.opacity = pose.opacity
        var scene = still
        scene.objects = [object]
        // The noise depends on the step, so that it also runs backwards in a clip that does.
        scene.noiseKey = still.noiseKey.stream(step(frame))
        return scene
    }

    /// Calls `body` with every frame in order.
    package func forEachFrame(_ body: (ByteImage) throws -> Void) rethrows {
        let ground = SceneRenderer.ground(of: still)
        for frame in 0..<frameCount { try body(SceneRenderer.render(scene(frame), on: ground).image) }
    }
}

extension Scene {
    /// A scene with random background, clutter, light and noise, and without an object.
    fileprivate init(ground settings: ActionSampleSet.Settings, random: inout SeededRandom) {
        width = settings.width
        height = settings.height
        // The background is calm: networks train on this set from scratch, and it must not hide the motion.
        background = SceneBackground(kinds: [.clouds, .paper], scales: 6...16, contrast: 0.35, random: &random)
        background.dim(to: Float(random.uniform(35, 65)))
        clutter = []
        objects = []
        overlay = []
        light = Float(random.uniform(0.05, 0.3)) * Self.direction(&random)
        noiseLevel = random.uniform(0.5, 3)
        noiseKey = random.stream(1)
        for _ in 0..<random.integer(in: settings.clutter) {
            var stroke = drawClutter(&random)
            stroke.thickness = Float(random.uniform(0.6, 1.8))
            clutter.append(stroke)
        }
    }

    /// A random object that looks different when it is turned and stands out even when it is faint.
    fileprivate func drawTurningObject(random: inout SeededRandom) -> Object {
        let ground = background.meanColor
        func contrast(_ color: SceneColor) -> Float {
            let difference = color - ground
            return (difference * difference).sum().squareRoot()
        }
        var object = drawObject(center: .zero, radius: 1, against: ground, random: &random)
        for _ in 0..<12 where contrast(object.base) < 140 {
            object = drawObject(center: .zero, radius: 1, against: ground, random: &random)
        }
        object.texture = random.element(of: [.gradient, .stripes, .checks, .dots, .speckles])
        object.frequency = Float(random.uniform(3.5, 6))
        return object
    }
}
