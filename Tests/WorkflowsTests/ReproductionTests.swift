import Architectures
import Detectors
import Foundation
import Workflows
import XCTest

/// docs/reproduction.md: the recipe of every row has the settings that the page says, and its network the published size.
final class ReproductionTests: XCTestCase {
    /// A section of the page: a recipe, the values of its keys, and the networks of the paper's tables.
    private struct Section {
        var title: String
        /// The file in tools/recipes that the section's command trains.
        var recipe = ""
        var keys: [(key: String, value: String)] = []
        var networks: [Network] = []
    }

    private struct Network {
        var line: Int
        var data: String
        /// The `key=value` of its `--set` options.
        var overrides: [String]
        /// Millions of parameters, as many decimals as the paper prints; nil where it says nothing.
        var parameters: String?
    }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    /// The format and the number of classes of each data set, by the page's name for it.
    private static let data: [String: (format: String, classes: Int)] = [
        "ImageNet": ("folder", 1000), "CIFAR-10": ("cifar10", 10), "CIFAR-100": ("cifar100", 100),
        "Kinetics-400": ("kinetics", 400), "Something-Something-v2": ("something_something", 174),
        "COCO 2017": ("coco", 80), "COCO 2014": ("coco", 80), "VOC 2007": ("voc", 20),
    ]

    private func sections() throws -> [Section] {
        let page = try String(contentsOfFile: Self.root + "/docs/reproduction.md", encoding: .utf8)
        var sections: [Section] = []
        var header: [String] = []
        for (number, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("## ") { sections.append(Section(title: String(line.dropFirst(3)))) }
            guard !sections.isEmpty else { continue }
            if let name = line.firstMatch(of: #/^vertebra train tools\/recipes\/(\S+\.yaml) /#)?.1 {
                sections[sections.count - 1].recipe = String(name)
            }
            guard line.hasPrefix("|") else {
                header = []
                continue
            }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if header.isEmpty {
                header = cells
            } else if cells[0] != "---" {
                let row = Dictionary(uniqueKeysWithValues: zip(header, cells))
                XCTAssertEqual(cells.count, header.count, "line \(number + 1)")
                add(row, line: number + 1, to: &sections[sections.count - 1])
            }
        }
        return sections
    }

