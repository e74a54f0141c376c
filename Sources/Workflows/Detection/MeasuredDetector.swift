import Annotations
import Foundation
import Media
import NN
import Training

/// The detector and the data of an evaluation, kept beside its numbers for the report.
public struct MeasuredDetector: Hashable, Sendable, Codable {
    /// The checkpoint's file.
    public var checkpoint: String
    /// Optimiser steps that it was trained for.
    public var step: Int
    /// Epochs that it was trained for.
    public var epoch: Int
    /// The detector in a few words.
    public var model: String
    /// Number of the detector's parameters.
    public var parameters: Int
    /// The annotated images.
    public var data: DatasetLocation
    /// What the annotations were; nil in files of earlier versions.
    package var groundTruth: DataRecord?

    /// Whether others trained it: then nothing is known of its steps.
    var isPublished: Bool { step == 0 && epoch == 0 }

    init(
        _ model: DetectorModel, checkpoint: String, at info: CheckpointInfo, data: DatasetLocation,
        annotations: DetectionAnnotations
    ) {
        self.checkpoint = URL(fileURLWithPath: checkpoint).standardizedFileURL.path
        step = info.step
        epoch = info.epoch
        self.model = model.title
        parameters = model.module.namedParameters().reduce(0) { $0 + $1.parameter.tensor.count }
        self.data = data.absolute
        groundTruth = DataRecord("val", files: [annotations.source], annotations: annotations)
    }
}

/// The part of a detector's `metrics.json` that reports and comparisons need.
struct DetectionMetricsFile: Decodable {
    let images: Int
    let seconds: Double
    let measured: MeasuredDetector?
    let unreadable: [UnreadableImage]?
    let damaged: [MediaWarning]?
}

extension DetectorModel {
    /// The detector in a few words.
    package var title: String { "\(detector.title) on \(recipe.model.backbone)" }
}

extension DatasetLocation {
    /// This location with absolute paths, which are valid in any working folder.
    var absolute: DatasetLocation {
        func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
        return switch self {
        case .coco(let annotations, let images, let names, let fileNames):
            .coco(
                annotations: absolute(annotations), images: absolute(images), classNames: names, fileNames: fileNames)
        case .voc(let folder, let split, let names):
            .voc(folder: absolute(folder), split: split, classNames: names)
        }
    }
}
