import Foundation
import Support

/// What is wrong with an image or video file: which file, why, and what to do about it.
public struct MediaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong, as a program tells it apart.
    public enum Kind: Hashable, Sendable {
        /// The file can't be opened or read.
        case unreadable
        /// The file can't be written.
        case unwritable
        /// The file has no bytes.
        case empty
        /// The file is neither JPEG nor PNG.
        case notAnImage
        /// The file is of none of the kinds that ``VideoReader`` knows.
        case notAVideo
        /// The file is a video container without moving pictures: sound alone, or with a cover; or the stream that was
        /// asked for has none.
        case noPictures
        /// The pictures in a folder are not the frames of one video.
        case unclearFrames
        /// The file ends before the picture or the video does.
        case truncated
        /// The bytes contradict the format.
        case corrupt
        /// The file goes over a limit of ``DecodeLimits`` or ``VideoOptions``, or a picture is too large to draw on.
        case tooLarge
        /// The file is legal, but of a kind that is not decoded.
        case unsupported
        /// There is no memory for the picture or the video.
        case outOfMemory
    }

    /// What went wrong.
    public let kind: Kind
    /// The file's path, or what the caller called the bytes.
    public let name: String
    /// Why it went wrong in this file, in a few words; may be empty.
    public let cause: String
    /// The frame of a video that is wrong, counted from 0; nil when it is the file as a whole.
    public let frame: Int?

    /// Whether ``DamagedImages/accept`` makes a picture of the file all the same.
    public let isAcceptable: Bool

    /// An error for the file `name`.
    package init(kind: Kind, name: String, cause: String, frame: Int? = nil, isAcceptable: Bool = false) {
        self.kind = kind
        self.name = name
        self.cause = cause
        self.frame = frame
        self.isAcceptable = isAcceptable
    }

    /// What a person can do about it, as a sentence.
    public var fix: String {
        if isAcceptable {
            return "Replace the file, or accept damaged images: data.damaged_images: accept in a recipe, or "
                + "--damaged-images accept."
        }
        return switch kind {
        case .unreadable: "Check the path and its permissions."
        case .unwritable: "Check the folder, its permissions and the free space."
        case .empty, .truncated: "Copy or download the file again, or take it out of the data set."
        case .notAnImage: "Convert it to JPEG or PNG, or take it out of the data set."
        case .notAVideo: "Convert it to MP4, or take it out of the data set."
        case .noPictures: "Take it out of the data set, or name another stream."
        case .unclearFrames:
            "Set data.frame_prefix to what the names of the frames begin with, or move the others away."
        case .corrupt: "Replace the file, or take it out of the data set."
        case .tooLarge: "Make the image smaller, or raise the limit if the file is to be trusted."
        case .unsupported: "Convert it to a baseline or progressive JPEG or to PNG; a video to H.264 in MP4."
        case .outOfMemory: "Free memory, or lower the number of loader threads."
        }
    }

    /// The whole message: the file, what is wrong with it, why, and what to do about it.
    public var description: String {
        let what =
            switch kind {
            case .unreadable: "can't be read"
            case .unwritable: "can't be written"
            case .empty: "is empty"
            case .notAnImage: "is not a JPEG or PNG image"
            case .notAVideo: "is not an MP4, Matroska, WebM, AVI, MPEG, FLV or GIF video"
            case .noPictures: "is a video without pictures"
            case .unclearFrames: "holds more than the frames of one video"
            case .truncated: "is truncated"
            case .corrupt: "is corrupt"
            case .tooLarge: "is too large"
            case .unsupported: "is of an unsupported kind"
            case .outOfMemory: "does not fit in memory"
            }
        let place = frame.map { " at frame \($0)" } ?? ""
        return "\(name) \(what)\(place)\(cause.isEmpty ? "" : ": \(cause)"). \(fix)"
    }
}

/// Something odd in a file that was accepted all the same.
public struct MediaWarning: Hashable, Sendable, Codable, CustomStringConvertible {
    /// What is odd, as a program tells it apart.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// The end of the picture is missing; its place is filled with what the decoder had last.
        case truncated
        /// Part of the picture is damaged and may look wrong.
        case damaged
        /// The picture is whole, but the file breaks a rule of its format.
        case irregular
    }

    /// What is odd.
    public let kind: Kind
    /// The file's path, or what the caller called the bytes.
    public let name: String
    /// What the decoder said about it; may be empty.
    public let cause: String

    /// What is wrong, without the file's name, as part of a sentence: "it is damaged: …".
    package var problem: String { "it is \(kind.rawValue)\(cause.isEmpty ? "" : ": \(cause)")" }

    /// The whole message: the file, what is odd about it, and what the decoder said.
    public var description: String {
        let what =
            switch kind {
            case .truncated: "is truncated; the picture was accepted as far as it goes"
            case .damaged: "is damaged; the picture was accepted as it came out"
            case .irregular: "is irregular, though its picture is whole"
            }
        return "\(name) \(what)\(cause.isEmpty ? "" : ": \(cause)")"
    }
}

extension MediaError {
    /// The error for a file that can't be written.
    init(_ error: WholeFileError) { self.init(kind: .unwritable, name: error.path, cause: error.reason) }

    /// The description without the file's name and what to do, as part of a sentence: "it is empty".
    package var problem: String {
        var text = description
        if text.hasPrefix(name) { text = String(text.dropFirst(name.count)) }
        if text.hasSuffix(fix) { text = String(text.dropLast(fix.count)) }
        text = text.trimmingCharacters(in: .whitespaces)
        return "it " + (text.hasSuffix(".") ? String(text.dropLast()) : text)
    }
}
