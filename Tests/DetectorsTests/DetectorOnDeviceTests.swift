import Annotations
import Architectures
import Detectors
import NN
import SimulatedDevice
import Tensors
import TestSupport
import XCTest

/// Every form of both detectors trains and detects on a device as on the CPU, to the last bit of its composed operations.
final class DetectorOnDeviceTests: XCTestCase {
    private let (images, targets) = smallScenes()

    private func fasterRCNN(
        _ layout: FasterRCNNConfiguration.Layout, _ change: (inout FasterRCNNConfiguration) -> Void = { _ in }
    ) throws -> FasterRCNN {
        var configuration = smallFasterRCNN(layout)
        configuration.boxScoreThreshold = 0.01
        change(&configuration)
        return try FasterRCNN(configuration, backbone: BackboneArchitecture(text: narrowResNet18), classCount: 2)
    }

    private func ssd(_ change: (inout SSDConfiguration) -> Void = { _ in }) throws -> SSD {
        var configuration = SSDConfiguration.ssd300
        change(&configuration)
        return try SSD(configuration, backbone: BackboneArchitecture(text: narrowResNet18), classCount: 2)
    }

    private typealias Maker = () throws -> any Detector & Module
    private var forms: [(name: String, make: Maker)] {
        [
            ("fpn", { try self.fasterRCNN(.fpn) }),
            ("fpn, frozen", { try self.fasterRCNN(.fpn) { $0.normalization = .frozenBatch } }),
            ("c4, align", { try self.fasterRCNN(.c4) { $0.roiPooling = .align } }),
            ("c4, align with half pixels", { try self.fasterRCNN(.c4) { $0.roiPooling = .alignHalfPixel } }),
            ("c4, pool", { try self.fasterRCNN(.c4) { $0.roiPooling = .pool } }),
            ("ssd300", { try self.ssd() }),
            ("ssd512", { try self.ssd { $0 = .ssd512 } }),
        ]
    }

    /// The losses of three steps, the parameters and statistics after them, and then what is found.
    private func steps(_ make: Maker, on device: Device) throws -> [[Float]] {
        Random.seed(1)
        let detector = try make()
        detector.move(to: device)
        // One is on the device already, as the others are after their upload.
        let images = [images[0].to(device)] + images.dropFirst()
        let optimizer = SGD(
            groups: ParameterGroup.split(detector, weightDecay: 1e-4), learningRate: 0.002, momentum: 0.9)
        var found: [[Float]] = []
        for _ in 0..<3 {
            let losses = detector.losses(images: images, targets: targets)
            total(losses).backward()
            optimizer.step()
            optimizer.zeroGrad()
            found.append(losses.map { Float($0.value.item()) })
        }
        for (name, tensor) in detector.stateDict() {
            XCTAssertEqual(tensor.device, device, name)
            found.append(tensor.to(.float32).array(Float.self))
        }
        detector.eval()
        for detections in detector.detect(images: images) {
            found += [
                detections.boxes.array(Float.self), detections.scores.array(Float.self),
                detections.labels.array(Int64.self).map(Float.init),
            ]
        }
        return found
    }

    func testEveryFormTrainsAndDetectsAsOnTheCPU() throws {
        for (name, make) in forms {
            let there = try SimulatedDevice.use { try steps(make, on: $0) }
            let here = try SimulatedDevice.composed { try steps(make, on: $0) }
            XCTAssertNil(SimulatedDevice.difference(there, here), name)
            XCTAssertTrue(there.allSatisfy { $0.allSatisfy(\.isFinite) }, name)
            XCTAssertFalse(there[there.count - 1].isEmpty, "\(name) found nothing, so nothing was compared")
        }
    }
}
