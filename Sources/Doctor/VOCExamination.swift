import Annotations
import Foundation

/// The dataset doctor's examination of a VOC folder.
struct VOCExamination {
    let folder: VOCFolder
    let splits: [String]?
    let classNames: [String]?
    let options: DatasetDoctor.Options

    func run(_ report: inout DoctorReport) {
        let splits = splits ?? folder.splits()
        if splits.isEmpty {
            report.add(
                .unreadableAnnotations, file: folder.path, "there is no list of images in ImageSets/Main",
                advice: "Name the folder that holds Annotations, ImageSets and JPEGImages")
            return
        }
        let names = listedImages(splits, &report)
        report.imageCount = names.count
        if names.isEmpty, report.findings.isEmpty {
            report.add(.noImage, file: folder.path, "no line of \(splits.joined(separator: ", ")) names an image")
        }
        var counts: [String: Int] = [:]
        var pictures: [PictureToCheck] = []
        for (name, fileName) in zip(names, folder.fileNames(of: names)) {
            let path = folder.annotationPath(name)
            do {
                let picture = try VOCPicture(path: path)
                report.objectCount += picture.objects.count
                examine(picture, path: path, fileName: fileName, counts: &counts, &report)
                pictures.append(
                    PictureToCheck(
                        path: "\(folder.imageFolder)/\(fileName)", file: path, record: "", width: picture.width,
                        height: picture.height))
            } catch let error as AnnotationError {
                report.add(.unreadableAnnotations, file: path, record: error.place, error.problem, advice: error.fix)
            } catch {
                report.add(.unreadableAnnotations, file: path, "\(error)")
            }
        }
        examineClasses(counts, &report)
        if self.splits == nil { examineUnlisted(Set(names), &report) }
        report.examine(pictures, options: options)
    }

    /// Every image of the splits once, in the order of the lists.
    private func listedImages(_ splits: [String], _ report: inout DoctorReport) -> [String] {
        var names: [String] = []
        var firstSplit: [String: String] = [:]
        // A split that contains others, such as trainval, overlaps them on purpose.
        let disjoint: Set<String> = ["train", "val", "test"]
        for split in splits {
            let path = folder.splitPath(split)
            let listed: [(line: Int, name: String)]
            do {
                listed = try folder.listedNames(split: split)
            } catch {
                report.add(.unreadableAnnotations, file: path, record: error.place, error.problem, advice: error.fix)
                continue
            }
            var inThis = Set<String>()
            for (number, name) in listed {
                let record = "line \(number)"
                if !RelativePath.staysInside(name) {
                    report.add(.pathLeavesFolder, file: path, record: record, "\"\(name)\"")
                } else if !inThis.insert(name).inserted {
                    report.add(.duplicateListing, file: path, record: record, "\"\(name)\" is listed earlier")
                } else if let other = firstSplit[name] {
                    if disjoint.contains(split), disjoint.contains(other) {
                        report.add(
                            .overlappingSplits, file: path, record: record, "\"\(name)\" is in \(other) as well")
                    } else if disjoint.contains(split) {
                        firstSplit[name] = split
                    }
                } else {
                    firstSplit[name] = split
                    names.append(name)
                }
            }
        }
        return names
    }

    private func examine(
        _ picture: VOCPicture, path: String, fileName: String, counts: inout [String: Int],
        _ report: inout DoctorReport
    ) {
        if picture.fileName.isEmpty {
            report.add(.fileNameMismatch, file: path, "<filename> is missing", advice: "Write \(fileName) there")
        } else if (picture.fileName as NSString).lastPathComponent != (fileName as NSString).lastPathComponent {
            report.add(
                .fileNameMismatch, file: path, "<filename> is \(picture.fileName), but the picture is \(fileName)")
        }
        if !RelativePath.staysInside(picture.fileName) {
            report.add(.pathLeavesFolder, file: path, "<filename> is \(picture.fileName)")
        }
        if picture.width <= 0 || picture.height <= 0 {
            report.add(.missingSize, file: path, "<size> gives no width and height", advice: "Write the picture's size")
        }
        if picture.objects.isEmpty { report.add(.emptyImage, file: path, "nothing is annotated on \(fileName)") }
        let classes = Array(Set(picture.objects.map(\.name)))
        let boxes = picture.objects.enumerated().map { i, object in
            counts[object.name, default: 0] += 1
            let record = object.record(id: i + 1, label: 1)
            return ExaminedBox(
                label: classes.firstIndex(of: object.name) ?? 0, x0: record.x, y0: record.y,
                x1: record.x + record.width, y1: record.y + record.height, isCrowd: false,
                record: "object \(i + 1) (line \(object.line))", origin: 1)
        }
        if let known = classNames {
            for (i, object) in picture.objects.enumerated() where !known.contains(object.name) {
                report.add(
                    .unknownClass, file: path, record: "object \(i + 1) (line \(object.line))",
                    "\"\(object.name)\" is not one of \(known.joined(separator: ", "))")
            }
        }
        report.examine(
            boxes, width: picture.width, height: picture.height, file: path, image: fileName,
            nearlySame: options.nearlySame, className: { classes[$0] })
    }

    private func examineClasses(_ counts: [String: Int], _ report: inout DoctorReport) {
        let names = classNames ?? counts.keys.sorted()
        report.classes = names.map { DoctorReport.ClassCount(name: $0, objects: counts[$0] ?? 0) }
        for name in names where counts[name] == nil {
            report.add(.unusedClass, file: folder.path, "no object is a \(name)")
        }
        // Names that differ only in case or spaces are spellings of one class.
        let groups = Dictionary(grouping: counts.keys.sorted()) {
            $0.lowercased().filter { $0.isLetter || $0.isNumber }
        }
        for group in groups.values.sorted(by: { $0[0] < $1[0] }) where group.count > 1 {
            report.add(
                .duplicateClassName, file: folder.path, "\(group.joined(separator: " and ")) look like one class",
                advice: "Write the name one way")
        }
    }

    private func examineUnlisted(_ listed: Set<String>, _ report: inout DoctorReport) {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: folder.imageFolder)) ?? []
        for file in present.sorted() where !file.hasPrefix(".") {
            if !listed.contains((file as NSString).deletingPathExtension) {
                report.add(.unlistedImage, file: "\(folder.imageFolder)/\(file)", "no split lists it")
            }
        }
    }
}
