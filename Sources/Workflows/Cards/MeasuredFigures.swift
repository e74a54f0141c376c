import Foundation
import Support

/// What `evaluate` measured of a model, in figures to show.
package struct MeasuredFigures: Hashable, Sendable, Encodable {
    /// A figure of the whole set.
    package struct Figure: Hashable, Sendable, Encodable {
        /// The name, such as `AP50`.
        package let name: String
        package let value: Double
    }

    /// The figures of a class.
    package struct Row: Hashable, Sendable, Encodable {
        package let name: String
        /// Annotated objects, or images, of the class.
        package let count: Int
        /// In the order of ``MeasuredFigures/columns``; nil where there is nothing to find.
        package let values: [Double?]
    }

    /// The images that were looked at; nil for figures that training measured.
    package let images: Int?
    /// Whether they are those of the recipe's validation part, as far as their number and the annotations' name tell.
    package let isOfValidation: Bool
    /// Figures of the whole set, in the order shown.
    package let overall: [Figure]
    /// What the classes' figures are called.
    package let columns: [String]
    /// The figures of every class; empty for figures that training measured.
    package let classes: [Row]

    /// Figures of the whole set in the order in which they are shown.
    private static let order = [
        "AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl", "VOC", "VOC11", "top1",
        "top5",
    ]

    /// The figures of a checkpoint's last evaluation; nil if it has none.
    init?(metrics: [String: Double]) {
        overall = Self.figures(metrics)
        guard !overall.isEmpty else { return nil }
        (images, isOfValidation, columns, classes) = (nil, true, [], [])
    }

    /// What `evaluate` left beside a checkpoint of a run; nil if there is nothing, or it is of another checkpoint.
    ///
    /// - Parameter validation: The validation part as the checkpoint knows it.
    init?(beside path: String, task: VisionTask, step: Int, validation: DataRecord?) {
        let run = RunFolder(FilePath.folder(of: path).isEmpty ? "." : FilePath.folder(of: path))
        guard let data = FileManager.default.contents(atPath: run.evaluation) else { return nil }
        let decoder = JSONDecoder()
        func isThis(_ checkpoint: String, at measuredStep: Int) -> Bool {
            measuredStep == step && FilePath.name(of: checkpoint) == FilePath.name(of: path)
        }
        switch task {
        case .detection:
            guard let scores = try? decoder.decode(DetectionScores.self, from: data), let measured = scores.measured,
                isThis(measured.checkpoint, at: measured.step)
            else { return nil }
            images = scores.images
            let file: String? =
                switch measured.data {
                case .coco(let annotations, _, _, _): FilePath.name(of: annotations)
                case .voc: nil
                }
            isOfValidation =
                scores.images + scores.unreadable.count == validation?.images
                && (file == nil || validation?.files.contains { FilePath.name(of: $0.path) == file } ?? false)
            overall = Self.figures(scores.metrics)
            columns = ["AP", "AP50", "AP75", "AR100"]
            classes = scores.coco.classes.map { entry in
                Row(
                    name: entry.name, count: entry.objects,
                    values: [entry.ap, entry.ap50, entry.ap75, entry.ar100].map { $0 < 0 ? nil : $0 })
            }
        case .classification:
            guard let scores = try? decoder.decode(ClassificationScores.self, from: data),
                let measured = scores.measured, isThis(measured.checkpoint, at: measured.step)
            else { return nil }
            images = scores.images
            isOfValidation = scores.images + scores.unreadable.count == validation?.images
            overall = Self.figures(scores.metrics)
            columns = ["top1"]
            classes = scores.classes.map {
                Row(name: $0.name, count: $0.images, values: [$0.images == 0 ? nil : $0.top1])
            }
        }
    }

    private static func figures(_ metrics: [String: Double]) -> [Figure] {
        order.compactMap { name in
            metrics[name].flatMap { $0.isFinite && $0 >= 0 ? Figure(name: name, value: $0) : nil }
        }
    }
}
