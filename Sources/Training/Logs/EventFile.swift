import Foundation
import Support

/// A file of events as TensorBoard reads them: records of messages `Event`, each framed by its length and two checksums, as in
/// TensorFlow's record files.
package final class EventFile {
    /// One record.
    enum Event {
        /// The first record of a file, which says how the others are to be read.
        case version
        /// Training begins at this step: what other files of the folder say of it and of later steps is void.
        case start(step: Int)
        /// What there is to show at a step.
        case values([SummaryValue], step: Int)
    }

    /// The file's path.
    package let path: String
    private let descriptor: Int32
    /// Bytes of the records that were written completely; nil where the file doesn't say.
    private var length: Int?

    /// Makes a file in a folder, under a name that TensorBoard looks for and that no file has yet.
    ///
    /// - Parameters:
    ///   - folder: The folder, which exists.
    ///   - time: Seconds since 1970.
    /// - Throws: `TrainingError.cannotWrite`.
    package convenience init(in folder: String, time: Double) throws {
        let name = "events.out.tfevents.\(Int(time)).\(Self.host).\(getpid())"
        var number = 0
        while true {
            let path = "\(folder)/\(name).\(number)"
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
            if file >= 0 {
                self.init(path: path, descriptor: file)
                try append(.version, time: time)
                return
            }
            guard errno == EEXIST || errno == EINTR else {
                throw TrainingError.cannotWrite(path: path, reason: String(cString: strerror(errno)))
            }
            if errno == EEXIST { number += 1 }
        }
    }

    /// Takes a file that is open for writing, and closes it in the end.
    package init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
        var status = stat()
        length = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { close(descriptor) }

    /// Appends what there is to show at a step.
    ///
    /// - Throws: `TrainingError.cannotWrite`; the file then ends with the record before.
    package func append(_ values: [SummaryValue], step: Int, time: Double) throws {
        try append(.values(values, step: step), time: time)
    }

    /// Appends a record.
    ///
    /// - Throws: `TrainingError.cannotWrite`; the file then ends with the record before.
    func append(_ event: Event, time: Double) throws {
        let record = Self.framed(Self.message(event, time: time).bytes)
        var rest = record[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                let reason = written == 0 ? "the disk is full" : String(cString: strerror(errno))
                // Behind half a record, readers would find nothing more.
                if let length { ftruncate(descriptor, off_t(length)) }
                throw TrainingError.cannotWrite(path: path, reason: reason)
            }
            rest = rest.dropFirst(written)
        }
        length = length.map { $0 + record.count }
    }

    /// The message `Event` of TensorBoard's event.proto.
    private static func message(_ event: Event, time: Double) -> ProtobufMessage {
        var message = ProtobufMessage()
        message.add(1, double: time)
        switch event {
        case .version:
            message.add(3, text: "brain.Event:2")
        case .start(let step):
            message.add(2, integer: Int64(step))
            var session = ProtobufMessage()
            session.add(1, integer: 1)
            message.add(7, message: session)
        case .values(let values, let step):
            message.add(2, integer: Int64(step))
            var summary = ProtobufMessage()
            for value in values { summary.add(1, message: value.message) }
            message.add(5, message: summary)
        }
        return message
    }

    /// A record: the length in 64 bits, its checksum, the bytes, their checksum.
    private static func framed(_ bytes: [UInt8]) -> [UInt8] {
        func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        let length = littleEndian(UInt64(bytes.count))
        return length + littleEndian(CRC32C.masked(length)) + bytes + littleEndian(CRC32C.masked(bytes))
    }

    /// The machine's name, without what a file's name can't have.
    private static var host: String {
        let name = FolderLock.host.unicodeScalars.filter {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
        }
        return name.isEmpty ? "host" : String(String.UnicodeScalarView(name))
    }
}
