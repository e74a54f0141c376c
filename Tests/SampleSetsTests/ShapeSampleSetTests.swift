import Annotations
import Foundation
import Media
import SampleSets
import Support
import TestSupport
import XCTest

final class ShapeSampleSetTests: XCTestCase {
    /// Small pictures, quick to draw.
    private var settings: ShapeSampleSet.Settings {
        var settings = ShapeSampleSet.Settings()
        settings.seed = 5
        settings.trainImages = 9
        settings.validationImages = 4
        settings.longSides = 96...128
        settings.radii = 9...26
        settings.objects = 2...5
        settings.overlapShare = 0.8
        settings.emptyShare = 0.2
        return settings
    }

    private func scene(_ index: Int) -> Scene {
        var random = SeededRandom(seed: settings.seed, epoch: 0, index: index)
        return Scene(settings: settings, random: &random)
    }

    func testSamePictureFromTheSameSeed() {
        let set = ShapeSampleSet(settings: settings)
        for index in 0..<3 {
            XCTAssertEqual(set.picture(index).image, set.picture(index).image)
            XCTAssertEqual(set.picture(index).objects, set.picture(index).objects)
        }
        XCTAssertNotEqual(set.picture(0).image, set.picture(1).image)
        var other = settings
        other.seed = 6
        XCTAssertNotEqual(set.picture(0).image, ShapeSampleSet(settings: other).picture(0).image)
    }

    /// The box of what changes in the finished picture when an object turns from black to white.
    func testBoxesAreTightAroundDrawnPixels() throws {
        let set = ShapeSampleSet(settings: settings)
        var checked = 0
        var truncated = 0
        for index in 0..<8 {
            var scene = scene(index)
            scene.noiseLevel = 0
            scene.overlay = []
            scene.light = .zero
            let objects = set.annotatedObjects(of: scene, SceneRenderer.render(scene))
            var next = 0
            for position in scene.objects.indices {
                // The mask of object `position`, from pixels alone.
                func picture(_ value: Float) -> ByteImage {
                    var changed = scene
                    changed.objects[position].base = SceneColor(repeating: value)
                    changed.objects[position].accent = SceneColor(repeating: value)
                    changed.objects[position].rim = 0
                    return SceneRenderer.render(changed).image
                }
                let (black, white) = (picture(0), picture(230))
                var box: (x0: Int, y0: Int, x1: Int, y1: Int)?
                var pixels = 0
                for y in 0..<scene.height {
                    for x in 0..<scene.width where Int(white[x, y, 1]) - Int(black[x, y, 1]) >= 100 {
                        let old = box ?? (x, y, x + 1, y + 1)
                        box = (min(old.x0, x), min(old.y0, y), max(old.x1, x + 1), max(old.y1, y + 1))
                        pixels += 1
                    }
                }
                guard next < objects.count, objects[next].label == scene.objects[position].placed.shape.label else {
                    continue
                }
                guard let box, abs(Double(pixels) - Double(objects[next].visiblePixels)) < 0.15 * Double(pixels) else {
                    continue
                }
                let annotated = objects[next].box
                XCTAssertEqual(annotated.x0, Float(box.x0), accuracy: 1)
                XCTAssertEqual(annotated.y0, Float(box.y0), accuracy: 1)
                XCTAssertEqual(annotated.x1, Float(box.x1), accuracy: 1)
                XCTAssertEqual(annotated.y1, Float(box.y1), accuracy: 1)
                if objects[next].isTruncated { truncated += 1 }
                next += 1
                checked += 1
            }
            XCTAssertEqual(next, objects.count, "an annotated object is not in picture \(index)")
        }
        XCTAssertGreaterThan(checked, 12)
        XCTAssertGreaterThan(truncated, 0)
    }

    func testHiddenObjectsAreNotAnnotated() {
        let set = ShapeSampleSet(settings: settings)
        var scene = scene(0)
        for index in 1..<20 where scene.objects.count < 2 { scene = self.scene(index) }
        let (first, second) = (scene.objects[0], scene.objects[1])
        func place(_ shape: SceneShape, x: Float, radius: Float, over object: Scene.Object) -> Scene.Object {
            var object = object
            object.placed = PlacedShape(
                shape: shape, center: SIMD2(x, 40), radius: radius, squeeze: 1, angle: 0)
            return object
        }
        func labels(_ objects: [Scene.Object]) -> [Int] {
            scene.objects = objects
            return set.annotatedObjects(of: scene, SceneRenderer.render(scene)).map(\.label)
        }
        let small = place(.disc, x: 40, radius: 10, over: first)
        XCTAssertEqual(labels([small]), [SceneShape.disc.label])
        let aside = place(.square, x: 60, radius: 12, over: second)
        XCTAssertEqual(labels([small, aside]), [SceneShape.disc.label, SceneShape.square.label])
        let cover = place(.square, x: 45, radius: 14, over: second)
        XCTAssertEqual(labels([small, cover]), [SceneShape.square.label], "the disc is mostly hidden")
        XCTAssertEqual(labels([cover, small]).count, 2, "the other way round both are seen")
        let outside = place(.disc, x: -4, radius: 10, over: first)
        XCTAssertEqual(labels([outside]), [], "two thirds of it lie outside")
        let truncated = place(.disc, x: 1, radius: 10, over: first)
        XCTAssertEqual(labels([truncated]), [SceneShape.disc.label])
    }

