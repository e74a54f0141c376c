// For memmem.
#define _GNU_SOURCE
#include "video/video_syntax.h"

#include <string.h>

#include <libavcodec/codec_desc.h>

static video_bits bits_of(const uint8_t *bytes, size_t count) {
    return (video_bits){.next = bytes, .end = bytes + count};
}

void video_syntax_doubt(video_syntax *s, const char *why) {
    if (!s->doubt) s->doubt = why;
}

bool video_syntax_next_unit(
    const uint8_t **next, const uint8_t *end, int length_size, const uint8_t **unit, size_t *count) {
    const uint8_t *p = *next;
    if (length_size) {
        if (end - p < length_size) return false;
        size_t length = 0;
        for (int i = 0; i < length_size; i++) length = length << 8 | *p++;
        if (length > (size_t)(end - p)) length = (size_t)(end - p);
        *unit = p;
        *count = length;
        *next = p + length;
        return true;
    }
    while (end - p >= 3 && (p[0] || p[1] || p[2] != 1)) p++;
    if (end - p < 3) return false;
    p += 3;
    *unit = p;
    while (end - p >= 3 && (p[0] || p[1] || p[2] > 1)) p++;
    if (end - p < 3) p = end;
    *count = (size_t)(p - *unit);
    *next = p;
    return true;
}

void video_syntax_note_parameters(video_syntax *s, const uint8_t *unit, size_t count) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ unit[i]) * 0x100000001B3u;
    for (int i = 0; i < s->parameter_count; i++)
        if (s->parameter_hashes[i] == hash) return;
    if (s->packets > 1) video_syntax_doubt(s, "its parameters change on the way");
    if (s->parameter_count < 8)
        s->parameter_hashes[s->parameter_count++] = hash;
    else
        video_syntax_doubt(s, "it has many parameter sets");
}

static void skip_scaling_lists(video_bits *b, int lists) {
    for (int i = 0; i < lists; i++) {
        if (!video_bits_read(b, 1)) continue;
        int last = 8, next = 8;
        for (int j = 0; j < (i < 6 ? 16 : 64); j++) {
            if (next) {
                uint32_t code = video_bits_unsigned(b);
                int delta = code & 1 ? (int)(code / 2 + 1) : -(int)(code / 2);
                next = (last + delta) & 255;
            }
            if (next) last = next;
        }
    }
}

