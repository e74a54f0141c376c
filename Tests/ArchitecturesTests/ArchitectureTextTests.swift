import Architectures
import XCTest

final class ArchitectureTextTests: XCTestCase {
    private func architecture(_ text: String) throws -> BackboneArchitecture { try BackboneArchitecture(text: text) }

    private func message(_ text: String) -> String {
        do {
            return "no error: \(try architecture(text))"
        } catch {
            return "\(error)"
        }
    }

    func testANameAloneIsTheNamedModel() throws {
        XCTAssertEqual(try architecture("iresnet50"), try Catalogue.architecture(named: "iresnet50"))
    }

    func testAxesBehindTheColonReplaceTheModels() throws {
        let dense = try architecture("iresnet50:shortcut=dense,planes=32/64/128/256,classes=10")
        let expected = try Catalogue.architecture(named: "iresnet50").with {
            $0.shortcut = .dense()
            $0.planes = [32, 64, 128, 256]
            $0.classes = 10
        }
        XCTAssertEqual(dense, expected)
        XCTAssertEqual(try architecture("resnet50:shortcut=dense"), try Catalogue.architecture(named: "dsnet50"))
        XCTAssertEqual(
            try architecture("resnet50:shortcut=identity_and_rg,inner_shortcut=rg"),
            try Catalogue.architecture(named: "res_rgsnet50"))
    }

    func testPartsOfAValueComeInAnyOrder() throws {
        let one = try architecture("resnet50:shortcut=dense/unweighted/instance/residuals").shortcut
        XCTAssertEqual(one, .dense(of: .residuals, normalization: .instance, isWeighted: false))
        XCTAssertEqual(try architecture("resnet50:shortcut=dense/aggregates/group/weighted").shortcut, .dense())
    }

    func testRankBringsTheOtherStemAlong() throws {
        let clips = try architecture("iresnet50:rank=video")
        XCTAssertEqual(clips, try Catalogue.architecture(named: "iresnet50").onVideo(classes: 1000))
        XCTAssertEqual(try architecture("iresnet3d50:rank=image,classes=1000"), try architecture("iresnet50"))
        // Whatever the order in which they are written.
        XCTAssertEqual(try architecture("resnet50:stem=video_without_pool,rank=video").stem, .videoWithoutPool)
    }

    /// Every axis of every named model, printed and read onto a model that has nothing of it.
    func testEveryNamedModelIsReadBackFromItsAxes() throws {
        XCTAssertGreaterThan(Catalogue.models.count, 300)
        for model in Catalogue.models {
            let settings = ArchitectureAxis.allCases.map { ($0, model.architecture.text(of: $0)) }
            XCTAssertEqual(try BackboneArchitecture().with(settings), model.architecture, model.name)
        }
    }

    /// Every word of every axis is read, printed as it was typed, and says something else than the other words do.
    func testEveryWordOfEveryAxisIsReadAndPrinted() throws {
        let parts = ["res2net": "/4/26", "concatenation": "/32"]
        var words = 0
        for axis in ArchitectureAxis.allCases {
            var printed: Set<String> = []
            for form in axis.values where form.first?.isLowercase == true {
                let word = String(form.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
                let typed = word + (parts[word] ?? "")
                // Many a value has no meaning beside the others of a ResNet; the axis alone is what is tried here.
                let value: String
                do {
                    value = try BackboneArchitecture().with([(axis, typed)]).text(of: axis)
                } catch is ArchitectureError {
                    words += 1
                    continue
                }
                XCTAssertEqual(value, typed, axis.name)
                XCTAssertTrue(printed.insert(value).inserted, "\(axis.name) \(value)")
                words += 1
            }
        }
        XCTAssertEqual(words, 41)
    }

    func testErrorsNameTheAxisAndTheNearestWord() {
        XCTAssertEqual(message("iresnet5O"), #"no model is called "iresnet5O"; did you mean "iresnet50"?"#)
        XCTAssertEqual(
            message("resnet50:shortcuts=dense"), #"no axis is called "shortcuts"; did you mean "shortcut"?"#)
        XCTAssertTrue(
            message("resnet50:shortcut=densee").hasPrefix(
                #""densee" is not a value of shortcut; did you mean "dense"? It can be none, identity, rg,"#),
            message("resnet50:shortcut=densee"))
        XCTAssertTrue(message("resnet50:shortcut=dense/often").contains(#""dense/often" is not a value of shortcut"#))
        XCTAssertTrue(message("resnet50:depths=3/4/x/3").contains(#""3/4/x/3" is not a value of depths"#))
        XCTAssertTrue(
            message("resnet50:classes=nome").hasPrefix(
                #""nome" is not a value of classes; did you mean "none"? It can be none, "#),
            message("resnet50:classes=nome"))
        XCTAssertTrue(message("resnet50:").contains("is not axis=value"))
        XCTAssertEqual(message("resnet50:stem=cifar,stem=imagenet"), "stem is set twice")
        XCTAssertTrue(
            message("resnet50:rank=video,projection=average_pool").contains("axis projection"),
            message("resnet50:rank=video,projection=average_pool"))
        XCTAssertTrue(message("resnet50:depths=3/4").contains("axis planes"), message("resnet50:depths=3/4"))
    }
}
