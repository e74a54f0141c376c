import Foundation

/// The commit that a checkout of Git is at, as its files say. Git itself is needed only to look for changes.
package struct GitCheckout: Codable, Hashable, Sendable {
    /// The commit's hash in hexadecimal digits.
    package let commit: String
    /// The branch that is checked out; nil for a commit without one.
    package let branch: String?
    /// Whether files that Git follows differ from the commit; nil where that isn't known, as without Git.
    package private(set) var hasUncommittedChanges: Bool?

    enum CodingKeys: String, CodingKey {
        case commit, branch
        case hasUncommittedChanges = "uncommitted_changes"
    }

    /// The checkout that a folder is in, at any depth; nil if it is in none, or in one without a commit.
    package init?(containing folder: String) {
        var folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        while true {
            if let repository = Self.repository(of: folder) {
                guard let head = Self.line(of: repository + "/HEAD") else { return nil }
                let mark = "ref: "
                let name = head.hasPrefix(mark) ? String(head.dropFirst(mark.count)) : nil
                let found = if let name { Self.commit(of: name, in: repository) } else { Optional(head) }
                guard let found, Self.isHash(found) else { return nil }
                commit = found
                let heads = "refs/heads/"
                branch = name.map { $0.hasPrefix(heads) ? String($0.dropFirst(heads.count)) : $0 }
                return
            }
            guard folder != "/", !folder.isEmpty else { return nil }
            folder = FilePath.folder(of: folder)
        }
    }

    /// Asks Git whether files that it follows differ from the commit. A large checkout on a slow disk can take long: after
    /// `seconds`, this remains unknown.
    ///
    /// - Parameter folder: A folder of the checkout.
    package mutating func lookForChanges(in folder: String, within seconds: Double = 2) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Without its monitor and other programs that a repository may name.
        process.arguments =
            ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", folder]
            + ["diff", "--no-ext-diff", "--no-textconv", "--quiet", "HEAD", "--"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return }
        let deadline = Date() + seconds
        while process.isRunning {
            guard Date() < deadline else {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                return
            }
            usleep(5_000)
        }
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus <= 1 else { return }
        hasUncommittedChanges = process.terminationStatus == 1
    }

    /// Where Git keeps what it knows of the checkout in a folder. A checkout beside others has a file in the place of the folder
    /// `.git`, which says where that is.
    private static func repository(of folder: String) -> String? {
        let path = folder + "/.git"
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
        guard !isFolder.boolValue else { return path }
        let mark = "gitdir: "
        guard let text = line(of: path), text.hasPrefix(mark) else { return nil }
        return FilePath.joined(String(text.dropFirst(mark.count)), to: folder)
    }

    /// The commit of a branch, which has a file of its own or a line in the list of all.
    private static func commit(of reference: String, in repository: String) -> String? {
        let common = line(of: repository + "/commondir").map { FilePath.joined($0, to: repository) } ?? repository
        for folder in [repository, common] {
            if let found = line(of: folder + "/" + reference) { return found }
        }
        guard let bytes = try? TextFile.bytes(common + "/packed-refs", maximum: 1 << 26) else { return nil }
        let ending = " " + reference
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
    }

    /// The only line of a small file; nil if it can't be read.
    private static func line(of path: String) -> String? {
        guard let bytes = try? TextFile.bytes(path, maximum: 1 << 16) else { return nil }
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether a text is a hash: 40 digits of SHA-1, or 64 of SHA-256.
    private static func isHash(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
