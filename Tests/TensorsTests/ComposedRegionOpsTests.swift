import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// What pooling of regions takes of a device's memory, where it is composed of tensor operations.
final class ComposedRegionOpsTests: XCTestCase {
    /// Regions of all sizes in an image of 400 × 672 pixels.
    private func regions(_ count: Int) -> Tensor {
        let corner = Tensor.rand([count, 2]) * Tensor([500, 300] as [Float])
        let extent = Tensor.rand([count, 2]).square() * Tensor([400, 300] as [Float]) + 8
        return Tensor.cat([Tensor.zeros([count, 1]), corner, corner + extent], dim: 1)
    }

    /// The peak of a forward and a backward pass, the maps with it, over what the native operation must hold at once: the
    /// maps, the features and the gradients of both, and what else it keeps of each feature.
    private func share(
        _ name: String, maps shapes: [[Int]], kept: Int = 0, _ pool: (_ maps: [Tensor], _ rois: Tensor) -> Tensor
    ) -> Double {
        Random.seed(1)
        let rois = regions(128)
        return SimulatedDevice.use { device in
            let here = rois.to(device)
            device.resetPeakMemory()
            let before = device.peakMemory ?? 0
            let maps = shapes.map {
                Tensor.rand($0).to(memoryFormat: .channelsLast).to(device).requiringGrad()
            }
            let features = pool(maps, here)
            features.backward(gradient: Tensor.onesLike(features))
            let least = 2 * 4 * (maps.map(\.count).reduce(0, +) + features.count) + kept * features.count
            let share = Double((device.peakMemory ?? 0) - before) / Double(least)
            print("\(name): \(String(format: "%.2f", share)) of the least memory, \(least >> 20) MiB")
            return share
        }
    }

    func testRegionsTakeLittleMoreMemoryThanTheNativeOperations() {
        let pyramid = [4, 8, 16, 32].map { [1, 256, 400 / $0, 672 / $0] }
        XCTAssertLessThanOrEqual(
            share("RoIAlign of a pyramid", maps: pyramid) { maps, rois in
                DetectionOps.multiScaleRoIAlign(
                    maps, rois: rois, scales: [4, 8, 16, 32].map { 1 / $0 }, outputSize: (7, 7), samplingRatio: 2)
            }, 1.3)
        for ratio in [0, 2] {
            XCTAssertLessThanOrEqual(
                share("RoIAlign, \(ratio) samples", maps: [[1, 1024, 25, 42]]) { maps, rois in
                    DetectionOps.roiAlign(
                        maps[0], rois: rois, outputSize: (14, 14), spatialScale: 1 / 16, samplingRatio: ratio,
                        aligned: false)
                }, 1.3)
        }
        XCTAssertLessThanOrEqual(
            // The native operation keeps which pixel is the greatest in four bytes, libtorch's own in eight.
            share("RoIPool", maps: [[1, 1024, 25, 42]], kept: 4) { maps, rois in
                DetectionOps.roiPool(maps[0], rois: rois, outputSize: (14, 14), spatialScale: 1 / 16)
            }, 1.4)
    }

    /// Bins that end exactly at a pixel: CUDA's division by a number of the host, which the simulated device copies, would
    /// take another pixel into some of them.
    func testBinsThatEndAtAPixelEndThereOnADevice() {
        Random.seed(2)
        let map = Tensor.rand([1, 3, 80, 80])
        for bins in [3, 5, 6, 7, 11, 14] {
            let rois = Tensor(
                (1...80 / bins).flatMap { [0, 0, 0, Float($0 * bins), Float($0 * bins)] }, shape: [80 / bins, 5])
            // Regions of RoIPool end with their last pixel.
            let inclusive = rois - Tensor([0, 0, 0, 1, 1] as [Float])
            let pooled = DetectionOps.roiPool(map, rois: inclusive, outputSize: (bins, bins), spatialScale: 1)
            let aligned = DetectionOps.roiAlign(
                map, rois: rois, outputSize: (bins, bins), spatialScale: 1, samplingRatio: 0, aligned: false)
            SimulatedDevice.use(dividesAsCUDA: true) { device in
                let there = map.to(device)
                XCTAssertEqual(
                    DetectionOps.roiPool(
                        there, rois: inclusive.to(device), outputSize: (bins, bins), spatialScale: 1
                    ).to(.cpu).array(Float.self), pooled.array(Float.self), "\(bins) bins")
                let found = DetectionOps.roiAlign(
                    there, rois: rois.to(device), outputSize: (bins, bins), spatialScale: 1, samplingRatio: 0,
                    aligned: false
                ).to(.cpu)
                let difference = (found - aligned).abs().array(Float.self).max() ?? .infinity
                XCTAssertLessThan(difference, 1e-5, "\(bins) bins")
            }
        }
    }
}