    private func add(_ row: [String: String], line: Int, to section: inout Section) {
        func spans(_ cell: String) -> [String] { cell.matches(of: #/`([^`]+)`/#).map { String($0.1) } }
        if let key = row["key"], let value = row["value"] {
            section.keys.append((spans(key).joined(), spans(value).joined()))
        } else if let data = row["data"], let override = row["override"], let parameters = row["parameters"] {
            section.networks.append(
                Network(
                    line: line, data: data, overrides: spans(override), parameters: parameters == "–" ? nil : parameters
                ))
        } else {
            XCTFail("line \(line): this is neither a row of keys nor of networks")
        }
        XCTAssertNotNil(row["key"] ?? row["measured here"], "line \(line)")
    }

    private func file(_ section: Section, _ overrides: [String] = []) throws -> RecipeFile {
        try RecipeFile(path: "\(Self.root)/tools/recipes/\(section.recipe)", settings: overrides)
    }

    /// The keys that say how a training goes, whatever its data.
    private static let trainingKeys = [
        "epochs", "batch", "device_batch", "learning_rate", "milestones", "gamma", "momentum", "weight_decay",
    ].map { "training." + $0 }

    func testEverySectionsRecipeHasItsValues() throws {
        let sections = try sections().filter { !$0.recipe.isEmpty }
        XCTAssertEqual(sections.count, 11)
        for section in sections {
            let entries = try RecipeListing(file(section)).entries
            let values = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
            for (key, value) in section.keys { XCTAssertEqual(values[key], value, "\(section.title): \(key)") }
            XCTAssertEqual(values["training.optimizer"], "sgd", section.title)
            XCTAssertEqual(values["training.schedule"], "multi_step", section.title)
            let listed = section.keys.map(\.key)
            XCTAssertEqual(Set(listed).count, listed.count, section.title)
            for key in Self.trainingKeys + ["input.flip"] {
                XCTAssertTrue(listed.contains(key), "\(section.title): \(key)")
            }
            XCTAssertTrue(listed.contains { $0.hasPrefix("training.warmup") }, section.title)
            // A limit of steps and SSD's transforms change a training wherever they are set.
            for key in ["training.steps", "input.iou_crop", "input.zoom_out", "input.color_jitter"] {
                guard let entry = entries.first(where: { $0.key == key }), entry.value != entry.usual else { continue }
                XCTAssertTrue(listed.contains(key), "\(section.title): \(key) is \(entry.value)")
            }
        }
    }

    /// Overrides change the network and the data, and nothing that the section's keys say.
    func testEveryRowsRecipeIsThatOfItsSection() throws {
        var count = 0
        for section in try sections() where !section.recipe.isEmpty {
            XCTAssertFalse(section.networks.isEmpty, section.title)
            for network in section.networks {
                let place = "docs/reproduction.md:\(network.line)"
                let file = try file(section, network.overrides)
                let entries = try RecipeListing(file).entries
                let values = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
                for (key, value) in section.keys { XCTAssertEqual(values[key], value, "\(place): \(key)") }
                XCTAssertEqual(values["data.format"], try XCTUnwrap(Self.data[network.data], place).format, place)
                for override in network.overrides {
                    let pair = override.split(separator: "=", maxSplits: 1).map(String.init)
                    XCTAssertTrue(["model.backbone", "data.format"].contains(pair[0]), place)
                    XCTAssertEqual(values[pair[0]], pair[1], place)
                }
                count += 1
            }
        }
        XCTAssertEqual(count, 187)
    }

    /// Every network can be planned for its data, and has the published number of parameters.
    func testEveryRowsNetworkHasThePublishedSize() throws {
        var compared = 0
        for section in try sections() where !section.recipe.isEmpty {
            for network in section.networks {
                let place = "docs/reproduction.md:\(network.line)"
                let file = try file(section, network.overrides)
                let classes = try XCTUnwrap(Self.data[network.data], place).classes
                let count = try parameterCount(file, classes: classes)
                XCTAssertGreaterThan(count, 0, place)
                guard let published = network.parameters else { continue }
                // Where a paper counts otherwise, the cell says what it is here: 34.4, here 21.5.
                let figure = published.split(separator: " ").last.map(String.init) ?? published
                let decimals = figure.split(separator: ".").dropFirst().first?.count ?? 0
                XCTAssertEqual(
                    Double(count) / 1e6, try XCTUnwrap(Double(figure), place),
                    accuracy: 0.6 * pow(10, -Double(decimals)),
                    "\(place): \(network.overrides)")
                compared += 1
            }
        }
        XCTAssertEqual(compared, 70)
    }

    private func parameterCount(_ file: RecipeFile, classes: Int) throws -> Int {
        guard try VisionTask(of: file) == .detection else {
            let model = try file.decode(ClassificationRecipe.self).model
            return try BackboneArchitecture(text: model.backbone).with { $0.classes = classes }.plan().parameterCount
        }
        let model = try file.decode(DetectionRecipe.self).model
        let backbone = try BackboneArchitecture(text: model.backbone)
        if let ssd = model.ssd { return try SSDPlan(ssd, backbone: backbone).parameterCount(classCount: classes) }
        let plan = try backbone.plan()
        try model.fasterRCNN.validate(stageCount: plan.stages.count)
        return plan.parameterCount
    }

    /// A recipe that names a paper has its section.
    func testNoRecipeOfAPaperIsLeftOut() throws {
        let named = Set(try sections().map(\.recipe))
        let folder = Self.root + "/tools/recipes"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        let ofPapers = try files.filter {
            let text = try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
            return ["Duta et", "Zhang et"].contains { text.contains($0) }
        }
        XCTAssertEqual(Set(ofPapers), named.subtracting([""]))
    }
}
