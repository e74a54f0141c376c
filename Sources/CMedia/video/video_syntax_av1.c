#include "video/video_syntax.h"

enum {
    UNIT_SEQUENCE = 1,
    UNIT_FRAME_HEADER = 3,
    UNIT_FRAME = 6,
    FRAME_KEY = 0,
    FRAME_INTRA_ONLY = 2,
    FRAME_SWITCH = 3
};

/// One of the units that a packet is made of (5.3).
typedef struct unit {
    int type;
    /// Which layers it belongs to, as bits of `video_av1_sequence.layers`; 0 when it doesn't say.
    unsigned layers;
    const uint8_t *bytes;
    size_t count;
} unit;

/// The next unit in `*next ..< end`; false at the end, and where the bytes make no sense.
static bool next_unit(const uint8_t **next, const uint8_t *end, unit *u) {
    const uint8_t *p = *next;
    if (p >= end) return false;
    unsigned head = *p++;
    u->type = (int)(head >> 3 & 15);
    u->layers = 0;
    if (head & 4) {
        if (p >= end) return false;
        u->layers = 1u << (*p >> 5) | 1u << ((*p >> 3 & 3) + 8);
        p++;
    }
    uint64_t size = (uint64_t)(end - p);
    if (head & 2) {
        size = 0;
        for (int i = 0;; i++) {
            if (i == 8 || p >= end) return false;
            size |= (uint64_t)(*p & 127) << 7 * i;
            if (!(*p++ & 128)) break;
        }
        if (size > (uint64_t)(end - p)) return false;
    }
    u->bytes = p;
    u->count = (size_t)size;
    *next = p + size;
    return true;
}

/// The sequence header (5.5.1), up to the last field that frames' headers depend on.
static void read_sequence(video_syntax *s, const unit *u) {
    video_bits b = {.next = u->bytes, .end = u->bytes + u->count, .plain = true};
    video_av1_sequence q = {.known = true, .screen_content_tools = 2, .integer_vectors = 2};
    video_bits_read(&b, 4);
    q.reduced = video_bits_read(&b, 1);
    if (q.reduced) {
        video_bits_read(&b, 5);
    } else {
        int delay_bits = 0;
        if (video_bits_read(&b, 1)) {
            video_bits_read(&b, 32);
            video_bits_read(&b, 32);
            if (video_bits_read(&b, 1)) video_bits_unsigned(&b);
            q.models_decoder = video_bits_read(&b, 1);
            if (q.models_decoder) {
                delay_bits = (int)video_bits_read(&b, 5) + 1;
                video_bits_read(&b, 32);
                video_bits_read(&b, 10);
            }
        }
        bool delays = video_bits_read(&b, 1);
        unsigned points = video_bits_read(&b, 5) + 1;
        for (unsigned i = 0; i < points; i++) {
            unsigned layers = video_bits_read(&b, 12);
            if (i == 0) q.layers = layers;
            if (video_bits_read(&b, 5) > 7) video_bits_read(&b, 1);
            if (q.models_decoder && video_bits_read(&b, 1)) {
                video_bits_read(&b, delay_bits);
                video_bits_read(&b, delay_bits);
                video_bits_read(&b, 1);
            }
            if (delays && video_bits_read(&b, 1)) video_bits_read(&b, 4);
        }
    }
    int width_bits = (int)video_bits_read(&b, 4) + 1, height_bits = (int)video_bits_read(&b, 4) + 1;
    video_bits_read(&b, width_bits);
    video_bits_read(&b, height_bits);
    if (!q.reduced && video_bits_read(&b, 1)) {
        int difference = (int)video_bits_read(&b, 4) + 2;
        q.id_bits = (int)video_bits_read(&b, 3) + 1 + difference;
    }
    video_bits_read(&b, 3);
    if (!q.reduced) {
        video_bits_read(&b, 4);
        bool ordered = video_bits_read(&b, 1);
        if (ordered) video_bits_read(&b, 2);
        if (!video_bits_read(&b, 1)) q.screen_content_tools = video_bits_read(&b, 1);
        if (q.screen_content_tools && !video_bits_read(&b, 1)) q.integer_vectors = video_bits_read(&b, 1);
        if (ordered) q.order_bits = (int)video_bits_read(&b, 3) + 1;
    }
    if (video_bits_ended(&b)) video_syntax_doubt(s, "its sequence header is cut");
    if (q.layers >> 9) video_syntax_doubt(s, "its pictures have several layers");
    s->av1 = q;
}

typedef struct frame_header {
    bool shown;
    bool key;
    /// Later frames may be predicted from it.
    bool kept;
} frame_header;

/// A frame's header (5.9.2), up to the frames that it replaces.
static frame_header read_frame(const video_av1_sequence *q, const unit *u) {
    video_bits b = {.next = u->bytes, .end = u->bytes + u->count, .plain = true};
    if (q->reduced) return (frame_header){.shown = true, .key = true, .kept = true};
    // A key frame that is shown again replaces all others, and its header is not at hand.
    if (video_bits_read(&b, 1)) return (frame_header){.shown = true, .kept = true};
    unsigned type = video_bits_read(&b, 2);
    frame_header h = {.shown = video_bits_read(&b, 1), .key = type == FRAME_KEY, .kept = true};
    if (type == FRAME_SWITCH || h.key || q->models_decoder) return h;
    if (!h.shown) video_bits_read(&b, 1);
    bool resilient = video_bits_read(&b, 1);
    video_bits_read(&b, 1);
    unsigned tools = q->screen_content_tools == 2 ? video_bits_read(&b, 1) : q->screen_content_tools;
    if (tools && q->integer_vectors == 2) video_bits_read(&b, 1);
    if (q->id_bits) video_bits_read(&b, q->id_bits);
    video_bits_read(&b, 1);
    video_bits_read(&b, q->order_bits);
    if (type != FRAME_INTRA_ONLY && !resilient) video_bits_read(&b, 3);
    h.kept = video_bits_read(&b, 8) || video_bits_ended(&b);
    return h;
}

unsigned video_syntax_read_av1(video_syntax *s, const uint8_t *bytes, size_t count) {
    const uint8_t *next = bytes, *end = bytes + count;
    unit u;
    int shown = 0, frames = 0;
    bool sequence = false, clean = false, kept = false;
    while (next_unit(&next, end, &u)) {
        if (u.type == UNIT_SEQUENCE) {
            sequence = true;
            video_syntax_note_parameters(s, u.bytes, u.count);
            read_sequence(s, &u);
        }
        if (u.type != UNIT_FRAME_HEADER && u.type != UNIT_FRAME) continue;
        if (s->av1.layers && u.layers && (u.layers & s->av1.layers) != u.layers) continue;
        if (!s->av1.known) {
            video_syntax_doubt(s, "it begins without a sequence header");
            break;
        }
        frame_header h = read_frame(&s->av1, &u);
        if (h.shown) shown++;
        // Decoding begins at a key frame that is shown at once and comes with its sequence header.
        if (!frames++ && sequence && h.key && h.shown) clean = true;
        if (h.kept) kept = true;
    }
    if (next != end) video_syntax_doubt(s, "its units make no sense");
    if (shown != 1) video_syntax_doubt(s, "not every packet shows one picture");
    return (shown ? PACKET_SHOWN : 0) | (clean ? PACKET_CLEAN : 0) | (shown && !kept ? PACKET_DISPOSABLE : 0);
}
