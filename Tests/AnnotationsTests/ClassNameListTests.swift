import Annotations
import XCTest

final class ClassNameListTests: XCTestCase {
    func testCOCOsIdsHaveGaps() {
        let byID = ClassNameList.cocoNamesByID
        XCTAssertEqual(byID.count, 90)
        // Ids, from 1, as in COCO's own files.
        for (id, name) in [(1, "person"), (11, "fire hydrant"), (13, "stop sign"), (44, "bottle"), (90, "toothbrush")] {
            XCTAssertEqual(byID[id - 1], name)
        }
        let gaps = byID.indices.filter { byID[$0] == ClassNameList.unusedName }.map { $0 + 1 }
        XCTAssertEqual(gaps, [12, 26, 29, 30, 45, 66, 68, 69, 71, 83])
        XCTAssertEqual(ClassNameList.cocoNames, byID.filter { $0 != "N/A" })
        XCTAssertEqual(Set(ClassNameList.cocoNames).count, 80)
        XCTAssertEqual(ClassNameList.coco.names(outputs: 80)?.last, "toothbrush")
        XCTAssertEqual(ClassNameList.coco.names(outputs: 90), byID)
        XCTAssertNil(ClassNameList.coco.names(outputs: 91))
    }

    func testTheListsOfClassifiers() {
        XCTAssertEqual(ClassNameList.voc.names(outputs: 20)?[14], "person")
        let imagenet = ClassNameList.imagenetNames, ids = ClassNameList.imagenetIDs
        XCTAssertEqual([imagenet.count, ids.count, Set(imagenet).count, Set(ids).count], [1000, 1000, 1000, 1000])
        XCTAssertEqual([imagenet[0], imagenet[281], imagenet[999]], ["tench", "tabby", "toilet tissue"])
        XCTAssertEqual([ids[0], ids[281], ids[999]], ["n01440764", "n02123045", "n15075141"])
        XCTAssertEqual(ids, ids.sorted())
        let kinetics = ClassNameList.kinetics400Names
        XCTAssertEqual([kinetics.count, Set(kinetics).count], [400, 400])
        XCTAssertEqual([kinetics[0], kinetics[399]], ["abseiling", "zumba"])
        for list in ClassNameList.allCases {
            XCTAssertTrue(list.counts.allSatisfy { list.names(outputs: $0)?.count == $0 }, list.rawValue)
        }
    }
}
