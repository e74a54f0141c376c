import ArgumentParser
import Commands
import Foundation
import Media
import ScoreCommands
import Serving
import Support
import Workflows

extension ServeCommand: EngineWork {
    package func workInEngine() throws {
        let device = device.opened
        let saved = try weights.open(
            checkpoint, settings: set.settings + inference.settings + damaged.settings + precision.settings)
        let model = try ServedModel(saved, device: device)
        useThreads(model.threads)
        let isQuiet = quiet
        try StopSignal.watching(saving: false) {
            let server = try Server(model, port: port, limits: limits) { record in
                guard !isQuiet else { return }
                printToStandardError(Self.time() + " " + record.line)
            }
            printToStandardOutput("\(saved.path) at http://localhost:\(server.port)/ (Ctrl-C ends it)")
            fflush(nil)
            while !StopSignal.isRequested { usleep(50_000) }
            server.stop()
        }
    }

    private var limits: ServerLimits {
        var limits = ServerLimits()
        limits.uploadBytes = limitUpload << 20
        limits.heldBytes = max(limits.heldBytes, 4 * limits.uploadBytes)
        limits.pictures.maxPixels = limitPixels * 1_000_000
        limits.videos = VideoLimits(maxPixels: limitPixels * 1_000_000, maxFrames: limitFrames)
        limits.requests = limitRequests
        limits.connections = max(limits.connections, limitRequests + 64)
        return limits
    }

    /// The time of the day, for a line of the log.
    private static func time() -> String {
        var seconds = Foundation.time(nil), parts = tm()
        localtime_r(&seconds, &parts)
        return String(format: "%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
    }
}
