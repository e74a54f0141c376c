import Tracking
import XCTest

final class ConstantVelocityFilterTests: XCTestCase {
    /// Two steps by hand. P₀ = diag(10, 10000), Q = diag(1, 0.01), R = 1.
    func testNumbersOfAPencil() {
        var filter = ConstantVelocityFilter(position: 100, positionVariance: 10, velocityVariance: 10_000)
        filter.predict(positionNoise: 1, velocityNoise: 0.01)
        // x = 100 + 0; P = [10 + 10000 + 1, 10000; 10000, 10000.01].
        XCTAssertEqual(filter.position, 100)
        XCTAssertEqual(filter.positionVariance, 10_011)
        XCTAssertEqual(filter.covariance, 10_000)
        XCTAssertEqual(filter.velocityVariance, 10_000.01, accuracy: 1e-9)
        filter.correct(104, variance: 1)
        // K = [10011 / 10012, 10000 / 10012], the innovation is 4.
        XCTAssertEqual(filter.position, 100 + 4 * 10_011 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.velocity, 4 * 10_000 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.positionVariance, 10_011 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.covariance, 10_000 / 10_012, accuracy: 1e-9)
        XCTAssertEqual(filter.velocityVariance, 10_000.01 - 1e8 / 10_012, accuracy: 1e-6)
        filter.predict(positionNoise: 1, velocityNoise: 0.01)
        XCTAssertEqual(filter.position, 100 + 4 * 20_011 / 10_012, accuracy: 1e-9)
        // p + 2 c + v + q = 0.99990 + 1.99760 + 11.99562 + 1.
        XCTAssertEqual(filter.positionVariance, 15.9931, accuracy: 1e-4)
        XCTAssertEqual(filter.covariance, 12.9944, accuracy: 1e-4)
        XCTAssertEqual(filter.velocityVariance, 12.0056, accuracy: 1e-4)
    }

    /// Compared with products of matrices, over steps of several lengths.
    func testItIsTheFilterOfMatrices() {
        var filter = ConstantVelocityFilter(position: 3, positionVariance: 10, velocityVariance: 10_000)
        var x = [3.0, 0], p = [[10.0, 0], [0, 10_000]]
        let steps = [1.0, 1, 2.5, 1, 0.5, 3, 1, 1], measured = [4.0, 6, 9.5, 11, 10, 20, 22, 23]
        XCTAssertEqual(steps.count, measured.count)
        for (t, z) in zip(steps, measured) {
            filter.predict(steps: t, positionNoise: 1, velocityNoise: 0.01)
            let f = [[1, t], [0, 1]]
            x = [x[0] + t * x[1], x[1]]
            p = multiply(multiply(f, p), [[1, 0], [t, 1]])
            p[0][0] += t
            p[1][1] += 0.01 * t
            filter.correct(z, variance: 2)
            let s = p[0][0] + 2, k = [p[0][0] / s, p[1][0] / s], y = z - x[0]
            x = [x[0] + k[0] * y, x[1] + k[1] * y]
            p = multiply([[1 - k[0], 0], [-k[1], 1]], p)
            XCTAssertEqual(filter.position, x[0], accuracy: 1e-9)
            XCTAssertEqual(filter.velocity, x[1], accuracy: 1e-9)
            XCTAssertEqual(filter.positionVariance, p[0][0], accuracy: 1e-7)
            XCTAssertEqual(filter.covariance, p[0][1], accuracy: 1e-7)
            XCTAssertEqual(p[0][1], p[1][0], accuracy: 1e-7)
            XCTAssertEqual(filter.velocityVariance, p[1][1], accuracy: 1e-6)
        }
    }

    private func multiply(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
        (0..<2).map { i in (0..<2).map { j in a[i][0] * b[0][j] + a[i][1] * b[1][j] } }
    }

    func testARampIsFollowed() {
        var filter = ConstantVelocityFilter(position: 0, positionVariance: 10, velocityVariance: 10_000)
        for step in 1...50 {
            filter.predict(positionNoise: 1, velocityNoise: 0.01)
            filter.correct(7 * Double(step), variance: 1)
        }
        XCTAssertEqual(filter.velocity, 7, accuracy: 1e-3)
        filter.predict(steps: 10, positionNoise: 1, velocityNoise: 0.01)
        XCTAssertEqual(filter.position, 420, accuracy: 0.02)
    }
}