/// H.264, 7.3.2.1.1: the fields that tell about the pictures' order. Pictures that may be coded as fields, which may come
/// in packets of their own, raise a doubt.
static void read_h264_parameters(video_syntax *s, const uint8_t *unit, size_t count) {
    int number_bits = s->h264_number_bits;
    video_bits b = bits_of(unit + 1, count - 1);
    unsigned profile = video_bits_read(&b, 8);
    video_bits_read(&b, 16);
    video_bits_unsigned(&b);
    s->h264_has_planes = false;
    static const uint8_t high[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
    if (memchr(high, (int)profile, sizeof high)) {
        uint32_t chroma = video_bits_unsigned(&b);
        if (chroma == 3) s->h264_has_planes = video_bits_read(&b, 1);
        video_bits_unsigned(&b);
        video_bits_unsigned(&b);
        video_bits_read(&b, 1);
        if (video_bits_read(&b, 1)) skip_scaling_lists(&b, chroma == 3 ? 12 : 8);
    }
    s->h264_number_bits = (int)(video_bits_unsigned(&b) & 15) + 4;
    if (number_bits && number_bits != s->h264_number_bits) video_syntax_doubt(s, "it has several sets of parameters");
    uint32_t order = video_bits_unsigned(&b);
    if (order == 0) {
        video_bits_unsigned(&b);
    } else if (order == 1) {
        video_bits_read(&b, 1);
        video_bits_unsigned(&b);
        video_bits_unsigned(&b);
        uint32_t cycle = video_bits_unsigned(&b);
        for (uint32_t i = 0; i < cycle && i < 256; i++) video_bits_unsigned(&b);
    }
    video_bits_unsigned(&b);
    s->h264_may_skip = video_bits_read(&b, 1);
    video_bits_unsigned(&b);
    video_bits_unsigned(&b);
    if (video_bits_ended(&b) || !video_bits_read(&b, 1)) video_syntax_doubt(s, "it may be interlaced");
}

/// H.264, 7.4.3: pictures that others are predicted from are numbered. Whether a number is left out: that picture was
/// lost.
static bool skips_h264_number(video_syntax *s, unsigned number, bool idr, bool reference) {
    unsigned last = s->h264_number, next = (last + 1) & ((1u << s->h264_number_bits) - 1);
    bool skips = !idr && s->h264_is_numbered && !s->h264_may_skip && number != last && number != next;
    if (reference) {
        s->h264_is_numbered = true;
        s->h264_number = number;
    }
    return skips;
}

/// H.264, D.2.8: whether an exact recovery point stands at this very picture.
static bool recovers_at_once(const uint8_t *unit, size_t count) {
    video_bits b = bits_of(unit + 1, count - 1);
    while (!video_bits_ended(&b)) {
        unsigned type = 0, size = 0, byte;
        do type += byte = video_bits_read(&b, 8);
        while (byte == 255 && !video_bits_ended(&b));
        do size += byte = video_bits_read(&b, 8);
        while (byte == 255 && !video_bits_ended(&b));
        if (type == 6) return video_bits_unsigned(&b) == 0 && video_bits_read(&b, 1);
        for (unsigned i = 0; i < size && !video_bits_ended(&b); i++) video_bits_read(&b, 8);
    }
    return false;
}

/// Whether the first packet names a build of x264 before 152. Those did things that the decoder must know of.
static bool names_an_old_encoder(const uint8_t *unit, size_t count) {
    static const char name[] = "x264 - core ";
    const uint8_t *found = memmem(unit, count, name, sizeof name - 1);
    if (!found) return false;
    int build = 0;
    for (const uint8_t *p = found + sizeof name - 1; p < unit + count && *p >= '0' && *p <= '9' && build < 10000; p++)
        build = build * 10 + (*p - '0');
    return build < 152;
}

static unsigned read_h264(video_syntax *s, const uint8_t *bytes, size_t count) {
    const uint8_t *next = bytes, *unit;
    size_t length;
    bool idr = false, recovery = false, reference = false, sps = false, pps = false, intra = true;
    bool lost = false;
    int pictures = 0;
    while (video_syntax_next_unit(&next, bytes + count, s->nal_length, &unit, &length)) {
        if (length < 2) continue;
        int type = unit[0] & 31;
        switch (type) {
            case 1:
            case 5: {
                video_bits b = bits_of(unit + 1, length - 1);
                bool begins = video_bits_unsigned(&b) == 0;
                uint32_t slice = video_bits_unsigned(&b) % 5;
                if (begins) pictures++;
                if (slice != 2 && slice != 4) intra = false;
                if (type == 5) idr = true;
                if (unit[0] >> 5 & 3) reference = true;
                video_bits_unsigned(&b);
                if (s->h264_has_planes) video_bits_read(&b, 2);
                if (begins && s->h264_number_bits &&
                    skips_h264_number(s, video_bits_read(&b, s->h264_number_bits), type == 5, unit[0] >> 5 & 3))
                    lost = true;
                break;
            }
            case 2:
            case 3:
            case 4: video_syntax_doubt(s, "its slices are partitioned"); break;
            case 6:
                if (recovers_at_once(unit, length)) recovery = true;
                if (s->packets == 1 && names_an_old_encoder(unit, length)) s->first_counts = true;
                break;
            case 7:
                sps = true;
                video_syntax_note_parameters(s, unit, length);
                read_h264_parameters(s, unit, length);
                break;
            case 8: pps = true; break;
            case 10:
            case 11: video_syntax_doubt(s, "it is made of several sequences"); break;
            case 20: video_syntax_doubt(s, "it holds several views or layers"); break;
            default: break;
        }
    }
    if (sps || pps) s->in_band = true;
    if (pictures != 1) video_syntax_doubt(s, "not every packet holds one picture");
    if (lost) video_syntax_doubt(s, "a packet is missing");
    return (lost ? PACKET_AFTER_LOSS : 0) | (pictures ? PACKET_SHOWN : 0) |
        (idr || (recovery && intra) ? PACKET_CLEAN : 0) | (sps && pps ? PACKET_PARAMETERS : 0) |
        (!reference && pictures ? PACKET_DISPOSABLE : 0);
}

static unsigned read_vp8(const uint8_t *bytes, size_t count) {
    if (count < 3) return 0;
    bool shown = bytes[0] >> 4 & 1;
    return (shown ? PACKET_SHOWN : 0) | (shown && !(bytes[0] & 1) ? PACKET_CLEAN : 0);
}

static unsigned read_vp9(video_syntax *s, const uint8_t *bytes, size_t count) {
    int frames = 1, width = 0;
    const uint8_t *sizes = NULL;
    unsigned marker = bytes[count - 1];
    if ((marker & 0xE0) == 0xC0) {
        size_t index = 2 + (size_t)((marker & 7) + 1) * ((marker >> 3 & 3) + 1);
        if (count >= index && bytes[count - index] == marker) {
            frames = (int)(marker & 7) + 1;
            width = (int)(marker >> 3 & 3) + 1;
            sizes = bytes + count - index + 1;
        }
    }
    int shown = 0;
    bool clean = false;
    for (int i = 0; i < frames && count; i++) {
        size_t size = count;
        if (sizes) {
            size = 0;
            for (int k = 0; k < width; k++) size |= (size_t)*sizes++ << 8 * k;
            if (size > count) size = count;
            if (!size) continue;
        }
        video_bits b = bits_of(bytes, 1);
        video_bits_read(&b, 2);
        unsigned profile = video_bits_read(&b, 1) | video_bits_read(&b, 1) << 1;
        if (profile == 3) video_bits_read(&b, 1);
        if (video_bits_read(&b, 1)) {
            shown++;
        } else {
            if (!video_bits_read(&b, 1) && i == 0) clean = true;
            if (video_bits_read(&b, 1)) shown++;
        }
        bytes += size;
        count -= size;
    }
    if (shown > 1) video_syntax_doubt(s, "a packet shows several frames");
    return (shown ? PACKET_SHOWN : 0) | (clean && shown ? PACKET_CLEAN : 0);
}

static unsigned read_mpeg4(video_syntax *s, const uint8_t *bytes, size_t count) {
    int pictures = 0;
    unsigned first = 1;
    bool bidirectional = false;
    for (size_t i = 0; i + 4 < count; i++) {
        if (bytes[i] || bytes[i + 1] || bytes[i + 2] != 1 || bytes[i + 3] != 0xB6) continue;
        unsigned type = bytes[i + 4] >> 6;
        if (!pictures++) first = type;
        if (type == 2) bidirectional = true;
    }
    if (pictures != 1) video_syntax_doubt(s, "not every packet holds one picture");
    // A picture that is not coded takes a few bytes and may not come out.
    if (count < 24) video_syntax_doubt(s, "it may hold pictures that are not coded");
    if (s->packets == 1) s->first_counts = true;
    if (bidirectional) s->reordered = true;
    return (pictures ? PACKET_SHOWN : 0) | (first == 0 ? PACKET_CLEAN : 0) |
        (bidirectional && pictures == 1 ? PACKET_DISPOSABLE : 0);
}

void video_syntax_begin(video_syntax *s, const AVCodecParameters *p) {
    memset(s, 0, sizeof *s);
    s->codec = p->codec_id;
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(p->codec_id);
    s->intra_only = descriptor && descriptor->props & AV_CODEC_PROP_INTRA_ONLY;
    const uint8_t *extra = p->extradata;
    int size = p->extradata_size;
    if (p->codec_id == AV_CODEC_ID_H264 && size >= 7 && extra[0] == 1) {
        s->nal_length = (extra[4] & 3) + 1;
        const uint8_t *next = extra + 6, *end = extra + size, *unit;
        size_t length;
        for (int i = extra[5] & 31; i > 0 && video_syntax_next_unit(&next, end, 2, &unit, &length); i--) {
            video_syntax_note_parameters(s, unit, length);
            if (length > 4) read_h264_parameters(s, unit, length);
        }
    }
    if (p->codec_id == AV_CODEC_ID_HEVC && size >= 23 && (extra[0] || extra[1] || extra[2] > 1)) {
        s->nal_length = (extra[21] & 3) + 1;
        const uint8_t *p = extra + 23, *end = extra + size;
        for (int arrays = extra[22]; arrays > 0 && end - p >= 3; arrays--) {
            int units = p[1] << 8 | p[2];
            const uint8_t *unit;
            size_t length;
            for (p += 3; units > 0 && video_syntax_next_unit(&p, end, 2, &unit, &length); units--)
                if (length > 2) video_syntax_note_hevc_parameters(s, unit, length);
        }
    }
}

unsigned video_syntax_read(video_syntax *s, const uint8_t *bytes, size_t count, uint8_t *layer) {
    *layer = 0;
    s->packets++;
    switch (s->codec) {
        case AV_CODEC_ID_H264: return read_h264(s, bytes, count);
        case AV_CODEC_ID_HEVC: return video_syntax_read_hevc(s, bytes, count, layer);
        case AV_CODEC_ID_VP8: return read_vp8(bytes, count);
        case AV_CODEC_ID_VP9: return read_vp9(s, bytes, count);
        case AV_CODEC_ID_AV1: return video_syntax_read_av1(s, bytes, count);
        case AV_CODEC_ID_MPEG4: return read_mpeg4(s, bytes, count);
        // What a picture of a GIF leaves out is that of the one before.
        case AV_CODEC_ID_GIF: return PACKET_SHOWN | (s->packets == 1 ? PACKET_CLEAN : 0);
        default: break;
    }
    if (s->intra_only) return PACKET_SHOWN | PACKET_CLEAN;
    video_syntax_doubt(s, "its packets are of a kind that is not looked into");
    return PACKET_SHOWN;
}

bool video_syntax_keeps_order(const video_syntax *s) {
    return s->intra_only || (s->codec == AV_CODEC_ID_MPEG4 && !s->reordered);
}
