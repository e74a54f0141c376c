#ifndef CM_VIDEO_SOUND_H
#define CM_VIDEO_SOUND_H

#include "video/video_session.h"

#pragma GCC visibility push(hidden)

/// One stream of sound on its way from a file into another.
typedef struct video_sound_track {
    /// NULL where the container of the copy does not take it, and after its end.
    AVStream *from;
    AVStream *to;
    /// When the video's first frame is shown, in units of `from`.
    int64_t start;
    /// The time of the last packet that was written, in the same units.
    int64_t last;
} video_sound_track;

/// The sound of one video on its way into another, packet by packet and undecoded: all its streams of sound that the other
/// container takes. Must be all zeros at first.
typedef struct video_sound {
    /// The bytes are those of the video that the sound is of, read independently.
    video_source source;
    AVIOContext *io;
    AVFormatContext *container;
    /// One for each stream of `container`.
    video_sound_track *tracks;
    unsigned count;
    /// How many of them are copied, and how many there are.
    unsigned copied;
    unsigned heard;
    /// One packet that is read and not written yet, if it has bytes.
    AVPacket *packet;
    bool ended;
    /// Seconds from the start of the sound to the first frame, where the sound begins earlier; else 0.
    double lead;
    /// Why sound is left out; empty when it is not.
    char left_out[400];
} video_sound;

/// Opens the sound of a video and adds its streams to `out`, whose header is still to be written. Whatever goes wrong
/// leaves sound out, and says so.
void video_sound_open(video_sound *sound, const cm_video *video, AVFormatContext *out);

/// Copies the packets up to `seconds` after the first frame. A packet that can't be written ends its stream.
void video_sound_copy(video_sound *sound, AVFormatContext *out, double seconds);

void video_sound_close(video_sound *sound);

#pragma GCC visibility pop

#endif
