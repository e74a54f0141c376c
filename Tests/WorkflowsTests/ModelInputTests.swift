import Foundation
import TestSupport
import Training
import Workflows
import XCTest

final class ModelInputTests: XCTestCase {
    private func input(_ recipe: String, classes: [String] = ["a", "b"]) throws -> ModelInput {
        let info = CheckpointInfo(
            classNames: classes, recipe: recipe, step: 1, epoch: 1, batchInEpoch: 0, batchesPerEpoch: 1,
            accumulation: 1, seed: 0, optimizer: "SGD", learningRate: 0, schedule: .constant)
        let path = try temporaryDirectory() + "/a.safetensors"
        try Checkpoint(info: info, model: []).write(to: path)
        return try XCTUnwrap(WeightsDescription(path).input)
    }

    func testEveryKindOfModel() throws {
        let data = "data: {format: coco, train: {annotations: a.json, images: i}}"
        let pyramid = try input(
            "task: detection\nmodel: {backbone: resnet50}\n\(data)\ninput: {shorter_side: [640, 672], longer_side: 1000}"
        )
        XCTAssertEqual(pyramid.size, "shorter side 672 pixels, longer side at most 1000")
        XCTAssertNil(pyramid.side)
        let ssd = try input("task: detection\nmodel: {detector: ssd512, backbone: resnet50}\n\(data)")
        XCTAssertEqual(ssd.size, "512×512 pixels")
        let folder = try input("task: classification\nmodel: {backbone: resnet50}\ndata: {format: folder}")
        XCTAssertEqual(folder.size, "224×224 pixels, cut from a shorter side of 256")
        let cifar = try input("task: classification\nmodel: {backbone: cifar_resnet164}\ndata: {format: cifar10}")
        XCTAssertEqual(cifar.size, "32×32 pixels")
        XCTAssertEqual(cifar.mean, [0.4914, 0.4822, 0.4465])
        XCTAssertTrue(cifar.normalization.contains("mean 0.4914, 0.4822, 0.4465; deviation 0.247"), cifar.normalization)
        let clips = try input(
            "task: classification\nmodel: {backbone: resnet3d50}\ndata: {format: something_something}")
        XCTAssertEqual(clips.frames, 16)
        XCTAssertEqual(clips.size, "16 frames of 224×224 pixels, 2 apart, cut from a shorter side of 256")
    }
}
