import Support
import XCTest

final class SeededRandomTests: XCTestCase {
    func testKnownDraws() {
        // From the documented arithmetic, worked out with big integers outside this project's code.
        var random = SeededRandom(seed: 1, epoch: 2, index: 3)
        XCTAssertEqual(
            (0..<3).map { _ in random.next() },
            [
                0xB0A559F4B96A7C25, 0xBBE55B5C11B3D8A2, 0x84375FE9B61C7537,
            ])
        var stream = SeededRandom(seed: 1, epoch: 2, index: 3).stream(4)
        XCTAssertEqual(stream.next(), 0x6E7CD351261E2EF3)
    }

    func testKeysGiveDifferentSequences() {
        var first = Set<UInt64>()
        for seed in 0..<4 {
            for epoch in 0..<10 {
                for index in -1..<100 {
                    var random = SeededRandom(seed: UInt64(seed), epoch: epoch, index: index)
                    first.insert(random.next())
                    var stream = random.stream(0)
                    first.insert(stream.next())
                }
            }
        }
        XCTAssertEqual(first.count, 4 * 10 * 101 * 2)
    }

    func testStreamsDoNotDependOnWhatWasDrawn() {
        let fresh = SeededRandom(seed: 5, epoch: 0, index: 0)
        var used = fresh
        _ = used.next()
        XCTAssertEqual(fresh.stream(1), used.stream(1))
        XCTAssertNotEqual(fresh.stream(1), used.stream(2))
    }

    func testUniformFillsItsRange() {
        var random = SeededRandom(seed: 0, epoch: 0, index: 0)
        var bins = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 { bins[Int(random.uniform() * 10)] += 1 }
        // Five standard deviations of a binomial count are 212.
        for bin in bins { XCTAssertEqual(bin, 2000, accuracy: 212) }
        for _ in 0..<100 {
            let value = random.uniform(-3, 5)
            XCTAssertTrue(value >= -3 && value < 5)
        }
    }

    func testIntegersAreUnbiased() {
        var random = SeededRandom(seed: 0, epoch: 0, index: 1)
        var bins = [Int](repeating: 0, count: 7)
        for _ in 0..<21_000 { bins[random.integer(below: 7)] += 1 }
        for bin in bins { XCTAssertEqual(bin, 3000, accuracy: 254) }
        // Where the bound is most of 2⁶³, plain reduction would favour small numbers two to one.
        let bound = Int.max / 3 * 2
        let low = (0..<3000).count { _ in random.integer(below: bound) < bound / 2 }
        XCTAssertEqual(low, 1500, accuracy: 137)
        XCTAssertEqual(Set((0..<200).map { _ in random.integer(in: 3...5) }), [3, 4, 5])
    }

    func testNormal() {
        var random = SeededRandom(seed: 0, epoch: 0, index: 2)
        let values = (0..<20_000).map { _ in random.normal() }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        XCTAssertEqual(mean, 0, accuracy: 0.036)
        XCTAssertEqual(variance, 1, accuracy: 0.05)
        XCTAssertTrue(values.allSatisfy { abs($0) <= 6 })
    }

    func testShuffleIsAPermutationAndEveryPlaceIsReached() {
        var places = Set<Int>()
        for index in 0..<200 {
            var random = SeededRandom(seed: 3, epoch: 0, index: index)
            var numbers = Array(0..<6)
            random.shuffle(&numbers)
            XCTAssertEqual(numbers.sorted(), Array(0..<6))
            if let place = numbers.firstIndex(of: 0) { places.insert(place) }
        }
        XCTAssertEqual(places, Set(0..<6))
    }

    /// By the definition at the head of `SeededRandom`, computed by other code.
    func testTheOrderOfAShuffle() {
        var random = SeededRandom(seed: 3, epoch: 0, index: 0)
        XCTAssertEqual(random.permutation(of: 10), [4, 8, 5, 0, 2, 1, 9, 6, 3, 7])
        random = SeededRandom(seed: 3, epoch: 0, index: 0)
        var letters = Array("abcdefghij")
        random.shuffle(&letters)
        XCTAssertEqual(String(letters), "eifacbjgdh")
        XCTAssertEqual(random.permutation(of: 1), [0])
        XCTAssertEqual(random.permutation(of: 0), [])
    }
}
