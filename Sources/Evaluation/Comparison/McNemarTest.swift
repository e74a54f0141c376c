import Foundation

/// McNemar's exact test of two classifiers on the same images ("Note on the sampling error of the difference between correlated
/// proportions or percentages", 1947): of the images that just one of them gets right, as many should fall to either, by chance.
public struct McNemarTest: Hashable, Sendable, Codable {
    /// Images that the first gets right and the second wrong.
    public let firstOnly: Int
    /// Images that the second gets right and the first wrong.
    public let secondOnly: Int
    /// The probability of so uneven a split or a more uneven one, to either side, if both were equally good.
    public let pValue: Double

    /// - Parameters are the numbers of images that one gets right and the other wrong, which must not be below 0.
    public init(firstOnly: Int, secondOnly: Int) {
        precondition(firstOnly >= 0 && secondOnly >= 0, "McNemar's test of \(firstOnly) and \(secondOnly) images")
        self.firstOnly = firstOnly
        self.secondOnly = secondOnly
        let total = firstOnly + secondOnly
        // Twice the tail of a binomial distribution with probability ½. The logarithm keeps large numbers finite.
        func logarithmOfFactorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }
        var tail = 0.0
        for k in 0...min(firstOnly, secondOnly) {
            let choices = logarithmOfFactorial(total) - logarithmOfFactorial(k) - logarithmOfFactorial(total - k)
            tail += exp(choices - Double(total) * log(2))
        }
        pValue = min(1, 2 * tail)
    }
}
