import Annotations
import Foundation
import Support

/// The dataset doctor's examination of a COCO instances file.
struct COCOExamination {
    let records: COCORecords
    let imageFolder: String
    let options: DatasetDoctor.Options
    private let images: IDIndex
    private let categories: IDIndex
    private let file: String
    /// Positions of categories that are no classes.
    private let groups: Set<Int>

    init(
        records: COCORecords, imageFolder: String, classNames: [String]? = nil, options: DatasetDoctor.Options
    ) {
        self.records = records
        self.imageFolder = imageFolder
        self.options = options
        images = IDIndex(records.imageIDs)
        categories = IDIndex(records.categoryIDs)
        file = records.source
        groups = Set(records.groupCategories(besides: classNames))
    }

    func run(_ report: inout DoctorReport) {
        report.imageCount = records.imageCount
        report.objectCount = records.annotationCount
        for section in records.missingSections {
            report.add(.malformedRecord, file: file, record: section, "\"\(section)\" is missing")
        }
        for fault in records.faults {
            report.add(
                .malformedRecord, file: file, record: fault.error.place, fault.error.problem, advice: fault.error.fix)
        }
        if records.imageCount == 0, records.missingSections.isEmpty, records.faults.isEmpty {
            report.add(.noImage, file: file, "\"images\" is empty")
        }
        examineCategories(&report)
        if let note = records.renamingNote { report.add(.renamedFiles, file: file, record: "images", note) }
        let pictures = examineImages(&report)
        examineAnnotations(&report)
        report.examine(pictures, options: options)
    }

    /// Positions of the categories that are classes.
    private var classes: [Int] { records.categoryIDs.indices.filter { !groups.contains($0) } }

    private func className(_ position: Int) -> String {
        position < 0 ? "?" : records.className(position)
    }

    private func imageName(_ i: Int) -> String {
        records.imageFlags[i].contains(.hasName) ? "\"\(records.fileName(i))\"" : "\(records.imageIDs[i])"
    }

    private func annotation(_ j: Int) -> String { "annotations[\(j)] (id \(records.annotationIDs[j]))" }

    private func examineCategories(_ report: inout DoctorReport) {
        for k in categories.repeated {
            report.add(
                .duplicateCategoryID, file: file, record: "categories[\(k)]",
                "id \(records.categoryIDs[k]) (\(className(k))) is used earlier")
        }
        var seen: [String: Int] = [:]
        for k in records.categoryIDs.indices where !records.categoryFlags[k].contains(.malformed) {
            if groups.contains(k) {
                report.add(.groupCategory, file: file, record: "categories[\(k)]", records.groupNote(k))
                continue
            }
            if !records.isNamed(category: k) {
                report.add(
                    .missingClassName, file: file, record: "categories[\(k)]",
                    "id \(records.categoryIDs[k]) has no name, so the class is called \"\(className(k))\"")
            }
            if let first = seen[className(k)] {
                report.add(
                    .duplicateClassName, file: file, record: "categories[\(first)] and categories[\(k)]",
                    "both are called \"\(className(k))\"")
            } else {
                seen[className(k)] = k
            }
        }
        let ids = Set(classes.map { records.categoryIDs[$0] }).sorted()
        if let low = ids.first, let high = ids.last, low != 1 || high != ids.count {
            report.add(
                .categoryGap, file: file, record: "categories",
                "\(ids.count) ids lie in \(low)…\(high), so they are not the labels 1…\(ids.count)")
        }
    }

    private func examineImages(_ report: inout DoctorReport) -> [PictureToCheck] {
        for i in images.repeated {
            report.add(
                .duplicateImageID, file: file, record: "images[\(i)]",
                "id \(records.imageIDs[i]) (\(imageName(i))) is used earlier")
        }
        var pictures: [PictureToCheck] = []
        var firstOfName: [String: Int] = [:]
        var lost: [String] = []
        for i in 0..<records.imageCount where !records.imageFlags[i].contains(.malformed) {
            let record = "images[\(i)] (id \(records.imageIDs[i]))"
            let size = (records.imageWidths[i], records.imageHeights[i])
            if !records.imageFlags[i].contains(.hasSize) {
                report.add(.missingSize, file: file, record: record, "\(imageName(i)) has no width and height")
            } else if size.0 <= 0 || size.1 <= 0 {
                report.add(
                    .malformedRecord, file: file, record: record, "\(size.0) × \(size.1) is not the size of a picture",
                    advice: FindingKind.sizeMismatch.advice)
            }
            let name = records.fileName(i)
            if name.isEmpty {
                report.add(.missingFileName, file: file, record: record, "it names no file")
                continue
            }
            guard RelativePath.staysInside(name) else {
                report.add(.pathLeavesFolder, file: file, record: record, "\"\(name)\"")
                lost.append(name)
                continue
            }
            let path = "\(imageFolder)/\(name)"
            if options.pictures != .skip, !FileManager.default.fileExists(atPath: path) { lost.append(name) }
            if let first = firstOfName[name] {
                report.add(
                    .duplicateFileName, file: file, record: "images[\(first)] and images[\(i)]", "both name \"\(name)\""
                )
            } else {
                firstOfName[name] = i
            }
            pictures.append(
                PictureToCheck(
                    path: path, file: file, record: record, width: size.0, height: size.1))
        }
        for guess in FileNameGuess.guesses(for: lost, in: imageFolder).prefix(5) {
            report.add(
                .changedFileNames, file: file, record: "images",
                "\(guess.count) of the \(lost.count) pictures that are not found would be with \(guess.guess.words), such as "
                    + "\"\(guess.before)\" as \"\(guess.after)\"")
        }
        return pictures
    }

