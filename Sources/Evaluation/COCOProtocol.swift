/// The constants of COCO's box evaluation.
enum COCOProtocol {
    /// 0.50, 0.55, … 0.95: to the bit what `numpy.linspace(.5, .95, 10)` gives.
    static let iouThresholds: [Double] = {
        let step = (0.95 - 0.5) / 9
        return (0..<10).map { $0 == 9 ? 0.95 : 0.5 + Double($0) * step }
    }()

    /// 0.00, 0.01, … 1.00: to the bit what `numpy.linspace(0, 1, 101)` gives.
    static let recallThresholds: [Double] = (0..<101).map { $0 == 100 ? 1 : Double($0) * 0.01 }

    /// How many of an image's best detections of a class count.
    static let detectionLimits = [1, 10, 100]

    /// Square pixels, both ends included: all, small, medium, large.
    static let areaRanges: [(low: Double, high: Double)] = [(0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10)]
}
