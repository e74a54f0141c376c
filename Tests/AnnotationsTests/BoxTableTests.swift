import Annotations
import Foundation
import Support
import TestSupport
import XCTest

final class BoxTableTests: XCTestCase {
    private func table(_ text: String) throws -> BoxTable {
        let path = try temporaryDirectory() + "/boxes.csv"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return try BoxTable(path: path)
    }

    /// One box under the headings of several programs.
    func testHeadings() throws {
        for text in [
            "path,xmin,ymin,xmax,ymax,class\na.jpg,1,2,4,6,dog",
            "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,9,8,dog,1,2,4,6",
            "Image Path;X_Min;Y_Min;X_Max;Y_Max;Label\r\na.jpg;1;2;4;6;dog\r\n",
            "img\tx1\ty1\tx2\ty2\tlabel\na.jpg\t1\t2\t4\t6\tdog",
            "file,x0,y0,x1,y1,name\na.jpg,1,2,4,6,dog", "x,y,w,h,class,image\n1,2,3,4,dog,a.jpg",
            "file,x1,y1,w,h,label\na.jpg,1,2,3,4,dog",
            "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\ndog,1,2,3,4,a.jpg,9,8",
            "path,left,top,right,bottom,category\n\"a.jpg\",1.0,2e0, 4 ,6,\"dog\"",
        ] {
            let rows = try table(text).rows
            XCTAssertEqual(rows.count, 1, text)
            XCTAssertEqual(rows.first?.path, "a.jpg", text)
            XCTAssertEqual(rows.first?.className, "dog", text)
            XCTAssertEqual(rows.first?.object?.box, Box(x0: 1, y0: 2, x1: 4, y1: 6), text)
            if text.contains("9") { XCTAssertEqual(rows.first?.size, ImageSize(width: 9, height: 8), text) }
        }
    }

    func testFlagsPartsAndEmptyPictures() throws {
        let rows = try table(
            "path,xmin,ymin,xmax,ymax,class,split,difficult,truncated,iscrowd,ignore,area\n"
                + "a,1,2,40,60,dog,val,1,true,0,,7\nb,,,,,,train,,,,,\n"
        ).rows
        XCTAssertEqual(rows.map(\.part), ["val", "train"])
        XCTAssertEqual(rows[0].object?.flags, [.difficult, .truncated])
        XCTAssertEqual(rows[0].object?.area, 7)
        XCTAssertNil(rows[1].object)
        XCTAssertNil(rows[1].className)
    }

    func testMistakesNameTheLine() throws {
        let head = "path,xmin,ymin,xmax,ymax,class,width,height,difficult\n"
        for (text, words) in [
            ("", "it is empty. Begin it with a line such as path,xmin"),
            ("a.jpg,1,2,3,4,dog\n", "line 1: there is no column \"path\""),
            ("path,xmin,ymin,xmax,class\n", "line 1: there is no column \"ymax\""),
            ("path,x,y,w,class\n", "line 1: there is no column \"h\""),
            (head + "a,1,2,3,4,dog\n", "line 2: it has 6 values, and the first line names 9 columns"),
            (head + "a,1,2,3,4,dog,,,\n\na,b,2,3,4,dog,,,\n", "line 4: xmin is \"b\", which is no number"),
            (head + "a,1,2,3,1e300,dog,,,", "ymax is \"1e300\""), (head + "a,1,2,inf,4,dog,,,", "xmax is \"inf\""),
            (head + "a,1,2,nan,4,dog,,,", "xmax is \"nan\""),
            (head + "a,1,,3,4,dog,,,", "line 2: ymin is empty"), (head + "a,,,,,dog,,,", "line 2: xmin is empty"),
            (head + "a,1,2,3,4,,,,", "line 2: the box has no class"), (head + ",1,2,3,4,dog,,,", "it names no picture"),
            (head + "a,10,2,3,4,dog,,,", "line 2: the box is -7 × 2 pixels. Write the upper left corner first"),
            (head + "a,1,2,3,4,dog,0,5,", "0 × 5 pixels are no picture's size"),
            (head + "a,1,2,3,4,dog,1.5,5,", "1.5 × 5 pixels are no picture's size"),
            (head + "a,1,2,3,4,dog,,,maybe", "difficult is \"maybe\". Write 0 or 1"),
            (head + "\"a,1,2,3,4,dog,,,", "line 2: a quote in it is not closed"),
            (head + "a,0.1,0.2,0.3,0.4,dog,,,\n", "line 2: all corners of the table lie in 0…1"),
        ] {
            XCTAssertThrowsError(try table(text), text) {
                XCTAssertTrue("\($0)".contains(words), "\(words): \($0)")
            }
        }
        XCTAssertThrowsError(try BoxTable(path: "nowhere.csv"))
    }

    func testTextIsReadBackToTheBit() throws {
        let objects = [
            ObjectRecord(id: 1, label: 1, x: 0.1, y: 0.2, width: 10.3, height: 20.7, area: 99.5, flags: .crowd),
            ObjectRecord(id: 2, label: 2, x: 1 / 3.0, y: 5, width: 3, height: 4, flags: [.ignore, .truncated]),
        ]
        let annotations = DetectionAnnotations(
            source: "set", classNames: ["a \"b\", c", "d"],
            images: [
                ImageRecord(id: 1, fileName: "a.jpg", width: 7, height: 9, objects: objects),
                ImageRecord(id: 2, fileName: "b.jpg", width: 0, height: 0),
            ])
        let text = BoxTable.text(of: [("train", annotations, ["images/a, b.jpg", "images/b.jpg"])])
        XCTAssertTrue(
            text.hasPrefix("path,width,height,xmin,ymin,xmax,ymax,class,split,truncated,iscrowd,ignore,area\n"))
        let rows = try table(text).rows
        XCTAssertEqual(rows.map(\.path), ["images/a, b.jpg", "images/a, b.jpg", "images/b.jpg"])
        XCTAssertEqual(rows.map(\.className), ["a \"b\", c", "d", nil])
        XCTAssertEqual(rows.map(\.part), ["train", "train", "train"])
        XCTAssertEqual(rows[0].size, ImageSize(width: 7, height: 9))
        XCTAssertNil(rows[2].size)
        for (row, object) in zip(rows, objects) {
            XCTAssertEqual(row.object?.x, object.x)
            XCTAssertEqual(row.object?.y, object.y)
            XCTAssertEqual(row.object?.area, object.area)
            XCTAssertEqual(row.object?.flags, object.flags)
            XCTAssertEqual(row.object?.width ?? 0, object.width, accuracy: 1e-12)
        }
    }
}
