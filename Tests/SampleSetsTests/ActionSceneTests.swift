import Media
import SampleSets
import Support
import XCTest

final class ActionSceneTests: XCTestCase {
    private func scene(
        _ action: ActionClass, _ index: Int, settings: ActionSampleSet.Settings = ActionSampleSet.Settings()
    ) -> ActionScene {
        var random = SeededRandom(seed: 3, epoch: 0, index: index)
        return ActionScene(settings: settings, action: action, random: &random)
    }

    private func frames(_ scene: ActionScene) -> [ByteImage] {
        var frames: [ByteImage] = []
        scene.forEachFrame { frames.append($0) }
        return frames
    }

    private func values(_ pose: ActionScene.Pose) -> [Float] {
        [pose.center.x, pose.center.y, pose.radius, pose.angle, pose.opacity]
    }

    /// With the same lot, a class shows its partner's very pixels, in the other order.
    func testPairsAreEachOtherPlayedBackwards() {
        for (index, action) in ActionClass.allCases.enumerated() {
            XCTAssertEqual(action.reversed.reversed, action)
            XCTAssertEqual(action.reversed.change.quantity, action.change.quantity)
            if action == .turning { continue }
            XCTAssertNotEqual(action.reversed.change.isRising, action.change.isRising)
            let forwards = frames(scene(action, index / 2))
            XCTAssertEqual(forwards, frames(scene(action.reversed, index / 2)).reversed(), action.rawValue)
            XCTAssertNotEqual(forwards.first, forwards.last)
        }
    }

    func testAnActionChangesOneQuantityItsOwnWay() {
        var settings = ActionSampleSet.Settings()
        settings.sway = 0
        var turns: Set<Bool> = []
        for action in ActionClass.allCases {
            for index in 0..<20 {
                let scene = scene(action, index, settings: settings)
                let poses = (0..<scene.frameCount).map { values(scene.pose($0)) }
                for quantity in ActionScene.Quantity.allCases {
                    let course = poses.map { $0[quantity.rawValue] }
                    guard quantity == action.change.quantity else {
                        XCTAssertEqual(Set(course).count, 1, "\(action.rawValue): \(quantity)")
                        continue
                    }
                    let isRising = action.change.isRising ?? (course[1] > course[0])
                    if action == .turning { turns.insert(isRising) }
                    for (earlier, later) in zip(course, course.dropFirst()) {
                        XCTAssertEqual(later > earlier, isRising, action.rawValue)
                    }
                }
            }
        }
        XCTAssertEqual(turns, [true, false])
    }

    /// Frames at moments drawn by lot have the same places, sizes, angles and opacities in every class: Kolmogorov's and
    /// Smirnov's distance of a class to all others is that of samples of one distribution.
    func testSingleFramesSayNothingOfTheClass() {
        let perClass = 400
        var drawn = [[[Float]]](repeating: [], count: ActionClass.allCases.count)
        for (number, action) in ActionClass.allCases.enumerated() {
            for index in 0..<perClass {
                let scene = scene(action, number * perClass + index)
                var random = SeededRandom(seed: 9, epoch: number, index: index)
                var pose = values(scene.pose(random.integer(below: scene.frameCount)))
                pose[3] = pose[3].truncatingRemainder(dividingBy: 2 * .pi)
                drawn[number].append(pose)
            }
        }
        // One in 1000 of 45 comparisons may be above it by chance, each.
        let limit = 1.95 * (1 / Double(perClass) + 1 / Double(8 * perClass)).squareRoot()
        for (number, action) in ActionClass.allCases.enumerated() {
            for quantity in ActionScene.Quantity.allCases {
                let own = drawn[number].map { $0[quantity.rawValue] }.sorted()
                let others = drawn.indices.filter { $0 != number }.flatMap { drawn[$0] }
                    .map { $0[quantity.rawValue] }.sorted()
                XCTAssertLessThan(distance(own, others), limit, "\(action.rawValue): \(quantity)")
            }
        }
    }

    /// The largest difference between the shares of two ascending samples that lie under the same value.
    private func distance(_ a: [Float], _ b: [Float]) -> Double {
        var i = 0, j = 0, largest = 0.0
        while i < a.count, j < b.count {
            let value = min(a[i], b[j])
            while i < a.count, a[i] <= value { i += 1 }
            while j < b.count, b[j] <= value { j += 1 }
            largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        return largest
    }

    /// What changes in the picture is seen where the pose says: the darkest or brightest pixels move along.
    func testTheObjectIsDrawnWhereThePoseSays() {
        var settings = ActionSampleSet.Settings()
        settings.faintOpacities = 0.95...1
        for index in 0..<6 {
            let scene = scene(.movingRight, index, settings: settings)
            let frames = frames(scene)
            guard let first = frames.first, let last = frames.last else { return XCTFail("no frames") }
            var sum = 0.0, places = (left: 0.0, right: 0.0), counts = (left: 0.0, right: 0.0)
            let middle = Double(scene.pose(0).center.x + scene.pose(frames.count - 1).center.x) / 2
            for y in 0..<first.height {
                for x in 0..<first.width {
                    let change = (0..<3).reduce(0.0) { $0 + abs(Double(first[x, y, $1]) - Double(last[x, y, $1])) }
                    guard change > 90 else { continue }
                    sum += change
                    if Double(x) < middle {
                        places.left += Double(x) + 0.5
                        counts.left += 1
                    } else {
                        places.right += Double(x) + 0.5
                        counts.right += 1
                    }
                }
            }
            XCTAssertGreaterThan(sum, 0)
            XCTAssertEqual(places.left / max(1, counts.left), Double(scene.pose(0).center.x), accuracy: 6)
            XCTAssertEqual(
                places.right / max(1, counts.right), Double(scene.pose(frames.count - 1).center.x), accuracy: 6)
        }
    }
}
