import Annotations
import Foundation
import Media
import Serving
import TestSupport
import Workflows
import XCTest

final class ServedModelTests: XCTestCase {
    func testDetectionsAreThoseOfTheCommand() throws {
        let detection = try ImageDetection(SavedModel(ServedRuns.detector.get()))
        let picture = try ServedRuns.picture(), clip = try temporaryDirectory() + "/clip.mp4"
        try ServedRuns.writeClip(frames: 12, to: clip)
        let wanted = try prettyJSON([detection.detect(picture, threshold: 0)]) + "\n"
        XCTAssertTrue(wanted.contains("\"score\""), wanted)
        let strict = try ImageDetection(
            SavedModel(ServedRuns.detector.get(), settings: ["inference.nms_threshold=0.1"]))
        let wantedStrict = try prettyJSON([strict.detect(picture, threshold: 0.01)]) + "\n"
        struct Video: Encodable {
            let found: VideoDetections
            func encode(to encoder: any Encoder) throws { try found.encode(to: encoder) }
        }
        let wantedVideo =
            try prettyJSON([
                Video(found: detection.detectVideo(clip, threshold: 0, passes: VideoPasses(every: 5)))
            ]) + "\n"
        try serving(ServedRuns.detector) { server in
            let client = try LoopbackClient(port: server.port), file = try bytes(picture)
            func post(_ query: String, _ body: [UInt8], _ headers: [String] = []) throws -> LoopbackClient.Answer {
                try XCTUnwrap(client.request("POST", "/detect?" + query, headers: headers, body: body), query)
            }
            let name = "name=\(picture)&threshold=0"
            XCTAssertEqual(try post(name, file).text, wanted)
            XCTAssertEqual(try post("name=\(picture)&threshold=0.01&nms_threshold=0.1", file).text, wantedStrict)
            XCTAssertNotEqual(wanted, wantedStrict)
            XCTAssertEqual(try post(name, file).text, wanted, "a request's overlap does not stay")
            XCTAssertEqual(try post("name=\(clip)&threshold=0&every=5", bytes(clip)).text, wantedVideo)
            // Two files of a form.
            let part = Array("--b\r\nContent-Disposition: form-data; name=f; filename=\"\(picture)\"\r\n\r\n".utf8)
            let form = part + file + [13, 10] + part + file + Array("\r\n--b--".utf8)
            let both = try post("threshold=0", form, ["Content-Type: multipart/form-data; boundary=b"])
            XCTAssertEqual(both.status, 200, both.text)
            XCTAssertEqual(
                both.text,
                try prettyJSON([detection.detect(picture, threshold: 0), detection.detect(picture, threshold: 0)])
                    + "\n")
            // In chunks, after the server has been asked whether it takes them.
            client.send(
                "POST /detect?\(name) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nExpect: 100-continue\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: file.count, by: 5000) {
                let chunk = file[start..<min(start + 5000, file.count)]
                client.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [13, 10])
            }
            client.send("0\r\n\r\n")
            XCTAssertEqual(client.answer()?.text, wanted)
        }
    }

    func testClassesAreThoseOfTheCommands() throws {
        let picture = try temporaryDirectory() + "/a.png", clip = try temporaryDirectory() + "/clip.mp4"
        try Data(noise()).write(to: URL(fileURLWithPath: picture))
        try ServedRuns.writeClip(frames: 20, to: clip)
        let classified = try ImageClassification(SavedModel(ServedRuns.images.get())).classify(picture)
        XCTAssertEqual(classified.classes.count, 2)
        // Grad-CAM's forward pass is the same.
        let explained = try ImageExplanation(checkpoints: [ServedRuns.images.get()]).explain(picture).models[0]
        XCTAssertEqual(explained.class, classified.classes[0].name)
        XCTAssertEqual(explained.probability, classified.classes[0].probability, accuracy: 1e-5)
        try serving(ServedRuns.images) { server in
            let client = try LoopbackClient(port: server.port)
            let found = try XCTUnwrap(client.request("POST", "/classify?name=\(picture)", body: bytes(picture)))
            XCTAssertEqual(found.text, try prettyJSON([classified]) + "\n")
            let one = try XCTUnwrap(client.request("POST", "/classify?top=1", body: bytes(picture)))
            XCTAssertEqual(one.text.components(separatedBy: "probability").count, 2, one.text)
            let video = try XCTUnwrap(client.request("POST", "/classify", body: bytes(clip)))
            XCTAssertEqual(video.status, 415)
            XCTAssertEqual(video.error, "upload: it is a video, and this network takes JPEG or PNG")
        }
        try serving(ServedRuns.clips) { server in
            let client = try LoopbackClient(port: server.port)
            let found = try XCTUnwrap(client.request("POST", "/recognize?name=\(clip)&top=1", body: bytes(clip)))
            let wanted = try ClipRecognition(SavedModel(ServedRuns.clips.get()), top: 1).recognize(clip)
            XCTAssertEqual(found.text, try prettyJSON([wanted]) + "\n")
            let image = try XCTUnwrap(client.request("POST", "/recognize?name=a.png", body: bytes(picture)))
            XCTAssertEqual(image.status, 415)
            XCTAssertTrue(try XCTUnwrap(image.error).hasPrefix("a.png: it is not an MP4, "), image.text)
        }
    }
}
