import Foundation
import Support

/// The annotation of one clip of the action set.
struct ActionClipRecord: Hashable, Sendable {
    /// The clip's number, from 1, over both splits.
    let number: Int
    let action: ActionClass
    let isTraining: Bool
    let frameCount: Int
    /// The clip's length in seconds, rounded up.
    let seconds: Int
    let objectName: String

    init(_ scene: ActionScene, index: Int, isTraining: Bool) {
        number = index + 1
        action = scene.action
        self.isTraining = isTraining
        frameCount = scene.frameCount
        seconds = Int((Double(scene.frameCount) / scene.rate).rounded(.up))
        objectName = scene.objectName
    }

    /// The clip's id of eleven characters, as in Kinetics.
    var kineticsID: String { "clip_" + sixDigits(number) }

    func kineticsPath(in paths: ActionSampleSet.Paths) -> String {
        let folder = isTraining ? paths.kineticsTrainVideos : paths.kineticsValidationVideos
        return "\(folder)/\(action.rawValue)/\(kineticsID)_\(sixDigits(0))_\(sixDigits(seconds)).mp4"
    }

    func somethingPath(in paths: ActionSampleSet.Paths) -> String { "\(paths.somethingVideos)/\(number).webm" }
}

/// The annotations of the action set, as Kinetics' CSV and as Something-Something's JSON.
struct ActionAnnotations {
    let clips: [ActionClipRecord]

    func write(to paths: ActionSampleSet.Paths) throws {
        let train = clips.filter(\.isTraining), validation = clips.filter { !$0.isTraining }
        try write(csv(train, split: "train"), to: paths.kineticsTrain)
        try write(csv(validation, split: "val"), to: paths.kineticsValidation)
        try write(json(train.map(Self.record(of:))), to: paths.somethingTrain)
        try write(json(validation.map(Self.record(of:))), to: paths.somethingValidation)
        let names = ActionClass.inOrder.map { plain($0.template) }
        let labels = Dictionary(names.enumerated().map { ($1, "\($0)") }, uniquingKeysWith: { first, _ in first })
        try write(json(labels), to: paths.somethingLabels)
    }

    private func csv(_ clips: [ActionClipRecord], split: String) -> Data {
        let lines = clips.map { "\($0.action.rawValue),\($0.kineticsID),0,\($0.seconds),\(split)" }
        return Data((["label,youtube_id,time_start,time_end,split"] + lines).map { $0 + "\n" }.joined().utf8)
    }

    /// A record of Something-Something's `train.json`.
    private struct Record: Encodable {
        let id: String
        let label: String
        let template: String
        let placeholders: [String]
    }

    private static func record(of clip: ActionClipRecord) -> Record {
        Record(
            id: "\(clip.number)", label: "\(clip.objectName) \(clip.action.rawValue)", template: clip.action.template,
            placeholders: [clip.objectName])
    }

    /// A template as `labels.json` writes it.
    private func plain(_ template: String) -> String { template.filter { $0 != "[" && $0 != "]" } }

    private func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(value)
    }

    private func write(_ data: Data, to path: String) throws { try WholeFile.write(data, to: path, syncs: false) }
}
