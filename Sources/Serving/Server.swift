import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Support
import Synchronization

/// Serves a trained network by HTTP on this machine's loopback address: a page to try it, and JSON for programs.
package final class Server: Sendable {
    /// The port can't be listened on.
    package struct PortError: Error, CustomStringConvertible, Sendable {
        let port: Int
        let reason: String
        package var description: String { "127.0.0.1:\(port): \(reason)" }
    }

    private let service: Service
    private let group: MultiThreadedEventLoopGroup
    private let listener: any Channel
    private let connections: Connections
    /// The port that is listened on.
    package let port: Int

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - model: The network.
    ///   - port: The port; 0 takes a free one.
    ///   - limits: How much is taken on.
    ///   - log: Is told of each request that was answered. It must not wait for long.
    /// - Throws: ``PortError``; `WholeFileError` without a folder for temporary files.
    package init(
        _ model: ServedModel, port: Int, limits: ServerLimits = ServerLimits(),
        log: @escaping @Sendable (RequestRecord) -> Void = { _ in }
    ) throws {
        let service = try Service(model, limits: limits, log: log)
        // One thread moves bytes; what takes time has threads of its own.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = Connections(limit: limits.connections)
        do {
            listener = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.prepare(channel, service, connections) }
                }
                .bind(host: "127.0.0.1", port: port).wait()
        } catch {
            service.queue.close()
            try? group.syncShutdownGracefully()
            throw PortError(port: port, reason: Self.reason(error, port: port))
        }
        self.service = service
        self.group = group
        self.connections = connections
        self.port = listener.localAddress?.port ?? port
    }

    private static func reason(_ error: any Error, port: Int) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        switch error.errnoCode {
        case EADDRINUSE: return "another program listens there; choose another --port, or --port 0 for a free one"
        case EACCES: return "this user may not listen there; choose a --port from 1024"
        default: return String(cString: strerror(error.errnoCode))
        }
    }

    private static func prepare(_ channel: any Channel, _ service: Service, _ connections: Connections) throws {
        guard connections.add(channel) else {
            let refusal = Refusal.busy("there are \(service.limits.connections) connections, the most at a time")
            channel.writeAndFlush(ByteBuffer(string: Arrivals.text(of: refusal))).whenComplete { _ in
                channel.close(promise: nil)
            }
            return
        }
        let arrivals = Arrivals()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(arrivals)
        var heads = NIOHTTPDecoderLimitConfiguration()
        heads.maxHeaderFieldSize = 16 << 10
        heads.maxHeaderListSize = 64 << 10
        heads.maxHeaderFieldCount = 100
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false, withEncoderConfiguration: .init(), withDecoderLimitConfiguration: heads)
        try pipeline.addHandler(RequestHandler(service, arrivals: arrivals))
    }

    /// Takes no more requests, waits until those that were taken on are answered, and ends.
    package func stop() {
        service.admission.stop()
        try? listener.close().wait()
        while connections.drain() > 0 { usleep(5000) }
        service.queue.close()
        try? group.syncShutdownGracefully()
    }
}

/// The connections that are open.
private final class Connections: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Counts a connection until it ends; false if there are too many.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let fits = open.withLock { open in
            guard open.count < limit else { return false }
            open[id] = channel
            return true
        }
        if fits { channel.closeFuture.whenComplete { [self] _ in open.withLock { $0[id] = nil } } }
        return fits
    }

    /// Tells all connections to end, and how many there are.
    func drain() -> Int {
        let channels = open.withLock { Array($0.values) }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(RequestHandler.Drain()) }
        return channels.count
    }
}