    func testShapesHaveTheAreasTheyShould() {
        // Areas of the outlines at radius 40, by elementary geometry, against counted pixels.
        let expected: [(SceneShape, Double)] = [
            (.disc, .pi), (.ring, .pi * 0.75), (.square, 2 * 1.1 * 1.1),
            (.triangle, 3 * 3.0.squareRoot() / 4 * 1.15 * 1.15),
            (.star, 5 * 1.15 * 0.5 * sin(.pi / 5)), (.cross, 4 * 0.36 * (2 * 1.02 - 0.36)),
        ]
        XCTAssertEqual(expected.map(\.0), SceneShape.allCases)
        for (shape, area) in expected {
            for (squeeze, angle) in [(Float(1), Float(0.3)), (0.8, 0.7)] {
                let placed = PlacedShape(
                    shape: shape, center: SIMD2(60, 60), radius: 40, squeeze: squeeze, angle: angle)
                var inside = 0
                for y in 0..<120 {
                    for x in 0..<120 where placed.distance(SIMD2(Float(x) + 0.5, Float(y) + 0.5)) < 0 { inside += 1 }
                }
                let wanted = area * 1600 * Double(squeeze)
                XCTAssertEqual(Double(inside), wanted, accuracy: 0.01 * wanted, "\(shape)")
            }
        }
    }

    func testWritesBothFormsTheSameWhateverTheThreads() throws {
        try withTemporaryFolder { folder in
            let set = ShapeSampleSet(settings: settings)
            let summary = try set.write(to: folder + "/a", threads: 1)
            try set.write(to: folder + "/b", threads: 3)
            XCTAssertEqual(try filesBelow(folder + "/a"), try filesBelow(folder + "/b"))
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder).sorted(), ["a", "b"])

            XCTAssertEqual(summary.jpegImages + summary.pngImages, 13)
            XCTAssertGreaterThan(summary.pngImages, 0)
            XCTAssertTrue(summary.description.contains("9 training and 4 validation images"), summary.description)
            let train = try COCO.readInstances(summary.paths.trainAnnotations)
            let validation = try COCO.readInstances(summary.paths.validationAnnotations)
            XCTAssertEqual(train.imageCount, 9)
            XCTAssertEqual(validation.imageCount, 4)
            XCTAssertEqual(train.classNames, ["disc", "ring", "square", "triangle", "star", "cross"])
            XCTAssertEqual(train.objectCount + validation.objectCount, summary.objectsByClass.values.reduce(0, +))

            let voc = try VOCFolder(path: summary.paths.voc).read(split: "train", classNames: ShapeSampleSet.classNames)
            XCTAssertEqual(voc.imageCount, 9)
            for i in 0..<9 {
                XCTAssertEqual(voc.target(i).boxes, train.target(i).boxes)
                XCTAssertEqual(voc.target(i).labels, train.target(i).labels)
                let expected = set.picture(i)
                XCTAssertEqual(train.target(i).boxes, expected.objects.map(\.box))
                let image = try ImageFile.read(summary.paths.images + "/" + train.fileName(i))
                XCTAssertEqual([image.width, image.height], [train.imageSize(i).width, train.imageSize(i).height])
                if expected.isPNG { XCTAssertEqual(image, expected.image) }
            }
        }
    }

    func testFolderAppearsWholeOrNotAtAll() throws {
        try withTemporaryFolder { folder in
            var settings = settings
            settings.trainImages = 2
            settings.validationImages = 1
            let set = ShapeSampleSet(settings: settings)
            try set.write(to: folder + "/set", threads: 2)
            XCTAssertThrowsError(try set.write(to: folder + "/set")) {
                XCTAssertTrue("\($0)".contains("exists already"), "\($0)")
            }
            try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/set/extra"))
            settings.seed = 77
            try ShapeSampleSet(settings: settings).write(to: folder + "/set", threads: 2, replacing: true)
            XCTAssertFalse(FileManager.default.fileExists(atPath: folder + "/set/extra"))
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["set"])
            try FileManager.default.createDirectory(
                atPath: folder + "/photos", withIntermediateDirectories: true)
            XCTAssertThrowsError(try set.write(to: folder + "/photos", replacing: true)) {
                XCTAssertTrue("\($0)".contains("is not such a sample set"), "\($0)")
            }
            try FileManager.default.removeItem(atPath: folder + "/photos")
            // A file where a folder must be.
            XCTAssertThrowsError(try set.write(to: folder + "/set/settings.json/inner"))
            XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["set"])
        }
    }

    func testPublishedSettingsAreTheDefaults() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../datasets/shapes/settings.json")
        XCTAssertEqual(
            try JSONDecoder().decode(ShapeSampleSet.Settings.self, from: Data(contentsOf: file)),
            ShapeSampleSet.Settings())
    }
}
