#ifndef CM_VIDEO_SYNTAX_H
#define CM_VIDEO_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>

#pragma GCC visibility push(hidden)

enum {
    /// Decoding can begin here: this frame, and every one that is shown later, comes out exactly.
    PACKET_CLEAN = 1,
    /// Nothing is predicted from it.
    PACKET_DISPOSABLE = 2,
    /// Carries all its parameter sets itself.
    PACKET_PARAMETERS = 4,
    /// A frame comes out of it.
    PACKET_SHOWN = 8,
    /// A packet before it is missing. (16 and 32 belong to `video_session.h`.)
    PACKET_AFTER_LOSS = 64,
};

/// What AV1's sequence header says of the headers of its frames.
typedef struct video_av1_sequence {
    /// A sequence header was read, and it made sense.
    bool known;
    bool reduced;
    /// The frames' headers carry times of a decoder model in the middle, which are not followed.
    bool models_decoder;
    /// 2 where each frame says it by itself.
    unsigned screen_content_tools;
    unsigned integer_vectors;
    /// Bits of the frames' numbers and of their places in the order; 0 for none.
    int id_bits;
    int order_bits;
    /// The layers that are decoded; 0 for all.
    unsigned layers;
} video_av1_sequence;

enum {
    /// Sets of reference pictures of a sequence, and pictures in a set, at most.
    HEVC_MAX_SETS = 64,
    HEVC_MAX_REFERENCES = 16,
};

/// Which pictures a picture of HEVC is predicted from, or keeps for later ones, as differences of their places in the order.
typedef struct video_hevc_references {
    int count;
    int delta[HEVC_MAX_REFERENCES];
    /// Whether the picture itself is predicted from it.
    bool used[HEVC_MAX_REFERENCES];
} video_hevc_references;

/// What tells whether a picture of HEVC lacks one that it is predicted from.
typedef struct video_hevc_order {
    /// A sequence parameter set was read that is followed here. One with long-term references is not.
    bool sequence_known;
    bool picture_known;
    bool has_planes;
    int order_bits;
    int set_count;
    video_hevc_references sets[HEVC_MAX_SETS];
    /// Whether slices' headers say if their picture is shown, and how many bits of later editions they have.
    bool output_flag;
    int extra_bits;
    /// The places of the pictures that the decoder holds.
    int held[HEVC_MAX_REFERENCES + 1];
    int held_count;
    /// The place of the last picture that places are counted from.
    int anchor;
    /// Decoding began at an open group, whose leading pictures are not decoded.
    bool skips_leading;
    bool begun;
} video_hevc_order;

/// What the packets' headers tell without decoding, in H.264 (ITU-T H.264, 7.3), HEVC (H.265, 7.3), VP8
/// (RFC 6386, 9.1), VP9 (bitstream specification, 6.2), AV1 (bitstream specification, 5.5 and 5.9) and MPEG-4 part 2
/// (ISO/IEC 14496-2, 6.2).
typedef struct video_syntax {
    enum AVCodecID codec;
    video_av1_sequence av1;
    /// No frame is predicted from another.
    bool intra_only;
    /// How many bytes the length before each NAL unit has; 0 when start codes stand there instead.
    int nal_length;
    /// H.264: bits of the pictures' numbers, 0 while that is unknown; whether numbers may be left out; whether the planes
    /// of a picture are coded one by one; the last number of a picture that others are predicted from.
    int h264_number_bits;
    bool h264_may_skip;
    bool h264_has_planes;
    bool h264_is_numbered;
    unsigned h264_number;
    /// Some picture of MPEG-4 is shown before one that is decoded earlier.
    bool reordered;
    /// Some packet carries parameter sets.
    bool in_band;
    /// Why it is in doubt which frames come out of the packets, and in which order; NULL when it is not.
    const char *doubt;
    /// Whether the first packet must be decoded before any other: it names an encoder to whose habits the decoder
    /// adapts.
    bool first_counts;
    /// Highest temporal layer of HEVC.
    int top_layer;
    video_hevc_order hevc;
    uint64_t parameter_hashes[8];
    int parameter_count;
    int64_t packets;
} video_syntax;

void video_syntax_begin(video_syntax *syntax, const AVCodecParameters *parameters);

/// Flags of the next packet, `PACKET_...`; `layer` is its temporal layer.
unsigned video_syntax_read(video_syntax *syntax, const uint8_t *bytes, size_t count, uint8_t *layer);

/// Whether the frames come out in the order of the file, as far as packets have been read.
bool video_syntax_keeps_order(const video_syntax *syntax);

/// Raises a doubt, unless there is one already.
void video_syntax_doubt(video_syntax *syntax, const char *why);

/// Notes a parameter set that describes the pictures. A new one on the way raises a doubt: it may change their size or
/// their order.
void video_syntax_note_parameters(video_syntax *syntax, const uint8_t *unit, size_t count);

/// The next NAL unit in `*next ..< end`; false at the end.
bool video_syntax_next_unit(
    const uint8_t **next, const uint8_t *end, int length_size, const uint8_t **unit, size_t *count);

/// The flags of a packet of HEVC: an access unit.
unsigned video_syntax_read_hevc(video_syntax *syntax, const uint8_t *bytes, size_t count, uint8_t *layer);

/// Notes what a NAL unit of HEVC says as a parameter set; others say nothing.
void video_syntax_note_hevc_parameters(video_syntax *syntax, const uint8_t *unit, size_t count);

/// The flags of a packet of AV1: a temporal unit.
unsigned video_syntax_read_av1(video_syntax *syntax, const uint8_t *bytes, size_t count);

/// Bits of a header, most significant first. Zeros after the end.
typedef struct video_bits {
    const uint8_t *next;
    const uint8_t *end;
    /// H.264's and HEVC's emulation prevention bytes are bits like others.
    bool plain;
    int zeros;
    unsigned byte;
    int left;
} video_bits;

unsigned video_bits_read(video_bits *bits, int count);
/// Reads an Exp-Golomb code, which H.264 calls ue(v).
uint32_t video_bits_unsigned(video_bits *bits);
bool video_bits_ended(const video_bits *bits);

#pragma GCC visibility pop

#endif
