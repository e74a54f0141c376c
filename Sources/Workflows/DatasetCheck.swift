import Annotations
import DataPipeline

/// How closely the doctor looks at image files.
public typealias PictureCheck = DatasetDoctor.Options.Pictures

/// What the dataset doctor found in one data set.
public struct DatasetCheck: Encodable, Sendable {
    private let report: DoctorReport

    public init(of location: DatasetLocation, pictures: PictureCheck = .decode) {
        let options = DatasetDoctor.Options(pictures: pictures)
        switch location {
        case .coco(let annotations, let images):
            report = DatasetDoctor.check(coco: annotations, imageFolder: images, options: options)
        case .voc(let folder, let split, let classNames):
            report = DatasetDoctor.check(
                voc: VOCFolder(path: folder), splits: [split], classNames: classNames, options: options)
        }
    }

    /// Of every split of a VOC folder.
    public init(vocFolder: String, pictures: PictureCheck = .decode) {
        report = DatasetDoctor.check(voc: VOCFolder(path: vocFolder), options: .init(pictures: pictures))
    }

    /// Whether training would stop, or learn from what is wrong.
    public var affectsTraining: Bool { report.affectsTraining }

    /// For a person: what was looked at, then every kind of finding with its first places and what to do.
    public func text(placesShown: Int) -> String { report.summary(placesShown: placesShown) }

    public func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }
}
