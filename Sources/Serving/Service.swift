import Annotations
import Foundation
import NIOHTTP1
import Support

/// What all connections of a server share.
struct Service: Sendable {
    let model: ServedModel
    let limits: ServerLimits
    let rules: RequestRules
    let admission: Admission
    let queue: WorkQueue
    let folder: SpoolFolder
    let modelAnswer: HTTPAnswer
    /// Is told of each request that was answered, on the network's thread: it must not wait for long.
    let log: @Sendable (RequestRecord) -> Void

    /// - Throws: `WholeFileError` without a folder for temporary files.
    init(_ model: ServedModel, limits: ServerLimits, log: @escaping @Sendable (RequestRecord) -> Void) throws {
        self.model = model
        self.limits = limits
        self.log = log
        rules = RequestRules(task: model.task, limits: limits)
        admission = Admission(limits)
        folder = try SpoolFolder()
        var description = model.description
        description.limits = .init(
            bytes: limits.uploadBytes, pixels: limits.pictures.maxPixels, frames: limits.videos.maxFrames,
            files: limits.files)
        modelAnswer = HTTPAnswer(json: try prettyJSON(description))
        queue = WorkQueue()
    }

    /// Seconds after which there may be room again.
    var retryAfter: Int { queue.seconds(for: admission.requests) }

    /// What `GET /health` tells.
    var health: HTTPAnswer {
        struct Health: Encodable {
            let status: String
            /// Requests that are taken on and not answered yet.
            let requests: Int
            /// Bytes of files that are held for them.
            let bytes: Int
        }
        let isStopping = admission.isStopping
        let health = Health(
            status: isStopping ? "stopping" : "ok", requests: admission.requests, bytes: admission.bytes)
        return HTTPAnswer(
            json: (try? prettyJSON(health)) ?? "{}", status: isStopping ? .serviceUnavailable : .ok)
    }

    /// The answer to a request that the network was asked for, and the reason if it is refused.
    func answer(_ result: Result<String, any Error>) -> (HTTPAnswer, reason: String?) {
        let refusal: Refusal
        switch result {
        case .success(let json): return (HTTPAnswer(json: json), nil)
        case .failure(let error as Refusal): refusal = error
        case .failure(let error as OutOfMemory): refusal = Refusal(.insufficientStorage, "\(error)")
        case .failure(let error): refusal = Refusal(.internalServerError, Support.reason(of: error))
        }
        return (HTTPAnswer(refusal), refusal.reason)
    }
}
