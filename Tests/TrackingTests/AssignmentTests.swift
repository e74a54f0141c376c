import Support
import Tracking
import XCTest

final class AssignmentTests: XCTestCase {
    /// The least sum over all ways to give the shorter side's members different partners.
    private func leastSum(_ costs: [Double], rows: Int, columns: Int) -> Double {
        let (shorter, longer) = (min(rows, columns), max(rows, columns))
        func cost(_ a: Int, _ b: Int) -> Double { rows <= columns ? costs[a * columns + b] : costs[b * columns + a] }
        func best(_ a: Int, _ taken: Set<Int>) -> Double {
            guard a < shorter else { return 0 }
            var least = Double.infinity
            for b in 0..<longer where !taken.contains(b) {
                least = min(least, cost(a, b) + best(a + 1, taken.union([b])))
            }
            return least
        }
        return best(0, [])
    }

    func testItIsTheBestOfAllAssignments() {
        var random = SeededRandom(seed: 7, epoch: 0, index: 0)
        var cases = 0
        for _ in 0..<600 {
            let rows = Int.random(in: 1...6, using: &random), columns = Int.random(in: 1...6, using: &random)
            // Few different numbers make ties; negative ones are costs too.
            let coarse = Bool.random(using: &random)
            let costs = (0..<rows * columns).map { _ in
                coarse ? Double(Int.random(in: -3...3, using: &random)) : Double.random(in: -1...1, using: &random)
            }
            let pairs = leastCostAssignment(costs, rows: rows, columns: columns)
            XCTAssertEqual(pairs.count, rows)
            let taken = pairs.compactMap { $0 }
            XCTAssertEqual(taken.count, min(rows, columns))
            XCTAssertEqual(Set(taken).count, taken.count, "each column once")
            var sum = 0.0
            for (row, column) in pairs.enumerated() { if let column { sum += costs[row * columns + column] } }
            XCTAssertEqual(sum, leastSum(costs, rows: rows, columns: columns), accuracy: 1e-9)
            cases += 1
        }
        XCTAssertEqual(cases, 600)
    }

    /// Choosing each row's cheapest column in turn would cost 1 + 100.
    func testGreedIsNotEnough() {
        XCTAssertEqual(leastCostAssignment([1, 2, 2, 100], rows: 2, columns: 2), [1, 0])
    }

    func testNothingToAssign() {
        XCTAssertEqual(leastCostAssignment([], rows: 0, columns: 3), [])
        XCTAssertEqual(leastCostAssignment([], rows: 2, columns: 0), [nil, nil])
        XCTAssertEqual(leastCostAssignment([5, 1, 3], rows: 3, columns: 1), [nil, 0, nil])
    }
}
