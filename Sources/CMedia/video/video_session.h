#ifndef CM_VIDEO_SESSION_H
#define CM_VIDEO_SESSION_H

#include "cm_video.h"
#include "video/video_convert.h"
#include "video/video_source.h"
#include "video/video_syntax.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#pragma GCC visibility push(hidden)

enum {
    /// Decoded for the sake of others and not shown: an edit list cuts it off.
    PACKET_DISCARDED = 16,
    /// It could not be decoded, or its frame did not come out.
    PACKET_DAMAGED = 32,
};

/// One packet of the video stream, in the order of the file.
typedef struct video_packet {
    int64_t position;
    int64_t pts;
    /// The timestamp by which the container seeks to it.
    int64_t seek_time;
    /// The frame that comes out of it; -1 for none.
    int64_t frame;
    /// The first frame that comes out exactly when decoding begins here; only for clean packets.
    int64_t floor;
    int32_t size;
    /// `PACKET_...`.
    uint8_t flags;
    uint8_t layer;
    /// The last run of the decoder in which the packet went in, and the last in which its frame came out.
    uint16_t fed;
    uint16_t came;
} video_packet;

struct cm_video {
    video_source source;
    video_container kind;
    cm_video_options options;

    AVIOContext *io;
    AVFormatContext *container;
    AVStream *stream;
    /// The number of `stream`; -1 before it has been chosen.
    int stream_index;
    /// Size of the pictures, as stored.
    int width;
    int height;
    AVPacket *packet;
    /// The packet that the container gives next.
    int64_t next_read;

    video_syntax syntax;
    video_packet *packets;
    int64_t packet_count;
    int64_t packet_capacity;
    /// The packet of each frame.
    int64_t *frames;
    int64_t frame_count;
    /// Clean packets, ascending, where decoding may begin; packet 0 always may.
    int64_t *starts;
    int64_t start_count;
    /// The frames' order is that in which they were decoded, now or, if it was told, at another time.
    bool counted;
    bool told;
    bool truncated;
    /// Each packet has a place of its own in the file, by which it is known again after a seek.
    bool seekable;
    /// How many frames the decoder must hold back to put them in order; -1 when the timestamps don't say.
    int reorder;

    AVCodecContext *decoder;
    AVFrame *frame;
    /// Nothing has gone in yet.
    bool fresh;
    int threads;
    uint16_t run;
    int64_t run_start;
    /// The packet that goes into the decoder next; -1 when it has been drained.
    int64_t next_fed;
    /// The last frame that came out in this run.
    int64_t through;

    video_converter converter;
};

/// Writes why a call failed into the report, and returns `status`.
cm_status video_fail(cm_report *report, cm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Keeps FFmpeg from printing, in the whole process.
void video_silence(void);

/// Files may name other files; none is opened.
int video_refuse_to_open(
    AVFormatContext *container, AVIOContext **io, const char *url, int flags, AVDictionary **options);

void video_close_container(cm_video *video);

/// Opens the container at its first packet, again if it is open. The first time it chooses the stream.
cm_status video_rewind(cm_video *video, cm_report *report);

/// Makes a new decoder with nothing in it. With `shows_all` it also gives frames that may be predicted from packets
/// which it has not seen.
cm_status video_renew_decoder(cm_video *video, bool shows_all, cm_report *report);

/// Reads on to the next packet of the video stream that has bytes. Returns 0, or libavformat's error.
int video_read_packet(cm_video *video);

/// Reads through the packets and puts the frames in order.
cm_status video_index(cm_video *video, int64_t *frame, cm_report *report);

/// Puts the frames in order by decoding all of them.
cm_status video_count(cm_video *video, cm_report *report);

/// A checksum of the packets' sizes and times.
uint64_t video_packets_key(const cm_video *video);

/// The packet at which decoding must begin for `frame`.
int64_t video_start_for(const cm_video *video, int64_t frame);

/// Reads packet `index` into `video->packet`, from wherever the container stands.
cm_status video_seek_packet(cm_video *video, int64_t index, cm_report *report);

#pragma GCC visibility pop

#endif
