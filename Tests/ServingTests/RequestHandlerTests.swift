import Foundation
import Media
import Serving
import Support
import TestSupport
import XCTest

final class RequestHandlerTests: XCTestCase {
    func testSlowClients() throws {
        var limits = ServerLimits()
        limits.headSeconds = 0.4
        limits.bodySeconds = 0.4
        limits.connections = 4
        let log = RequestLog(), picture = try noise()
        try serving(ServedRuns.detector, limits: limits, log: log.add) { server in
            let silent = try LoopbackClient(port: server.port), half = try LoopbackClient(port: server.port)
            let body = try LoopbackClient(port: server.port), kept = try LoopbackClient(port: server.port)
            half.send("GET /hea")
            body.send("POST /detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
            XCTAssertEqual(kept.request("GET", "/health")?.status, 200)
            // A fifth is one too many.
            let refused = try XCTUnwrap(LoopbackClient(port: server.port).answer())
            XCTAssertEqual(refused.status, 503)
            XCTAssertEqual(refused.headers["retry-after"], "1")
            let began = ContinuousClock.now
            // A byte now and then is not enough: the answers are there while bytes still come.
            while log.all.count(where: { $0.status == 408 }) < 2, ContinuousClock.now - began < .seconds(3) {
                usleep(120_000)
                half.send("a")
                body.send("d")
            }
            XCTAssertEqual(half.answer()?.error, "the request's head was not there within 0.4 seconds")
            XCTAssertEqual(body.answer()?.error, "the body was not there within 0.4 seconds")
            for client in [silent, half, body, kept] { XCTAssertTrue(client.isEnded) }
            XCTAssertLessThan(ContinuousClock.now - began, .seconds(3))
            XCTAssertTrue(log.wait { $0.status == 408 && $0.method == "POST" })
            let next = try LoopbackClient(port: server.port)
            XCTAssertEqual(next.request("POST", "/detect", body: picture)?.status, 200)
            XCTAssertEqual(try held(server), [0, 0])
        }
        XCTAssertEqual(log.all.filter { $0.status == 408 }.count, 2)
    }

    /// What is damaged is refused in words or taken, and nothing else suffers.
    func testDamagedUploads() throws {
        let folder = try temporaryDirectory(), clip = folder + "/clip.mp4", jpeg = folder + "/a.jpg"
        try ServedRuns.writeClip(frames: 4, to: clip)
        try ImageFile.writeJPEG(ServedRuns.noise(3, width: 60, height: 50), to: jpeg)
        let png = try noise()
        let part = Array("--b\r\nContent-Disposition: form-data; name=f; filename=\"a\"\r\n\r\n".utf8)
        let form = part + png + [13, 10] + part + png + Array("\r\n--b--\r\n".utf8)
        let multipart = "Content-Type: multipart/form-data; boundary=b"
        var random = SeededRandom(seed: 5, epoch: 0, index: 0)
        func damaged(_ whole: [UInt8]) -> [UInt8] {
            var bytes = whole
            for _ in 0...random.integer(below: 6) {
                let place = random.integer(below: max(1, bytes.count))
                switch random.integer(below: 4) {
                case 0: bytes.removeSubrange(place..<min(bytes.count, place + random.integer(below: 40)))
                case 1: bytes.insert(contentsOf: bytes.prefix(random.integer(below: 30)), at: place)
                default: if place < bytes.count { bytes[place] = UInt8(random.integer(below: 256)) }
                }
            }
            return bytes
        }
        var statuses: [Int: Int] = [:]
        try serving(ServedRuns.detector) { server in
            let check = try LoopbackClient(port: server.port)
            let wanted = try XCTUnwrap(check.request("POST", "/detect?threshold=0", body: png)).text
            for (body, header, count) in [
                (png, "A: b", 100), (try bytes(jpeg), "A: b", 100), (try bytes(clip), "A: b", 60),
                (form, multipart, 100),
            ] {
                let client = try LoopbackClient(port: server.port)
                for _ in 0..<count {
                    let answer = try XCTUnwrap(
                        client.request("POST", "/detect", headers: [header], body: damaged(body)))
                    statuses[answer.status, default: 0] += 1
                    if answer.status != 200 { XCTAssertNotNil(answer.error) }
                }
            }
            // The request itself, head and all; what is left over may be half a request.
            let request = Array(
                "POST /detect?threshold=0.5 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nnot a png".utf8)
            for _ in 0..<200 {
                let client = try LoopbackClient(port: server.port)
                client.send(
                    damaged(request)
                        + Array("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n\r\n\r\n".utf8))
            }
            XCTAssertEqual(check.request("POST", "/detect?threshold=0", body: png)?.text, wanted)
            let deadline = Date() + 10
            while try held(server)[0] > 0, Date() < deadline { usleep(1000) }
            XCTAssertEqual(try held(server), [0, 0])
        }
        XCTAssertEqual(statuses.values.reduce(0, +), 360)
        XCTAssertTrue(Set(statuses.keys).isSubset(of: [200, 400, 413, 415]), "\(statuses)")
        for status in [200, 400] { XCTAssertGreaterThan(statuses[status] ?? 0, 1, "\(statuses)") }
    }
}
