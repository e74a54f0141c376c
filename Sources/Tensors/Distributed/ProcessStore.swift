import CTorch
import Foundation

/// The error that the processes of a training could not reach each other, in the engine's words.
public struct ProcessGroupError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried and why it failed.
    public let description: String

    init(_ action: String) { description = "\(action): \(lastEngineMessage())" }

    /// An error with words of its own.
    package init(words: String) { description = words }
}

/// A small store of texts and counters that all processes of a training see (c10d's `TCPStore`). One process serves it, or
/// the launcher does; a process may open several, for several threads.
package final class ProcessStore: @unchecked Sendable {
    let raw: OpaquePointer

    /// Connects to the store at an address.
    ///
    /// - Parameters:
    ///   - serves: whether this process holds the store.
    ///   - prefix: goes in front of every key, so that trainings that share a store don't meet.
    ///   - timeout: seconds to wait for the store, and in ``value(of:)`` for a key.
    /// - Throws: ``ProcessGroupError``.
    package init(host: String, port: UInt16, serves: Bool, prefix: String, timeout: Double) throws {
        var out: ct_store?
        guard ct_store_new(host, port, serves, prefix, timeout, &out) == 0, let out else {
            throw ProcessGroupError("the store of the processes at \(host), port \(port)")
        }
        raw = out
    }

    deinit { ct_store_free(raw) }

    package func set(_ key: String, _ value: String) throws { try check(ct_store_set(raw, key, value), key) }

    /// Whether a key is there.
    package func has(_ key: String) throws -> Bool {
        var found = false
        try check(ct_store_has(raw, key, &found), key)
        return found
    }

    /// The value of a key, which is waited for.
    package func value(of key: String) throws -> String {
        var text: UnsafeMutablePointer<CChar>?
        try check(ct_store_get(raw, key, &text), key)
        guard let text else { return "" }
        defer { free(text) }
        return String(cString: text)
    }

    /// Adds to a counter, which begins with 0; its new value.
    @discardableResult
    package func add(_ amount: Int, to key: String) throws -> Int {
        var value: Int64 = 0
        try check(ct_store_add(raw, key, Int64(amount), &value), key)
        return Int(value)
    }

    private func check(_ status: ct_status, _ key: String) throws {
        if status != 0 { throw ProcessGroupError("the store of the processes, \(key)") }
    }
}
