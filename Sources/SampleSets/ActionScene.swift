import Foundation
import Media
import Support

/// One clip of the action set: an object in front of a ground, and what changes.
///
/// Place, size, angle and opacity each have a course, drawn by lot in the same way for every class. The class says which of
/// them runs, and whether forwards or backwards; the others stand still where their course is at a moment drawn by lot.
/// So a single frame, taken at a moment drawn by lot, is distributed in the same way whatever the class, and two classes
/// of a pair differ in nothing but the order of their frames.
package struct ActionScene: Sendable {
    package enum Quantity: Int, CaseIterable, Sendable { case across, down, size, angle, opacity }

    /// What an object looks like in one frame.
    package struct Pose: Hashable, Sendable {
        /// In pixels.
        package var center: SIMD2<Float>
        package var radius: Float
        /// In radians, clockwise.
        package var angle: Float
        /// 0…1.
        package var opacity: Float
    }

    /// From one value to a larger one, at a pace that may be faster in the middle or at both ends.
    private struct Course: Sendable {
        let start: Double
        let end: Double
        /// −1…1: how much faster than on average the middle is.
        let swing: Double

        /// `time` from 0 to 1.
        func value(at time: Double) -> Double {
            start + (end - start) * (time - swing * sin(2 * .pi * time) / (2 * .pi))
        }
    }

    package let action: ActionClass
    package let frameCount: Int
    /// Frames a second.
    package let rate: Double
    /// Without its object.
    private let still: Scene
    private let object: Scene.Object
    private let squeeze: Float
    private let isRising: Bool
    /// By quantity.
    private let courses: [Course]
    /// By quantity, the step at which it stands still unless it is the one that changes.
    private let moments: [Int]
    /// An unsteady hand: radius and turns in pixels and whole clips, and where it begins.
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
                // The course is of the logarithm: an approach at a steady pace.
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

    /// The step of the rising action that this frame shows.
    private func step(_ frame: Int) -> Int { isRising ? frame : frameCount - 1 - frame }

    /// The share of the clip's time that has passed at a step.
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

    /// The object's shape, for the words of an annotation.
    package var objectName: String { object.placed.shape.rawValue }

    private func scene(_ frame: Int) -> Scene {
        let pose = pose(frame)
        var object = object
        object.placed = PlacedShape(
            shape: object.placed.shape, center: pose.center, radius: pose.radius, squeeze: squeeze, angle: pose.angle)
        object.opacity = pose.opacity
        var scene = still
        scene.objects = [object]
        // Played backwards, the noise runs backwards too.
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
    /// A ground with clutter, light and noise by lot, and no object.
    fileprivate init(ground settings: ActionSampleSet.Settings, random: inout SeededRandom) {
        width = settings.width
        height = settings.height
        // Calm: a network starts from nothing here, and what stands still must not hide what moves.
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

    /// An object of any shape and colour that looks different when it is turned, and that stands out when it is faint.
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
