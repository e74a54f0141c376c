#ifndef CM_REPORT_H
#define CM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// How a call went.
typedef enum cm_status {
    CM_OK = 0,
    /// The bytes end before the image does.
    CM_TRUNCATED,
    /// The bytes contradict the format.
    CM_CORRUPT,
    /// The image, or the memory that decoding it takes, is over the caller's limit.
    CM_TOO_LARGE,
    /// A legal file of a kind that the library does not decode.
    CM_UNSUPPORTED,
    CM_OUT_OF_MEMORY,
    /// The file can't be opened or read.
    CM_UNREADABLE,
    /// The file has no bytes.
    CM_EMPTY,
    /// The file is none of the containers that `cm_video_open_file` knows.
    CM_NOT_A_VIDEO,
    /// The file is a video container without moving pictures: sound alone, or with a cover.
    CM_NO_VIDEO_STREAM,
    /// The caller's arguments make no sense.
    CM_INVALID
} cm_status;

/// What a library had to say about one call; the caller clears it first.
typedef struct cm_report {
    /// Number of warnings the library raised.
    int warnings;
    /// Part of the picture is missing, and what is there was accepted.
    bool truncated;
    /// Part of the picture is damaged, and what came out was accepted.
    bool damaged;
    /// The call failed because damage was not to be accepted; with `accept_damage` it would not have.
    bool acceptable;
    /// Why the call failed, in the library's words; empty when it did not.
    char error[200];
    /// The first warning of damage, or else the first of all; empty when there was none.
    char warning[200];
} cm_report;

#pragma GCC visibility pop

#endif
