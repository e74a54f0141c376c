import Annotations
import Foundation
import Media
import Serving
import Support
import Synchronization
import TestSupport
import Workflows
import XCTest

final class ServerTests: XCTestCase {
    func testThePageAndWhatIsToldOfTheNetwork() throws {
        let log = RequestLog()
        try serving(ServedRuns.detector, log: log.add) { server in
            let client = try LoopbackClient(port: server.port)
            for (path, type, word) in [
                ("/", "text/html; charset=utf-8", "<title>Vertebra</title>"),
                ("/page.css", "text/css; charset=utf-8", "prefers-color-scheme"),
                ("/page.js", "text/javascript; charset=utf-8", "\"use strict\""),
                ("/health", "application/json; charset=utf-8", "\"status\" : \"ok\""),
                ("/model", "application/json; charset=utf-8", "\"task\" : \"detect\""),
            ] {
                // One connection for all of them.
                let answer = try XCTUnwrap(client.request("GET", path), path)
                XCTAssertEqual(answer.status, 200, path)
                XCTAssertEqual(answer.headers["content-type"], type)
                XCTAssertTrue(answer.text.contains(word), answer.text)
                XCTAssertTrue(
                    try XCTUnwrap(answer.headers["content-security-policy"]).hasPrefix("default-src 'none'; "))
                XCTAssertEqual(answer.headers["x-content-type-options"], "nosniff")
                XCTAssertNil(answer.headers["access-control-allow-origin"])
                let head = try XCTUnwrap(client.request("HEAD", path), path)
                XCTAssertEqual(head.status, 200)
                XCTAssertEqual(head.headers["content-length"], "\(answer.body.count)")
            }
            let model = try XCTUnwrap(client.request("GET", "/model"))
            let told = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(model.body)) as? [String: Any])
            XCTAssertEqual(told["detector"] as? String, "faster_rcnn")
            XCTAssertEqual((told["classes"] as? [String])?.isEmpty, false)
            XCTAssertEqual((told["limits"] as? [String: Int])?["bytes"], 64 << 20)
            let origin = try XCTUnwrap(told["origin"] as? [String: Any])
            XCTAssertEqual(origin["steps"] as? Int, 1)
            XCTAssertTrue(try XCTUnwrap(origin["recipe"] as? String).contains("task: detection"))
        }
        XCTAssertEqual(log.all.count, 11)
        XCTAssertTrue(log.all[0].line.hasPrefix("GET / 200, 0 bytes in, "), log.all[0].line)
    }

    /// The page refers to nothing but itself.
    func testThePageNeedsNoOtherSite() throws {
        try serving(ServedRuns.images) { server in
            let client = try LoopbackClient(port: server.port)
            for path in ["/", "/page.css", "/page.js"] {
                let text = try XCTUnwrap(client.request("GET", path)).text
                for word in ["http:", "https:", "//cdn", "@import", "eval(", "innerHTML"] {
                    XCTAssertFalse(text.contains(word), "\(path) has \(word)")
                }
            }
        }
    }

    func testWhatIsTooMuchIsToldToTryAgain() throws {
        let long = try longClip(), picture = try noise(), log = RequestLog()
        var limits = ServerLimits()
        limits.requests = 3
        limits.heldBytes = 2 * long.count + picture.count + 10
        try serving(ServedRuns.detector, limits: limits, log: log.add) { server in
            let first = try LoopbackClient(port: server.port), second = try LoopbackClient(port: server.port)
            post(first, long)
            post(second, long)
            while try held(server)[0] < 2 { usleep(1000) }
            // Half of a third one: bytes that were announced count.
            let third = try LoopbackClient(port: server.port)
            third.send("POST /detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(picture.count)\r\n\r\n")
            while try held(server)[0] < 3 { usleep(1000) }
            XCTAssertEqual(try held(server)[1], 2 * long.count + picture.count)
            let fourth = try LoopbackClient(port: server.port)
            let refused = try XCTUnwrap(fourth.request("POST", "/detect", body: picture))
            XCTAssertEqual(refused.status, 503)
            XCTAssertEqual(refused.error, "3 requests are waiting, the most at a time; try again")
            XCTAssertGreaterThan(try XCTUnwrap(Int(refused.headers["retry-after"] ?? "")), 0)
            third.send(picture)
            for client in [first, second, third] { XCTAssertEqual(client.answer()?.status, 200) }
            XCTAssertEqual(third.request("POST", "/detect", body: picture)?.status, 200)
            // Nobody works for a client that has left.
            do {
                let left = try LoopbackClient(port: server.port), other = try LoopbackClient(port: server.port)
                post(left, long)
                post(other, long)
                // A third leaves before its body is there.
                let announcing = try LoopbackClient(port: server.port)
                announcing.send("POST /detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n123")
                while try held(server)[0] < 3 { usleep(1000) }
            }
            XCTAssertTrue(log.wait { $0.status == 499 })
            let deadline = Date() + 20
            while try held(server)[0] > 0, Date() < deadline { usleep(1000) }
            XCTAssertEqual(try held(server), [0, 0])
        }
        XCTAssertEqual(log.all.filter { $0.status == 499 }.count, 3)
    }

    /// 64 at a time: every request has the answer that it has alone, and memory does not grow.
    func testManyClients() throws {
        let pictures = try (0..<8).map { try noise($0) }
        let log = RequestLog()
        try serving(ServedRuns.detector, log: log.add) { server in
            let alone = try LoopbackClient(port: server.port)
            let wanted = try pictures.map { try XCTUnwrap(alone.request("POST", "/detect?threshold=0", body: $0)).body }
            XCTAssertGreaterThan(Set(wanted).count, 1)
            let wrong = Mutex<[String]>([])
            func run(_ rounds: Int) {
                let port = server.port
                WorkerThreads(count: 64) { number in
                    guard let client = try? LoopbackClient(port: port, seconds: 60) else {
                        return wrong.withLock { $0.append("no connection") }
                    }
                    for round in 0..<rounds {
                        let index = (number + round) % pictures.count
                        let answer = client.request("POST", "/detect?threshold=0", body: pictures[index])
                        guard answer?.body != wanted[index] else { continue }
                        wrong.withLock { $0.append("\(answer?.status ?? 0) \(answer?.error ?? "")") }
                    }
                }.join()
            }
            run(2)
            let before = try residentMemory()
            run(4)
            let grown = try residentMemory() - before
            XCTAssertEqual(wrong.withLock { $0 }, [])
            XCTAssertLessThan(grown, 32 << 20)
        }
        XCTAssertEqual(log.all.filter { $0.status == 200 }.count, 8 + 64 * 6)
    }

    func testAStopAnswersWhatWasTakenOn() throws {
        let long = try longClip(), picture = try noise(), log = RequestLog()
        let server = try Server(ServedModel(SavedModel(ServedRuns.detector.get())), port: 0, log: log.add)
        let working = try LoopbackClient(port: server.port), uploading = try LoopbackClient(port: server.port)
        let idle = try LoopbackClient(port: server.port)
        XCTAssertEqual(idle.request("GET", "/health")?.status, 200)
        post(working, long)
        uploading.send("POST /detect HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(picture.count)\r\n\r\n")
        while try held(server)[0] < 2 { usleep(1000) }
        let stopping = WorkerThreads(count: 1) { _ in server.stop() }
        XCTAssertTrue(idle.isEnded)
        XCTAssertThrowsError(try LoopbackClient(port: server.port))
        uploading.send(picture)
        for client in [working, uploading] {
            let answer = try XCTUnwrap(client.answer())
            XCTAssertEqual(answer.status, 200)
            XCTAssertEqual(answer.headers["connection"], "close")
            XCTAssertTrue(client.isEnded)
        }
        stopping.join()
        XCTAssertEqual(log.all.filter { $0.status == 200 && $0.method == "POST" }.count, 2)
    }

    func testAPortInUse() throws {
        try serving(ServedRuns.images) { server in
            XCTAssertThrowsError(try Server(ServedModel(SavedModel(ServedRuns.images.get())), port: server.port)) {
                XCTAssertEqual(
                    "\($0)",
                    "127.0.0.1:\(server.port): another program listens there; choose another --port, or --port 0 for a free one"
                )
            }
        }
    }
}
