import Foundation
import Support
import TestSupport
import XCTest

final class GitCheckoutTests: XCTestCase {
    private let commit = "0123456789abcdef0123456789abcdef01234567"

    /// A folder with a file for each path.
    private func folder(_ files: [String: String]) throws -> String {
        let folder = try temporaryDirectory()
        for (path, text) in files {
            let file = URL(fileURLWithPath: folder + "/" + path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return folder
    }

    func testABranchWithAFileOfItsOwn() throws {
        let folder = try folder([
            ".git/HEAD": "ref: refs/heads/dev/logs\n", ".git/refs/heads/dev/logs": commit + "\n", "a/b/c": "",
        ])
        for place in ["", "/a", "/a/b"] {
            let found = try XCTUnwrap(GitCheckout(containing: folder + place))
            XCTAssertEqual(found.commit, commit)
            XCTAssertEqual(found.branch, "dev/logs")
        }
    }

    func testABranchInTheListOfAll() throws {
        let folder = try folder([
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/packed-refs":
                "# pack-refs with: peeled fully-peeled sorted\n"
                + "\(String(repeating: "f", count: 40)) refs/heads/mainly\n\(commit) refs/heads/main\n^0000\n",
        ])
        XCTAssertEqual(GitCheckout(containing: folder)?.commit, commit)
    }

    func testACommitWithoutABranch() throws {
        let found = try XCTUnwrap(GitCheckout(containing: folder([".git/HEAD": commit + "\n"])))
        XCTAssertEqual(found.commit, commit)
        XCTAssertNil(found.branch)
    }

    func testACheckoutBesideAnother() throws {
        let folder = try folder([
            "main/.git/worktrees/side/HEAD": "ref: refs/heads/side\n",
            "main/.git/worktrees/side/commondir": "../..\n", "main/.git/refs/heads/side": commit,
            "side/.git": "gitdir: ../main/.git/worktrees/side\n",
        ])
        XCTAssertEqual(GitCheckout(containing: folder + "/side")?.commit, commit)
    }

    func testUncommittedChanges() throws {
        let folder = try folder(["a.txt": "one", ".gitignore": "run\n"])
        func git(_ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.example"] + arguments
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw XCTSkip("git \(arguments) fails here") }
        }
        func hasChanges(within seconds: Double = 20) throws -> Bool? {
            var found = try XCTUnwrap(GitCheckout(containing: folder))
            XCTAssertNil(found.hasUncommittedChanges)
            found.lookForChanges(in: folder, within: seconds)
            return found.hasUncommittedChanges
        }
        try git("init", "--quiet")
        try git("add", ".")
        try git("commit", "--quiet", "-m", "first")
        XCTAssertEqual(try hasChanges(), false)
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/unknown.txt"))
        XCTAssertEqual(try hasChanges(), false, "Git does not follow it")
        try Data("two".utf8).write(to: URL(fileURLWithPath: folder + "/a.txt"))
        XCTAssertEqual(try hasChanges(), true)
        try git("add", "a.txt")
        XCTAssertEqual(try hasChanges(), true, "it isn't committed yet")
        XCTAssertNil(try hasChanges(within: 0), "no time to find out")
    }

    /// Git takes a repository of such files for none.
    func testChangesOfABrokenCheckoutAreNotKnown() throws {
        let folder = try folder([".git/HEAD": commit + "\n"])
        var found = try XCTUnwrap(GitCheckout(containing: folder))
        found.lookForChanges(in: folder, within: 20)
        XCTAssertNil(found.hasUncommittedChanges)
    }

    func testWhatIsNoCheckout() throws {
        XCTAssertNil(GitCheckout(containing: try folder([".git/HEAD": "ref: refs/heads/main\n"])), "no commit yet")
        XCTAssertNil(GitCheckout(containing: try folder([".git/HEAD": "nonsense"])))
        XCTAssertNil(GitCheckout(containing: try folder([".git": "gitdir: nowhere"])))
        XCTAssertNil(GitCheckout(containing: "/proc"))
    }
}
