import Annotations
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads the requests of one connection and answers them. All of it happens on the connection's event loop.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Tells a connection to end as soon as it has answered what it is at.
    struct Drain: Sendable {}

    private enum Phase {
        /// Nothing was asked yet.
        case idle
        /// The body of a request for files comes in.
        case receiving(Question, UploadForm, Admission.Ticket)
        /// The request will have this answer once its body, which nobody needs, has come in.
        case discarding(HTTPAnswer, reason: String? = nil)
        /// The network works on it.
        case working
        /// The answer is on its way.
        case answering
    }

    /// A request while it is dealt with.
    private struct Current {
        let head: HTTPRequestHead
        let began = ContinuousClock.now
        var received = 0
        var hasEnded = false
    }

    private let service: Service
    private let arrivals: Arrivals
    private var phase = Phase.idle
    private var current: Current?
    private var body: [UInt8] = []
    private var keepsAlive = true
    private var deadline: Scheduled<Void>?
    /// Whether the rest of the request's body is not waited for.
    private var endsAtOnce = false
    private var answerIsSent = false
    /// What had arrived when the last request ended.
    private var arrivedBefore = 0
    /// Becomes true when the connection ends, so that nobody works for it.
    private let isGone = Flag()

    init(_ service: Service, arrivals: Arrivals) {
        self.service = service
        self.arrivals = arrivals
    }

    func handlerAdded(context: ChannelHandlerContext) { awaitRequest(context) }

    func channelInactive(context: ChannelHandlerContext) {
        isGone.set()
        deadline?.cancel()
        if case .receiving(_, _, let ticket) = phase { service.admission.giveBack(ticket) }
        if let request = current, !answerIsSent {
            service.log(RequestRecord(givenUp: request.head, received: request.received, began: request.began))
        }
        current = nil
        phase = .answering
        body = []
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body(let buffer): receive(buffer, context)
        case .end: end(context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is Drain else { return context.fireUserInboundEventTriggered(event) }
        keepsAlive = false
        if case .idle = phase { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, context.channel.isActive else {
            return context.close(promise: nil)
        }
        switch phase {
        case .working, .answering: return context.close(promise: nil)
        case .idle: current = Current(head: Self.unreadHead)
        case .receiving, .discarding: break
        }
        fail(
            error == .headerOverflow
                ? Refusal(.requestHeaderFieldsTooLarge, "the request's head is too long")
                : Refusal(.badRequest, "the request is not HTTP/1.1: \(error)"), context, now: true)
    }

    /// Stands for a head that could not be read.
    private static var unreadHead: HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: .RAW(value: "?"), uri: "?")
    }

    private func awaitRequest(_ context: ChannelHandlerContext) {
        phase = .idle
        current = nil
        body = []
        endsAtOnce = false
        answerIsSent = false
        arrivedBefore = arrivals.bytes
        limitTime(service.limits.headSeconds, context) { handler, context in
            if handler.arrivals.bytes > handler.arrivedBefore { handler.refuseHalfHead(context) }
            context.close(promise: nil)
        }
    }

    /// Answers half a request's head.
    private func refuseHalfHead(_ context: ChannelHandlerContext) {
        let refusal = Refusal(
            .requestTimeout, "the request's head was not there within \(service.limits.headSeconds) seconds")
        arrivals.answer(refusal)
        service.log(RequestRecord(Self.unreadHead, refusal))
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        current = Current(head: head)
        // What follows an upgrade or a tunnel would not be HTTP.
        keepsAlive = head.isKeepAlive && !head.headers.contains(name: "Upgrade") && !service.admission.isStopping
        limitTime(service.limits.bodySeconds, context) { handler, context in
            handler.fail(
                Refusal(
                    .requestTimeout, "the body was not there within \(handler.service.limits.bodySeconds) seconds"),
                context,
                now: true)
        }
        do throws(Refusal) {
            switch try service.rules.route(head) {
            case .page(let part): phase = .discarding(part.answer)
            case .model: phase = .discarding(service.modelAnswer)
            case .health: phase = .discarding(service.health)
            case .files(let question, let form):
                let length = try service.rules.bodyLength(head)
                let ticket = try service.admission.take(length ?? 0, retryAfter: service.retryAfter)
                phase = .receiving(question, form, ticket)
                body.reserveCapacity(length ?? 0)
                if head.headers.first(name: "Expect")?.lowercased() == "100-continue" {
                    let go = HTTPResponseHead(version: .http1_1, status: .continue)
                    context.writeAndFlush(wrapOutboundOut(.head(go)), promise: nil)
                }
            }
        } catch {
            guard head.hasSmallBody else { return fail(error, context) }
            phase = .discarding(HTTPAnswer(error), reason: error.reason)
        }
    }

    private func receive(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        current?.received += buffer.readableBytes
        guard case .receiving(let question, let form, var ticket) = phase else { return }
        let unannounced = body.count + buffer.readableBytes - ticket.bytes
        if unannounced > 0 {
            do {
                try service.admission.grow(&ticket, by: unannounced, retryAfter: service.retryAfter)
            } catch {
                service.admission.giveBack(ticket)
                return fail(error, context)
            }
            phase = .receiving(question, form, ticket)
        }
        body.append(contentsOf: buffer.readableBytesView)
    }

    private func end(_ context: ChannelHandlerContext) {
        current?.hasEnded = true
        switch phase {
        case .discarding(let answer, let reason): send(answer, reason: reason, context)
        case .receiving(let question, let form, let ticket):
            deadline?.cancel()
            phase = .working
            let bytes = body
            body = []
            work(question, form, bytes, ticket, context)
        case .idle, .working, .answering:
            // The answer went ahead of the end of the request.
            if answerIsSent { finish(context) }
        }
    }

    private func work(
        _ question: Question, _ form: UploadForm, _ bytes: [UInt8], _ ticket: Admission.Ticket,
        _ context: ChannelHandlerContext
    ) {
        let loop = context.eventLoop
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        let service = service, isGone = isGone
        service.queue.add(
            WorkQueue.Job(
                isWanted: { !isGone.isSet },
                prepare: {
                    let files = try form.files(in: bytes, name: question.name, limit: service.limits.files)
                    return try service.model.prepare(files, question, limits: service.limits, folder: service.folder)
                },
                finish: { result in
                    service.admission.giveBack(ticket)
                    guard !isGone.isSet else { return }
                    let (answer, reason) = service.answer(result)
                    loop.execute {
                        guard !isGone.isSet else { return }
                        bound.value.handler.send(answer, reason: reason, bound.value.context)
                    }
                }))
    }

    /// Refuses the request before its body has come in. What is left of that is read and thrown away, as a client that still
    /// writes would not see the answer otherwise; then the connection ends. `now` leaves that out.
    private func fail(_ refusal: Refusal, _ context: ChannelHandlerContext, now: Bool = false) {
        if now, case .receiving(_, _, let ticket) = phase { service.admission.giveBack(ticket) }
        body = []
        endsAtOnce = now
        send(HTTPAnswer(refusal), reason: refusal.reason, context)
    }

    private func send(_ answer: HTTPAnswer, reason: String?, _ context: ChannelHandlerContext) {
        guard let request = current else { return }
        phase = .answering
        answerIsSent = false
        // A refused body may go on for long.
        if !request.hasEnded { keepsAlive = false }
        var headers = HTTPHeaders(answer.headers + HTTPAnswer.commonHeaders)
        headers.add(name: "Content-Length", value: "\(answer.body.count)")
        headers.add(name: "Server", value: "vertebra")
        if !keepsAlive {
            headers.add(name: "Connection", value: "close")
        } else if request.head.version.minor == 0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let sendsBody = request.head.method != .HEAD
        if sendsBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        }
        limitTime(service.limits.answerSeconds, context) { _, context in context.close(promise: nil) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        sent.futureResult.whenSuccess {
            bound.value.handler.answered(answer, reason: reason, sendsBody: sendsBody, bound.value.context)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }

    private func answered(_ answer: HTTPAnswer, reason: String?, sendsBody: Bool, _ context: ChannelHandlerContext) {
        guard let request = current else { return }
        service.log(
            RequestRecord(
                request.head, status: Int(answer.status.code), received: request.received,
                sent: sendsBody ? answer.body.count : 0, began: request.began, reason: reason))
        answerIsSent = true
        if request.hasEnded || endsAtOnce {
            finish(context)
        } else {
            // Closing now would take the answer back from a client that still writes.
            limitTime(min(5, service.limits.bodySeconds), context) { _, context in context.close(promise: nil) }
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        guard keepsAlive else { return context.close(promise: nil) }
        awaitRequest(context)
    }

    /// Sets the time within which the next thing must happen, in place of the time before.
    private func limitTime(
        _ seconds: Double, _ context: ChannelHandlerContext,
        _ late: @escaping (RequestHandler, ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
            [unowned self] in late(self, context)
        }
    }
}

extension HTTPRequestHead {
    /// Whether there is no body, or one that comes in soon and without being asked for.
    fileprivate var hasSmallBody: Bool {
        guard !headers.contains(name: "Transfer-Encoding"), !headers.contains(name: "Expect") else { return false }
        return headers.first(name: "Content-Length").map { Int($0).map { $0 <= 1 << 20 } ?? false } ?? true
    }
}

/// Something that has happened, which any thread may see.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
