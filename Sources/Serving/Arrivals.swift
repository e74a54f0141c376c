import NIOCore
import NIOHTTP1

/// Counts the bytes that a connection has sent, before anything reads them, and answers where the reading of HTTP has not
/// come to a request yet.
final class Arrivals: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var bytes = 0
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }

    /// Refuses what there is of a request. The connection is to be closed then.
    func answer(_ refusal: Refusal) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.text(of: refusal))), promise: nil)
    }

    /// The answer as it goes over the line.
    static func text(of refusal: Refusal) -> String {
        let answer = HTTPAnswer(refusal)
        let headers =
            answer.headers + HTTPAnswer.commonHeaders + [
                ("Content-Length", "\(answer.body.count)"), ("Server", "vertebra"), ("Connection", "close"),
            ]
        let status = "HTTP/1.1 \(refusal.status.code) \(refusal.status.reasonPhrase)"
        return ([status] + headers.map { "\($0.0): \($0.1)" }).joined(separator: "\r\n") + "\r\n\r\n"
            + String(decoding: answer.body, as: UTF8.self)
    }
}
