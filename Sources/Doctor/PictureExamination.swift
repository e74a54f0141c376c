import Foundation
import Media
import Support

/// A picture to examine, with what its annotations record of it.
struct PictureToCheck: Sendable {
    var path: String
    /// The annotation file and the record that name the picture.
    var file: String
    var record: String
    /// The recorded size in pixels; 0 if there is none.
    var width: Int
    var height: Int
}

extension DoctorReport {
    /// Opens every picture, on several threads. Findings are in the order of `pictures`.
    mutating func examine(_ pictures: [PictureToCheck], options: DatasetDoctor.Options) {
        guard options.pictures != .skip, !pictures.isEmpty else { return }
        let outcomes = parallelMap(count: pictures.count, threads: options.threads) {
            Self.look(at: pictures[$0], options: options)
        }
        for (picture, outcome) in zip(pictures, outcomes) {
            for (kind, problem, advice) in outcome {
                add(kind, file: picture.path, record: "\(picture.record)", problem, advice: advice)
            }
        }
        picturesChecked += pictures.count
    }

    private typealias Outcome = [(kind: FindingKind, problem: String, advice: String?)]

    private static func look(at picture: PictureToCheck, options: DatasetDoctor.Options) -> Outcome {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: picture.path, isDirectory: &isFolder), !isFolder.boolValue else {
            return [(.missingImage, "there is no such file", nil)]
        }
        var outcome: Outcome = []
        do {
            let header = try ImageFile.header(picture.path)
            let size = ImageSize(width: picture.width, height: picture.height)
            if size.width > 0, size.height > 0, size != header.size {
                let isTurned = size == header.storedSize
                outcome.append(
                    (
                        .sizeMismatch,
                        "recorded as \(size.width) × \(size.height), the picture is \(header.width) × \(header.height)"
                            + (isTurned ? " once its EXIF orientation \(header.orientation) is applied" : ""),
                        isTurned
                            ? "Write the picture upright and without EXIF orientation, if the boxes fit it as stored"
                            : nil
                    ))
            }
            guard options.pictures == .decode else { return outcome }
            // The smallest scale still reads every byte of a JPEG, at a fraction of the cost.
            let warnings = Warnings()
            let decoding = DecodeOptions(
                appliesOrientation: false, limits: options.limits, damagedImages: .accept,
                minimumSize: ImageSize(width: 1, height: 1),
                onWarning: { warnings.add($0) })
            _ = try ImageFile.read(picture.path, options: decoding)
            for warning in warnings.all {
                let isDamage = warning.kind != .irregular
                outcome.append(
                    (isDamage ? .damagedImage : .irregularImage, isDamage ? warning.problem : warning.cause, nil))
            }
        } catch let error as MediaError {
            outcome.append((.undecodableImage, error.problem, error.fix.droppingFullStop))
        } catch {
            outcome.append((.undecodableImage, "\(error)", nil))
        }
        return outcome
    }
}

extension String {
    fileprivate var droppingFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}

/// The warnings of a decoder about one picture.
private final class Warnings: @unchecked Sendable {
    private let lock = NSLock()
    private var heard: [MediaWarning] = []

    func add(_ warning: MediaWarning) { lock.withLock { heard.append(warning) } }

    var all: [MediaWarning] { lock.withLock { heard } }
}
