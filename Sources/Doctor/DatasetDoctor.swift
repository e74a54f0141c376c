import Annotations
import Foundation
import Media

/// Finds mistakes in a detection data set before hours are spent training on it. It throws nothing: files that can't be
/// read are findings too.
public enum DatasetDoctor {
    /// Settings that say what is examined, and how closely.
    public struct Options: Sendable {
        /// How closely pictures are examined.
        public enum Pictures: String, Sendable, Codable, CaseIterable {
            /// Decode every picture.
            case decode
            /// Read every picture's header. This finds missing files and wrong sizes, but not damage.
            case headers
            /// Examine only the annotations.
            case skip
        }

        /// How closely pictures are examined.
        public var pictures: Pictures
        /// The IoU from which two boxes of a class on an image are reported as nearly the same.
        public var nearlySame: Double
        /// Number of pictures that are opened at the same time; the findings don't depend on it.
        public var threads: Int
        /// Limits on the pixels, memory and bytes of a picture that is decoded.
        public var limits: DecodeLimits
        /// What training is to do with pictures that are damaged and can be decoded all the same.
        public var damagedImages: DamagedImages

        /// By default every picture is decoded, on all processors.
        public init(
            pictures: Pictures = .decode, nearlySame: Double = 0.8,
            threads: Int = ProcessInfo.processInfo.activeProcessorCount, limits: DecodeLimits = DecodeLimits(),
            damagedImages: DamagedImages = .refuse
        ) {
            self.pictures = pictures
            self.nearlySame = nearlySame
            self.threads = max(1, threads)
            self.limits = limits
            self.damagedImages = damagedImages
        }
    }

    /// Examines a COCO instances file and the pictures that it names.
    ///
    /// - Parameters:
    ///   - annotationsPath: The instances file.
    ///   - imageFolder: The folder that its file names are relative to.
    ///   - fileNames: How file names become paths in that folder.
    ///   - classNames: Classes that are known already, which stay classes even if they look like a category that only groups
    ///     others.
    ///   - options: What is examined.
    public static func check(
        coco annotationsPath: String, imageFolder: String, fileNames: FileNameMap = FileNameMap(),
        classNames: [String]? = nil, options: Options = Options()
    ) -> DoctorReport {
        var report = DoctorReport(source: annotationsPath, imageFolder: imageFolder)
        report.refusesDamagedImages = options.damagedImages == .refuse
        do {
            let records = try COCORecords(path: annotationsPath, fileNames: fileNames)
            COCOExamination(
                records: records, imageFolder: imageFolder, classNames: classNames, options: options
            ).run(&report)
        } catch let error as AnnotationError {
            report.add(
                .unreadableAnnotations, file: annotationsPath, record: error.place, error.problem, advice: error.fix)
        } catch {
            report.add(.unreadableAnnotations, file: annotationsPath, "\(error)")
        }
        report.arrange()
        return report
    }

    /// Examines splits of a VOC folder, all of them unless some are named, and the pictures of their images. With
    /// `classNames`, other classes are findings.
    public static func check(
        voc folder: VOCFolder, splits: [String]? = nil, classNames: [String]? = nil, options: Options = Options()
    ) -> DoctorReport {
        var report = DoctorReport(source: folder.path, imageFolder: folder.imageFolder)
        report.refusesDamagedImages = options.damagedImages == .refuse
        VOCExamination(folder: folder, splits: splits, classNames: classNames, options: options).run(&report)
        report.arrange()
        return report
    }
}
