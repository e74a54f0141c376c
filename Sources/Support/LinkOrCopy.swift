import Foundation

/// Gives a file a second name, by a hard link, which takes no room; where links are not possible, it is copied. Symbolic links are
/// followed, as they would lead elsewhere from another folder.
///
/// - Returns: Whether the file was linked.
/// - Throws: Foundation's error for a file that can't be copied.
@discardableResult
package func linkOrCopy(_ source: String, to destination: String) throws -> Bool {
    let target = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
    if link(target, destination) == 0 { return true }
    try FileManager.default.copyItem(atPath: target, toPath: destination)
    return false
}
