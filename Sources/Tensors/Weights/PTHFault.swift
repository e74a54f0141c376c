/// What is wrong inside a `.pth` file, before its path is known.
struct PTHFault: Error {
    let offset: Int?
    let reason: String
    let fix: String

    /// Bytes that no PyTorch wrote, at an offset in the file or in the record that `reason` names.
    static func damaged(at offset: Int? = nil, _ reason: String) -> PTHFault {
        PTHFault(offset: offset, reason: reason, fix: "It was cut short or changed: fetch it again")
    }

    /// Something that PyTorch may write and that isn't read here.
    static func foreign(at offset: Int? = nil, _ reason: String) -> PTHFault {
        PTHFault(
            offset: offset, reason: reason,
            fix: "Save the weights alone in PyTorch, with torch.save(model.state_dict(), path)")
    }

    var message: String { (offset.map { "at byte \($0): " } ?? "") + reason + ". " + fix }
}
