#ifndef CM_VIDEO_SOUND_H
#define CM_VIDEO_SOUND_H

#include "video/video_session.h"

#pragma GCC visibility push(hidden)

/// The sound of one video on its way into another, packet by packet and undecoded. Must be all zeros at first.
typedef struct video_sound {
    /// The bytes are those of the video that the sound is of, read independently.
    video_source source;
    AVIOContext *io;
    AVFormatContext *container;
    /// NULL where there is no sound, and after its end.
    AVStream *from;
    AVStream *to;
    /// One packet that is read and not written yet, if it has bytes.
    AVPacket *packet;
    /// When the video's first frame is shown, in units of `from`.
    int64_t start;
    /// The time of the last packet that was written.
    int64_t last;
    /// Why sound is left out; empty when it is not.
    char left_out[160];
} video_sound;

/// Opens the sound of a video and adds its stream to `out`, whose header is still to be written. Whatever goes wrong
/// leaves the sound out, and says so.
void video_sound_open(video_sound *sound, const cm_video *video, AVFormatContext *out);

/// Copies the packets up to `seconds` after the first frame. A packet that can't be written ends the sound.
void video_sound_copy(video_sound *sound, AVFormatContext *out, double seconds);

void video_sound_close(video_sound *sound);

#pragma GCC visibility pop

#endif
