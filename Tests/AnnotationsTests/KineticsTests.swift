import Annotations
import Foundation
import TestSupport
import XCTest

final class KineticsTests: XCTestCase {
    private func folder(_ files: [String: String]) throws -> String {
        let path = try temporaryDirectory()
        for (name, text) in files {
            let file = path + "/" + name
            try FileManager.default.createDirectory(
                atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
        return path
    }

    private func problem(_ body: () throws -> Void) -> AnnotationError? {
        do { try body() } catch let error as AnnotationError { return error } catch { XCTFail("\(error)") }
        XCTFail("no error")
        return nil
    }

    func testCSV() throws {
        let path = try folder([
            "train.csv": #"""
            label,youtube_id,time_start,time_end,split
            riding a bike,---aQ_xyzzy,5,15,train
            "clean and jerk, ""olympic""",b,103,113,train
            riding a bike,gone,0,10,train
            riding a bike,other,0,10,val
            abseiling,flat,1234567,1234577,train

            """#,
            "videos/riding_a_bike/---aQ_xyzzy_000005_000015.mp4": "",
            "videos/clean and jerk, \"olympic\"/b.mkv": "",
            "videos/flat_1234567_1234577.webm": "",
            "videos/abseiling/notes.txt": "",
        ])
        let read = try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos", split: "train")
        XCTAssertEqual(read.classNames, ["abseiling", "clean and jerk, \"olympic\"", "riding a bike"])
        XCTAssertEqual(
            read.clips,
            [
                ClipRecord(path: "riding_a_bike/---aQ_xyzzy_000005_000015.mp4", label: 2),
                ClipRecord(path: "clean and jerk, \"olympic\"/b.mkv", label: 1),
                ClipRecord(path: "flat_1234567_1234577.webm", label: 0),
            ])
        XCTAssertEqual(read.missing, ["gone_000000_000010"])
        XCTAssertEqual(read.listedCount, 4)
        XCTAssertEqual(
            try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos").missing,
            ["gone_000000_000010", "other_000000_000010"])
        let unknown = problem {
            _ = try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos", classNames: ["abseiling"])
        }
        XCTAssertEqual(unknown?.place, "line 2")
    }

    /// Python's csv module gives these values for these lines.
    func testQuotesInACSV() throws {
        let head = "label,youtube_id,time_start,time_end\n"
        let cases: [(label: String, name: String)] = [
            ("\"a, b\"", "a, b"), ("\"a \"\"b\"\"\"", "a \"b\""), ("a \"b\" c", "a \"b\" c"), ("5\" pipe", "5\" pipe"),
            ("\"\"", ""), ("\"a\"b", "ab"), ("\"\"\"\"", "\""), ("\u{301}a", "\u{301}a"),
        ]
        for (label, name) in cases {
            let path = try folder(["train.csv": head + label + ",id,0,10\n", "videos/id.mp4": ""])
            let read = try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos")
            XCTAssertEqual(read.classNames.map { Array($0.utf8) }, [Array(name.utf8)], label)
            XCTAssertEqual(read.clips.map(\.path), ["id.mp4"], label)
        }
        let open = try folder(["train.csv": head + "a,id,0,10\n\"b,id,0,10\nc,id,0,10\n", "videos/id.mp4": ""])
        let error = problem { _ = try Kinetics.readCSV(open + "/train.csv", videos: open + "/videos") }
        XCTAssertEqual(error?.place, "line 3")
        XCTAssertEqual(error?.problem, "a quote in it is not closed")
    }

    func testOtherEncodingsAreNamed() throws {
        let path = try folder(["videos/a.mp4": ""])
        func write(_ bytes: [UInt8], _ name: String) throws {
            try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        }
        let csv = "label,youtube_id,time_start,time_end\ncaf\u{E9},a,0,10\n"
        try write(latin1(csv), "latin1.csv")
        try write(utf16WithMark(csv), "utf16.csv")
        try write([0xEF, 0xBB, 0xBF] + Array(csv.utf8), "mark.csv")
        let latin1 = problem { _ = try Kinetics.readCSV(path + "/latin1.csv", videos: path + "/videos") }
        XCTAssertEqual(latin1?.place, "line 2")
        XCTAssertEqual(latin1?.problem.contains("Latin-1"), true)
        let utf16 = problem { _ = try Kinetics.readCSV(path + "/utf16.csv", videos: path + "/videos") }
        XCTAssertEqual(utf16?.problem.contains("UTF-16"), true)
        XCTAssertEqual(utf16?.fix.contains("CSV UTF-8"), true)
        XCTAssertEqual(
            try Kinetics.readCSV(path + "/mark.csv", videos: path + "/videos").classNames, ["caf\u{E9}"])
        let list = problem {
            _ = try Kinetics.readList(path + "/utf16.csv", videos: path + "/videos", classNames: ["x"])
        }
        XCTAssertEqual(list?.problem.contains("UTF-16"), true)
    }

    func testMistakesInACSVNameTheirLine() throws {
        let head = "label,youtube_id,time_start,time_end\n"
        let path = try folder([
            "column.csv": "label,id\n", "short.csv": head + "a,b,0,10\na,b\n", "time.csv": head + "a,b,0,ten\n",
            "twice.csv": head + "a,b,0,10\na,b,0,10\n", "empty.csv": "", "videos/x.mp4": "",
        ])
        func place(_ name: String) -> String? {
            problem { _ = try Kinetics.readCSV(path + "/" + name, videos: path + "/videos") }?.place
        }
        XCTAssertEqual(place("column.csv"), "line 1")
        XCTAssertEqual(place("short.csv"), "line 3")
        XCTAssertEqual(place("time.csv"), "line 2")
        XCTAssertEqual(place("twice.csv"), "line 3")
        XCTAssertEqual(place("empty.csv"), "")
        XCTAssertEqual(place("missing.csv"), "")
        XCTAssertNotNil(problem { _ = try Kinetics.readCSV(path + "/twice.csv", videos: path + "/none") })
    }

    func testListsOfVideosAndOfFrameFolders() throws {
        let path = try folder([
            "list.txt": "a b/one clip.mp4 1\nframes/two 250 0\n\nlost.mp4 1\n7 0\n", "v/a b/one clip.mp4": "",
            "v/frames/two/000001.jpg": "", "v/7": "",
        ])
        let read = try Kinetics.readList(path + "/list.txt", videos: path + "/v", classNames: ["x", "y"])
        XCTAssertEqual(
            read.clips,
            [
                ClipRecord(path: "a b/one clip.mp4", label: 1),
                ClipRecord(path: "frames/two", label: 0, frameCount: 250),
                ClipRecord(path: "7", label: 0),
            ])
        XCTAssertEqual(read.missing, ["lost.mp4"])
        let wrong = try folder([
            "label.txt": "a.mp4\n", "range.txt": "a.mp4 2\n", "out.txt": "../a.mp4 0\n", "twice.txt": "a 0\na 1\n",
            "elsewhere.txt": "/data/a.mp4 0\n", "head.csv": "path,label\na.mp4,0\n",
        ])
        for (name, line) in [
            ("label.txt", 1), ("range.txt", 1), ("out.txt", 1), ("twice.txt", 2), ("elsewhere.txt", 1), ("head.csv", 1),
        ] {
            let error = problem {
                _ = try Kinetics.readList(wrong + "/" + name, videos: path, classNames: ["x", "y"])
            }
            XCTAssertEqual(error?.place, "line \(line)", name)
        }
    }

    /// The forms of SlowFast (`path label`, with a space or a comma), mmaction2 (`path frames label`) and PyTorchVideo.
    func testListsOfOtherTools() throws {
        let path = try folder([
            "v/a b.mp4": "", "v/c, d.mp4": "", "v/f/000001.jpg": "", "v/my clip 2/000001.jpg": "",
            "space.txt": "a b.mp4 1\r\nc, d.mp4 0\r\nf 250 1\r\nmy clip 2 0\r\n",
            "tab.txt": "a b.mp4\t1\nc, d.mp4\t0\nf\t250\t1\nmy clip 2\t0\n",
            "comma.csv": "a b.mp4,1\nc, d.mp4,0\nf,250,1\nmy clip 2,0\n",
            "commas.csv": "a b.mp4, 1\n\"c, d.mp4\", 0\nf, 250, 1\nmy clip 2 , 0\n",
        ])
        let expected = [
            ClipRecord(path: "a b.mp4", label: 1), ClipRecord(path: "c, d.mp4", label: 0),
            ClipRecord(path: "f", label: 1, frameCount: 250), ClipRecord(path: "my clip 2", label: 0),
        ]
        for name in ["space.txt", "tab.txt", "comma.csv"] {
            XCTAssertFalse(try Kinetics.isCSV(path + "/" + name), name)
            let read = try Kinetics.readList(path + "/" + name, videos: path + "/v", classNames: ["x", "y"])
            XCTAssertEqual(read.clips, expected, name)
            XCTAssertEqual(read.missing, [], name)
        }
        let quoted = try Kinetics.readList(path + "/commas.csv", videos: path + "/v", classNames: ["x", "y"])
        XCTAssertEqual(quoted.clips, expected)
        // Twice, and by its absolute path.
        try Data("a b.mp4 1\na b.mp4 1\n\(path)/v/f 250 1\n".utf8)
            .write(to: URL(fileURLWithPath: path + "/twice.txt"))
        XCTAssertEqual(
            try Kinetics.readList(path + "/twice.txt", videos: path + "/v/", classNames: ["x", "y"]).clips,
            [expected[0], expected[0], expected[2]])
    }

    func testSpacesAfterCommasAndSecondsWithAPoint() throws {
        let path = try folder([
            "train.csv": """
            label, youtube_id, time_start, time_end, split
            riding a bike, one, 417.0, 427.0, train
            "clean, and jerk", two, 5, 15, val
            "shot put" , three, 0.0, 10, train
            """,
            "half.csv": "label,youtube_id,time_start,time_end\na,b,0.5,10\n",
            "videos/one_000417_000427.mp4": "", "videos/clean, and jerk/two_000005_000015.mp4": "",
            "videos/three_000000_000010.mp4": "",
        ])
        XCTAssertTrue(try Kinetics.isCSV(path + "/train.csv"))
        let read = try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos", split: "train")
        XCTAssertEqual(read.classNames, ["riding a bike", "shot put"])
        XCTAssertEqual(read.clips.map(\.path), ["one_000417_000427.mp4", "three_000000_000010.mp4"])
        XCTAssertEqual(
            try Kinetics.readCSV(path + "/train.csv", videos: path + "/videos", split: "val").clips.map(\.path),
            ["clean, and jerk/two_000005_000015.mp4"])
        XCTAssertEqual(
            problem { _ = try Kinetics.readCSV(path + "/half.csv", videos: path + "/videos") }?.place, "line 2")
    }

    func testFoldersOfFramesAreVideos() throws {
        let path = try folder([
            "train.csv": """
            label,youtube_id,time_start,time_end
            riding a bike,one,5,15
            riding a bike,two,0,10
            abseiling,three,0,10
            abseiling,four,0,10
            """,
            "v/riding_a_bike/one_000005_000015/img_00001.jpg": "",
            "v/riding_a_bike/one_000005_000015/flow_x_00001.jpg": "",
            "v/riding_a_bike/two_000000_000010.mp4": "", "v/riding_a_bike/two_000000_000010/img_00001.jpg": "",
            "v/three_000000_000010/1.png": "", "v/abseiling/four_000000_000010/notes.txt": "",
            "v/abseiling/.hidden/1.jpg": "",
        ])
        let read = try Kinetics.readCSV(path + "/train.csv", videos: path + "/v")
        XCTAssertEqual(
            read.clips,
            [
                ClipRecord(path: "riding_a_bike/one_000005_000015", label: 1),
                ClipRecord(path: "riding_a_bike/two_000000_000010.mp4", label: 1),
                ClipRecord(path: "three_000000_000010", label: 0),
            ])
        XCTAssertEqual(read.missing, ["four_000000_000010"], "a folder without frames")
        try FileManager.default.removeItem(atPath: path + "/v/three_000000_000010")
        XCTAssertEqual(
            try Kinetics.readFolders(path + "/v").clips,
            [
                ClipRecord(path: "riding_a_bike/one_000005_000015", label: 1),
                ClipRecord(path: "riding_a_bike/two_000000_000010.mp4", label: 1),
            ], "a file counts once with its frames beside it")
    }

    func testFoldersByClass() throws {
        let path = try folder([
            "riding_a_bike/b.mp4": "", "riding_a_bike/a.webm": "", "riding_a_bike/.hidden.mp4": "",
            "abseiling/c.avi": "", "abseiling/readme.txt": "", "file.txt": "",
        ])
        let read = try Kinetics.readFolders(path)
        XCTAssertEqual(read.classNames, ["abseiling", "riding_a_bike"])
        XCTAssertEqual(read.clips.map(\.path), ["abseiling/c.avi", "riding_a_bike/a.webm", "riding_a_bike/b.mp4"])
        let named = try Kinetics.readFolders(path, classNames: ["riding a bike", "abseiling"])
        XCTAssertEqual(named.clips.map(\.label), [1, 0, 0])
        XCTAssertEqual(
            problem { _ = try Kinetics.readFolders(path, classNames: ["abseiling"]) }?.place, "riding_a_bike")
        XCTAssertNotNil(problem { _ = try Kinetics.readFolders(path + "/none") })
        XCTAssertNotNil(problem { _ = try Kinetics.readFolders(path + "/abseiling") })
    }
}
