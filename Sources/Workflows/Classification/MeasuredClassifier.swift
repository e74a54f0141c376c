import Foundation
import NN
import Training

/// The classifier and the data of an evaluation, kept beside its numbers for comparisons.
public struct MeasuredClassifier: Hashable, Sendable, Codable {
    /// The checkpoint's file.
    public var checkpoint: String
    /// Optimiser steps that it was trained for.
    public var step: Int
    /// Epochs that it was trained for.
    public var epoch: Int
    /// The network's name.
    public var model: String
    /// Number of the network's parameters.
    public var parameters: Int
    /// What the images, or videos, were.
    package var data: DataRecord

    init(_ model: ClassifierModel, checkpoint: String, at info: CheckpointInfo, data: DataRecord) {
        self.checkpoint = URL(fileURLWithPath: checkpoint).standardizedFileURL.path
        step = info.step
        epoch = info.epoch
        self.model = model.recipe.model.backbone
        parameters = model.module.namedParameters().reduce(0) { $0 + $1.parameter.tensor.count }
        self.data = data
    }
}

/// The part of a classifier's `metrics.json` that comparisons need.
struct ClassificationMetricsFile: Decodable {
    let top1: Double
    let measured: MeasuredClassifier?
    let videos: ClassificationScores.Videos?
}
