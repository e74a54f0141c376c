import Annotations
import Foundation
import Media

/// Finds what is wrong with a detection data set before hours are spent training on it. Nothing is thrown: files that
/// can't be read are findings too.
public enum DatasetDoctor {
    /// What is looked at, and how closely.
    public struct Options: Sendable {
        /// How far pictures are looked at.
        public enum Pictures: String, Sendable, Codable, CaseIterable {
            /// Decode every picture.
            case decode
            /// Read every picture's header: missing files and wrong sizes, not damage.
            case headers
            /// Look at the annotations alone.
            case skip
        }

        /// How far pictures are looked at.
        public var pictures: Pictures
        /// The overlap (IoU) from which two boxes of a class on an image are called nearly the same.
        public var nearlySame: Double
        /// Pictures that are opened at the same time; the findings don't depend on it.
        public var threads: Int
        /// What a picture may take to decode.
        public var limits: DecodeLimits

        /// Options; by default every picture is decoded, on every processor.
        public init(
            pictures: Pictures = .decode, nearlySame: Double = 0.8,
            threads: Int = ProcessInfo.processInfo.activeProcessorCount, limits: DecodeLimits = DecodeLimits()
        ) {
            self.pictures = pictures
            self.nearlySame = nearlySame
            self.threads = max(1, threads)
            self.limits = limits
        }
    }

    /// Examines a COCO instances file and the pictures that it names.
    public static func check(
        coco annotationsPath: String, imageFolder: String, options: Options = Options()
    ) -> DoctorReport {
        var report = DoctorReport(source: annotationsPath, imageFolder: imageFolder)
        do {
            let records = try COCORecords(path: annotationsPath)
            COCOExamination(records: records, imageFolder: imageFolder, options: options).run(&report)
        } catch let error as AnnotationError {
            report.add(
                .unreadableAnnotations, file: annotationsPath, record: error.place, error.problem, advice: error.fix)
        } catch {
            report.add(.unreadableAnnotations, file: annotationsPath, "\(error)")
        }
        report.arrange()
        return report
    }

    /// Examines a VOC folder: the splits named, or all that it has, and the pictures of their images. With `classNames`,
    /// other classes are findings.
    public static func check(
        voc folder: VOCFolder, splits: [String]? = nil, classNames: [String]? = nil, options: Options = Options()
    ) -> DoctorReport {
        var report = DoctorReport(source: folder.path, imageFolder: folder.imageFolder)
        VOCExamination(folder: folder, splits: splits, classNames: classNames, options: options).run(&report)
        report.arrange()
        return report
    }
}
