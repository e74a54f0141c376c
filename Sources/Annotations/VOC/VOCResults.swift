import Foundation
import Support

extension VOCFolder {
    /// Reads the devkit's detection files, `<prefix><class>.txt` in a folder, with lines
    /// `image score xmin ymin xmax ymax` in 1-based inclusive corners. A class without a file has no detections.
    ///
    /// - Parameters:
    ///   - folder: The folder of the files.
    ///   - prefix: What stands before the class in every file's name, such as `comp4_det_test_`.
    ///   - groundTruth: The annotations whose image and category ids the detections get. Its file names without extension
    ///     are the images' names.
    /// - Throws: ``AnnotationError`` with the line that is wrong, for detections of a class that `groundTruth` lacks, and
    ///   where no class has a file.
    public static func readResults(
        folder: String, prefix: String = "", groundTruth: DetectionAnnotations
    ) throws -> DetectionResults {
        var ids: [String: Int] = [:]
        for i in 0..<groundTruth.imageCount {
            ids[(groundTruth.fileName(i) as NSString).deletingPathExtension] = groundTruth.imageID(i)
        }
        try refuseUnknownClasses(folder: folder, prefix: prefix, groundTruth: groundTruth)
        var results = DetectionResults(source: folder)
        var found = 0
        for (name, category) in zip(groundTruth.classNames, groundTruth.categoryIDs) {
            let file = "\(folder)/\(prefix)\(name).txt"
            guard FileManager.default.fileExists(atPath: file) else { continue }
            found += 1
            for (number, line) in try numberedLines(of: file) {
                func refuse(_ problem: String, _ fix: String) -> AnnotationError {
                    AnnotationError(file: file, place: "line \(number)", problem: problem, fix: fix)
                }
                guard let (image, numbers) = detection(on: line) else {
                    throw refuse("\"\(line)\" is not a detection", "Write: image score xmin ymin xmax ymax")
                }
                guard numbers.allSatisfy(\.isFinite) else {
                    throw refuse("\"\(line)\" holds a number that is not finite", "Leave the detection out")
                }
                guard let id = ids[image] else {
                    throw refuse(
                        "image \"\(image)\" is not in \(groundTruth.source)",
                        "Score against the split that was detected on")
                }
                results.append(
                    imageID: id, categoryID: category, x: numbers[1] - 1, y: numbers[2] - 1,
                    width: numbers[3] - numbers[1] + 1, height: numbers[4] - numbers[2] + 1, score: numbers[0])
            }
        }
        guard found > 0 else {
            throw AnnotationError(
                file: folder, problem: "there is no file \(prefix)<class>.txt for any class",
                fix: "Name the folder and the files' prefix, such as comp4_det_test_")
        }
        return results
    }

    /// The image's name, which may hold spaces, and the five numbers at the line's end; nil where the line has another form.
    private static func detection(on line: Substring) -> (image: String, numbers: [Double])? {
        var rest = line.withoutSpaceAround
        var numbers: [Double] = []
        while numbers.count < 5 {
            guard let (before, word) = rest.lastWord, let number = word.decimalNumber else { return nil }
            numbers.insert(number, at: 0)
            rest = before.withoutSpaceAround
        }
        return rest.isEmpty ? nil : (String(rest), numbers)
    }

    /// A file of detections whose class is none of the ground truth's would be passed over without a word.
    private static func refuseUnknownClasses(
        folder: String, prefix: String, groundTruth: DetectionAnnotations
    ) throws {
        let known = Set(groundTruth.classNames.map { "\(prefix)\($0).txt" })
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in files.sorted() where name.hasSuffix(".txt") && name.hasPrefix(prefix) && !known.contains(name) {
            // Notes that lie beside the detections are none of our business.
            guard let line = try? numberedLines(of: "\(folder)/\(name)").first, detection(on: line.text) != nil else {
                continue
            }
            let label = name.dropFirst(prefix.count).dropLast(4)
            throw AnnotationError(
                file: "\(folder)/\(name)",
                problem: "it holds detections of \"\(label)\", and the classes of \(groundTruth.source) are "
                    + groundTruth.classNames.joined(separator: ", "),
                fix: "Name the file after its class, take it out, or name all classes if the split lacks some; "
                    + "what stands before the class in every file's name is the prefix")
        }
    }

    /// Writes the devkit's detection files, `<prefix><class>.txt`, one for each class of `groundTruth`, with lines
    /// `image score xmin ymin xmax ymax` in 1-based inclusive corners. Detections of other images and classes are left out.
    ///
    /// - Parameters:
    ///   - results: The detections, written in their order.
    ///   - folder: The folder of the files; it is made where it is missing.
    ///   - prefix: What stands before the class in every file's name, such as `comp4_det_test_`.
    ///   - groundTruth: The annotations that name the images and the classes.
    /// - Throws: ``AnnotationError`` for a file that can't be written.
    public static func writeResults(
        _ results: DetectionResults, folder: String, prefix: String = "", groundTruth: DetectionAnnotations
    ) throws {
        let images = IDIndex(groundTruth.imageIDs)
        let categories = IDIndex(groundTruth.categoryIDs)
        var texts = [String](repeating: "", count: groundTruth.classCount)
        for i in 0..<results.count {
            let image = images.position(results.imageIDs[i])
            let label = categories.position(results.categoryIDs[i])
            guard image >= 0, label >= 0 else { continue }
            let name = (groundTruth.fileName(image) as NSString).deletingPathExtension
            let corners = [
                results.x[i] + 1, results.y[i] + 1, results.x[i] + results.width[i], results.y[i] + results.height[i],
            ]
            texts[label] +=
                "\(name) \(JSONText.number(results.scores[i])) "
                + corners.map(JSONText.number).joined(separator: " ") + "\n"
        }
        for (name, text) in zip(groundTruth.classNames, texts) {
            let file = "\(folder)/\(prefix)\(name).txt"
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try WholeFile.write(text, to: file)
            } catch {
                throw AnnotationError(
                    file: file, problem: "it can't be written: \(reason(of: error))",
                    fix: "Check the folder's permissions and the space left")
            }
        }
    }
}
