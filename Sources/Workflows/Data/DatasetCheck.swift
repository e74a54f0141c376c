import Annotations
import DataPipeline
import Doctor
import Media

/// How closely the doctor looks at image files.
package typealias PictureCheck = DatasetDoctor.Options.Pictures

/// What the dataset doctor found in one data set.
package struct DatasetCheck: Encodable, Sendable {
    private var report: DoctorReport

    /// - Parameter classNames: Classes that are known already; nil takes the location's.
    package init(
        of location: DatasetLocation, classNames known: [String]? = nil, pictures: PictureCheck = .decode,
        damagedImages: DamagedImages = .refuse
    ) {
        let options = DatasetDoctor.Options(pictures: pictures, damagedImages: damagedImages)
        switch location {
        case .coco(let annotations, let images, let classNames, let fileNames):
            report = DatasetDoctor.check(
                coco: annotations, imageFolder: images, fileNames: fileNames ?? FileNameMap(),
                classNames: known ?? classNames, options: options)
        case .voc(let folder, let split, let classNames):
            report = DatasetDoctor.check(
                voc: VOCFolder(path: folder), splits: [split], classNames: classNames, options: options)
        }
    }

    /// Checks a training and a validation part, or one of them. The second must have the first one's classes.
    package static func checks(
        of parts: [DatasetLocation], pictures: PictureCheck = .decode, damagedImages: DamagedImages = .refuse
    ) -> [DatasetCheck] {
        guard let training = parts.first else { return [] }
        let first = DatasetCheck(of: training, pictures: pictures, damagedImages: damagedImages)
        let names = first.report.classes.map(\.name)
        var checks =
            [first]
            + parts.dropFirst().map {
                DatasetCheck(
                    of: $0, classNames: names.isEmpty ? nil : names, pictures: pictures, damagedImages: damagedImages)
            }
        let known = Set(names)
        for i in checks.indices.dropFirst() where !known.isEmpty {
            let names = Set(checks[i].report.classes.map(\.name))
            // A VOC folder lists no classes: only those that have an object are known.
            var (missing, strange) = (known.subtracting(names), names.subtracting(known))
            if case .voc = parts[i] {
                missing = []
                if known.isSubset(of: VOCFolder.standardClassNames) { strange.subtract(VOCFolder.standardClassNames) }
            }
            guard !names.isEmpty, !(missing.isEmpty && strange.isEmpty) else { continue }
            let parts = [("it lacks ", missing), ("it has ", strange)].filter { !$1.isEmpty }
            checks[i].report.add(
                .otherClasses, file: checks[i].report.source,
                parts.map { $0 + $1.sorted().prefix(6).joined(separator: ", ") }.joined(separator: ", and "))
        }
        return checks
    }

    /// Checks every split of a VOC folder.
    package init(vocFolder: String, pictures: PictureCheck = .decode, damagedImages: DamagedImages = .refuse) {
        report = DatasetDoctor.check(
            voc: VOCFolder(path: vocFolder), options: .init(pictures: pictures, damagedImages: damagedImages))
    }

    /// Whether training would stop because of a mistake, or learn from it.
    package var affectsTraining: Bool { report.affectsTraining }

    /// Text for a person: what was looked at, then every kind of finding with its first places and what to do.
    package func text(placesShown: Int) -> String { report.summary(placesShown: placesShown) }

    package func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }
}
