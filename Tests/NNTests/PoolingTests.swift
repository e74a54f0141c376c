import NN
import Tensors
import XCTest

final class PoolingTests: XCTestCase {
    private let image = Tensor((0..<16).map(Float.init), shape: [1, 1, 4, 4])

    func testMaximaAndMeansOfWindows() {
        assertEqual(MaxPool(kernelSize: 2)(image), [5, 7, 13, 15])
        assertEqual(MaxPool(kernelSize: 3, stride: 2, padding: 1)(image), [5, 7, 13, 15])
        assertEqual(AvgPool(kernelSize: 2)(image), [2.5, 4.5, 10.5, 12.5])
        assertEqual(GlobalAvgPool()(image), [7.5])
    }

    func testCeilModeKeepsTheLastWindow() {
        XCTAssertEqual(MaxPool(kernelSize: 3, stride: 2)(image).shape, [1, 1, 1, 1])
        XCTAssertEqual(MaxPool(kernelSize: 3, stride: 2, ceilMode: true)(image).shape, [1, 1, 2, 2])
    }

    func testVolumes() {
        let volume = image.reshape([1, 1, 4, 2, 2])
        assertEqual(MaxPool(kernelSize: 2)(volume), [7, 15])
        assertEqual(MaxPool(kernelSize: [1, 2, 2])(volume), [3, 7, 11, 15])
        assertEqual(AvgPool(kernelSize: [4, 1, 1])(volume), [6, 7, 8, 9])
        assertEqual(GlobalAvgPool()(volume), [7.5])
    }
}