    private func examineAnnotations(_ report: inout DoctorReport) {
        var seen = Set<Int>()
        if records.annotationIDs.firstRepeated() != nil {
            for j in 0..<records.annotationCount
            where !records.annotationFlags[j].contains(.malformed) && !seen.insert(records.annotationIDs[j]).inserted {
                report.add(
                    .duplicateAnnotationID, file: file, record: "annotations[\(j)]",
                    "id \(records.annotationIDs[j]) is used earlier")
            }
        }
        var objects = [Int](repeating: 0, count: records.categoryIDs.count)
        var ofImage = [[Int32]](repeating: [], count: records.imageCount)
        var convention = BoxConvention()
        var touchesZero = 0
        var touchesOne = 0
        for j in 0..<records.annotationCount where !records.annotationFlags[j].contains(.malformed) {
            let category = categories.position(records.annotationCategories[j])
            let image = images.position(records.annotationImages[j])
            if category < 0 {
                report.add(
                    .unknownClass, file: file, record: annotation(j),
                    "category \(records.annotationCategories[j]) is not among the categories")
            } else {
                objects[category] += 1
            }
            if image < 0 {
                report.add(
                    .unknownImage, file: file, record: annotation(j),
                    "image \(records.annotationImages[j]) is not among the images")
            } else {
                ofImage[image].append(Int32(j))
                convention.add(
                    x: records.x[j], y: records.y[j], width: records.width[j], height: records.height[j],
                    image: ImageSize(width: records.imageWidths[image], height: records.imageHeights[image]),
                    record: "\(annotation(j)), image \(imageName(image))")
            }
            if records.annotationIDs[j] == 0 {
                report.add(
                    .annotationIDZero, file: file, record: "annotations[\(j)]",
                    "\(className(category)) of image \(records.annotationImages[j]) has the id 0, so it is never found")
            }
            examineArea(j, &report)
            touchesZero += records.x[j] == 0 || records.y[j] == 0 ? 1 : 0
            touchesOne += records.x[j] == 1 || records.y[j] == 1 ? 1 : 0
        }
        for i in 0..<records.imageCount where !images.repeated.contains(i) {
            if ofImage[i].isEmpty {
                report.add(
                    .emptyImage, file: file, record: "images[\(i)] (id \(records.imageIDs[i]))",
                    "nothing is annotated on \(imageName(i))")
            }
            report.examine(
                ofImage[i].map { box(Int($0)) }, width: records.imageWidths[i], height: records.imageHeights[i],
                file: file, image: imageName(i), nearlySame: options.nearlySame, className: className)
        }
        convention.report(file: file, to: &report)
        report.classes = classes.map { DoctorReport.ClassCount(name: className($0), objects: objects[$0]) }
        for k in classes where objects[k] == 0 && !categories.repeated.contains(k) {
            report.add(
                .unusedClass, file: file, record: "categories[\(k)] (id \(records.categoryIDs[k]))",
                "no object is a \(className(k))")
        }
        if touchesZero == 0, touchesOne >= 10 {
            report.add(
                .oneBasedCoordinates, file: file, record: "annotations",
                "no box starts at 0, and \(touchesOne) start at exactly 1")
        }
    }

    private func examineArea(_ j: Int, _ report: inout DoctorReport) {
        guard records.annotationFlags[j].contains(.hasArea) else { return }
        let box = records.width[j] * records.height[j]
        let area = records.area[j]
        guard records.width[j] > 0, records.height[j] > 0 else { return }
        // An outline is at most as large as its box; allow a pixel around it for rounding.
        let most = (records.width[j] + 2) * (records.height[j] + 2)
        if area <= 0 || area > most {
            report.add(
                .inconsistentArea, file: file, record: annotation(j),
                "area \(short(area)) of a box of \(short(records.width[j])) × \(short(records.height[j])) = \(short(box))"
            )
        }
    }

    private func box(_ j: Int) -> ExaminedBox {
        ExaminedBox(
            label: categories.position(records.annotationCategories[j]), x0: records.x[j], y0: records.y[j],
            x1: records.x[j] + records.width[j], y1: records.y[j] + records.height[j],
            isCrowd: records.annotationFlags[j].contains(.crowd), record: annotation(j))
    }
}
