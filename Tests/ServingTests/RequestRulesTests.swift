import Media
import Serving
import TestSupport
import XCTest

final class RequestRulesTests: XCTestCase {
    func testRefusals() throws {
        var limits = ServerLimits()
        limits.uploadBytes = 40_000
        limits.pictures.maxPixels = 4000
        limits.videos.maxFrames = 10
        let clip = try temporaryDirectory() + "/clip.mp4", jpeg = try temporaryDirectory() + "/a.jpg"
        try ServedRuns.writeClip(frames: 12, to: clip)
        try ImageFile.writeJPEG(ServedRuns.noise(3, width: 60, height: 50), to: jpeg)
        let picture = try noise()
        try serving(ServedRuns.detector, limits: limits) { server in
            func refused(
                _ method: String, _ target: String, _ status: Int, _ reason: String, headers: [String] = [],
                body: [UInt8]? = nil, host: String = "localhost", line: UInt = #line
            ) throws {
                let client = try LoopbackClient(port: server.port)
                let answer = try XCTUnwrap(
                    client.request(method, target, headers: headers, body: body, host: host), reason, line: line)
                XCTAssertEqual(answer.status, status, answer.text, line: line)
                let error = answer.error ?? "nothing"
                XCTAssertTrue(error.contains(reason), error, line: line)
                if status == 405 { XCTAssertNotNil(answer.headers["allow"], line: line) }
                if status == 503 { XCTAssertNotNil(answer.headers["retry-after"], line: line) }
                // The server goes on.
                XCTAssertEqual(try LoopbackClient(port: server.port).request("GET", "/health")?.status, 200, line: line)
            }
            try refused("GET", "/nothing", 404, "there is no /nothing here; the page is at /")
            try refused("POST", "/classify", 404, "does not classify; POST files to /detect", body: picture)
            try refused("GET", "/detect", 405, "/detect is for POST, not GET")
            try refused("DELETE", "/", 405, "/ is for GET, HEAD, not DELETE")
            try refused("GET", "/health?a=1", 400, "/health has no parameter a; it takes none")
            try refused("POST", "/detect?treshold=1", 400, "no parameter treshold; it takes threshold", body: picture)
            try refused("POST", "/detect?threshold=2", 400, "threshold is 2; it must be in 0.0…1.0", body: picture)
            try refused("POST", "/detect?threshold=nan", 400, "threshold is nan", body: picture)
            try refused("POST", "/detect?every=0", 400, "every is 0; it must be a whole number from 1", body: picture)
            try refused("POST", "/detect?every=1&every=2", 400, "the parameter every stands twice", body: picture)
            try refused("POST", "/detect?name=%ff", 400, "has an escape that is no text", body: picture)
            try refused("POST", "/detect", 400, "the body is empty", body: [])
            try refused("POST", "/detect", 411, "neither Content-Length nor a chunked body")
            try refused(
                "POST", "/detect", 415, "of the type text/plain", headers: ["Content-Type: text/plain"], body: picture)
            try refused("POST", "/detect", 413, "more than 40000 bytes", body: [UInt8](repeating: 7, count: 40_001))
            try refused("POST", "/detect?name=a", 415, "a: it is ", body: Array("GIF8 nothing".utf8))
            try refused("POST", "/detect?name=a", 415, "it looks like a WebP image", body: Array("RIFFxxxxWEBP".utf8))
            try refused("POST", "/detect?name=a.png", 400, "a.png: it is ", body: Array(picture.dropLast(3000)))
            try refused(
                "POST", "/detect?name=a.jpg", 400, "a.jpg: it is truncated", body: Array(try bytes(jpeg).dropLast(900)))
            try refused("POST", "/detect?name=b", 413, "b: it is too large", body: try noise(2, width: 80, height: 60))
            try refused("POST", "/detect?name=c", 413, "c: it is too large", body: try bytes(clip))
            try refused(
                "POST", "/detect?stream=4", 415, "upload: it is a video without pictures", body: try bytes(clip))
            for host in [
                "evil.example", "127.0.0.1.evil.example", "localhost:", "localhost:1a", "[::2]", "localhost@a",
            ] {
                try refused("GET", "/health", 403, "was asked as \(host)", host: host)
            }
            for origin in ["http://evil.example", "null", "https://localhost", "http://localhost:1"] {
                try refused(
                    "POST", "/detect", 403, "this one is of \(origin)", headers: ["Origin: \(origin)"], body: picture)
            }
            try refused("GET", "/health", 400, "one header Host", headers: ["Host: localhost"])
            try refused("GET", "/" + String(repeating: "a", count: 20_000), 431, "head is too long")
            try refused("GET", "/", 431, "head is too long", headers: (0..<200).map { "A\($0): b" })
            let own = try LoopbackClient(port: server.port)
            let host = "127.0.0.1:\(server.port)"
            XCTAssertEqual(
                own.request("POST", "/detect", headers: ["Origin: http://\(host)"], body: picture, host: host)?.status,
                200)
            // A body that grows beyond the limit without saying so before.
            own.send("POST /detect HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<5 { own.send(Array("2710\r\n".utf8) + [UInt8](repeating: 1, count: 10_000) + [13, 10]) }
            XCTAssertEqual(own.answer()?.status, 413)
            let old = try LoopbackClient(port: server.port)
            old.send("GET /health HTTP/1.0\r\n\r\n")
            XCTAssertEqual(old.answer()?.status, 200)
            XCTAssertTrue(old.isEnded)
            for nonsense in [
                "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\r\nA b\r\n\r\n",
            ] {
                let client = try LoopbackClient(port: server.port)
                client.send(nonsense)
                let answer = try XCTUnwrap(client.answer(), nonsense)
                XCTAssertEqual(answer.status, 400, nonsense)
                XCTAssertTrue(try XCTUnwrap(answer.error).hasPrefix("the request is not HTTP/1.1"), answer.text)
                XCTAssertTrue(client.isEnded)
            }
        }
    }
}
