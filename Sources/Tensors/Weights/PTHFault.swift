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

    /// A value that isn't a state dict, since something else was saved.
    static func object(_ reason: String) -> PTHFault {
        PTHFault(
            offset: nil, reason: reason,
            fix:
                "Such a file runs code when it is opened, so it isn't read. Load it in PyTorch, where its code is, and save "
                + "the weights alone, with torch.save(model.state_dict(), path)")
    }

    /// A module that torch.jit saved.
    static let script = PTHFault(
        offset: nil, reason: "it is a TorchScript module, a program with its weights",
        fix: "Save the weights alone in PyTorch, with torch.save(torch.jit.load(path).state_dict(), other_path)")

    var message: String { (offset.map { "at byte \($0): " } ?? "") + reason + ". " + fix }
}
