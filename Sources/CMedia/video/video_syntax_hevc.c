// HEVC (ITU-T H.265): what the headers of its access units tell, and whether a picture lacks one that it is predicted from.
#include "video/video_syntax.h"

#include <string.h>

static video_bits payload_of(const uint8_t *unit, size_t count) {
    return (video_bits){.next = unit + 2, .end = unit + count};
}

static void skip_bits(video_bits *b, int count) {
    for (int i = 0; i < count; i++) video_bits_read(b, 1);
}

static void skip_codes(video_bits *b, int count) {
    for (int i = 0; i < count; i++) video_bits_unsigned(b);
}

/// 7.3.3.
static void skip_profile(video_bits *b, int layers) {
    bool profile[8] = {false}, level[8] = {false};
    skip_bits(b, 96);
    for (int i = 0; i < layers; i++) {
        profile[i] = video_bits_read(b, 1);
        level[i] = video_bits_read(b, 1);
    }
    if (layers > 0) skip_bits(b, 2 * (8 - layers));
    for (int i = 0; i < layers; i++) skip_bits(b, (profile[i] ? 88 : 0) + (level[i] ? 8 : 0));
}

/// 7.3.4.
static void skip_scaling_lists(video_bits *b) {
    for (int size = 0; size < 4; size++)
        for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
            if (!video_bits_read(b, 1)) {
                video_bits_unsigned(b);
                continue;
            }
            if (size > 1) video_bits_unsigned(b);
            skip_codes(b, size ? 64 : 16);
        }
}

/// Whether a set lists the picture at `a` before that at `b`: the earlier ones first, on each side the nearest first.
static bool precedes(int a, int b) { return (a < 0) != (b < 0) ? a < 0 : (a < 0 ? a > b : a < b); }

/// Puts a reference where a set lists it. False when the set is full.
static bool insert(video_hevc_references *set, int delta, bool used) {
    if (set->count == HEVC_MAX_REFERENCES) return false;
    int i = set->count++;
    for (; i > 0 && precedes(delta, set->delta[i - 1]); i--) {
        set->delta[i] = set->delta[i - 1];
        set->used[i] = set->used[i - 1];
    }
    set->delta[i] = delta;
    set->used[i] = used;
    return true;
}

/// 7.3.7: a set of reference pictures, which may be written as its difference to an earlier one. False when it makes no
/// sense.
static bool read_references(
    video_bits *b, int index, const video_hevc_references *sets, int set_count, video_hevc_references *out) {
    memset(out, 0, sizeof *out);
    if (index > 0 && video_bits_read(b, 1)) {
        uint32_t back = index == set_count ? video_bits_unsigned(b) + 1 : 1;
        // The largest code overflows to 0.
        if (back == 0 || back > (uint32_t)index) return false;
        const video_hevc_references *from = &sets[index - (int)back];
        bool negative = video_bits_read(b, 1);
        uint32_t size = video_bits_unsigned(b) + 1;
        if (size > 1 << 15) return false;
        int delta = negative ? -(int)size : (int)size;
        // The last of the flags belongs to the picture of the earlier set itself.
        for (int i = 0; i <= from->count; i++) {
            bool used = video_bits_read(b, 1);
            if (!used && !video_bits_read(b, 1)) continue;
            int place = delta + (i < from->count ? from->delta[i] : 0);
            if (place && !insert(out, place, used)) return false;
        }
        return true;
    }
    uint32_t before = video_bits_unsigned(b), after = video_bits_unsigned(b);
    if (before > HEVC_MAX_REFERENCES || after > HEVC_MAX_REFERENCES) return false;
    for (int side = 0; side < 2; side++) {
        int place = 0;
        for (uint32_t i = 0; i < (side ? after : before); i++) {
            uint32_t step = video_bits_unsigned(b) + 1;
            if (step > 1 << 15) return false;
            place += side ? (int)step : -(int)step;
            if (!insert(out, place, video_bits_read(b, 1))) return false;
        }
    }
    return true;
}

/// 7.3.2.2.1, up to the sets of reference pictures.
static void read_sequence(video_hevc_order *o, const uint8_t *unit, size_t count) {
    memset(o, 0, sizeof *o);
    video_bits b = payload_of(unit, count);
    skip_bits(&b, 4);
    int layers = (int)video_bits_read(&b, 3);
    skip_bits(&b, 1);
    skip_profile(&b, layers);
    video_bits_unsigned(&b);
    if (video_bits_unsigned(&b) == 3) o->has_planes = video_bits_read(&b, 1);
    skip_codes(&b, 2);
    if (video_bits_read(&b, 1)) skip_codes(&b, 4);
    skip_codes(&b, 2);
    o->order_bits = (int)(video_bits_unsigned(&b) & 15) + 4;
    bool each = video_bits_read(&b, 1);
    skip_codes(&b, 3 * (each ? layers + 1 : 1));
    skip_codes(&b, 6);
    if (video_bits_read(&b, 1) && video_bits_read(&b, 1)) skip_scaling_lists(&b);
    skip_bits(&b, 2);
    if (video_bits_read(&b, 1)) {
        skip_bits(&b, 8);
        skip_codes(&b, 2);
        skip_bits(&b, 1);
    }
    uint32_t sets = video_bits_unsigned(&b);
    if (sets > HEVC_MAX_SETS || o->order_bits > 16) return;
    o->set_count = (int)sets;
    for (int i = 0; i < o->set_count; i++)
        // In the parameter set itself, no set names how far back the earlier one is.
        if (!read_references(&b, i, o->sets, HEVC_MAX_SETS + 1, &o->sets[i])) return;
    bool long_term = video_bits_read(&b, 1);
    o->sequence_known = !long_term && !video_bits_ended(&b);
}

/// 7.3.2.3.1, the first fields.
static void read_picture(video_hevc_order *o, const uint8_t *unit, size_t count) {
    video_bits b = payload_of(unit, count);
    video_bits_unsigned(&b);
    video_bits_unsigned(&b);
    skip_bits(&b, 1);
    bool output_flag = video_bits_read(&b, 1);
    int extra_bits = (int)video_bits_read(&b, 3);
    // As for several sequences.
    if (o->picture_known && (output_flag != o->output_flag || extra_bits != o->extra_bits)) o->sequence_known = false;
    o->picture_known = !video_bits_ended(&b);
    o->output_flag = output_flag;
    o->extra_bits = extra_bits;
}

void video_syntax_note_hevc_parameters(video_syntax *s, const uint8_t *unit, size_t count) {
    int type = unit[0] >> 1 & 63;
    if (type == 33) {
        int before = s->parameter_count;
        video_syntax_note_parameters(s, unit, count);
        if (s->parameter_count == before) return;
        // Which of several sets a picture takes is not followed.
        if (before)
            s->hevc.sequence_known = false;
        else
            read_sequence(&s->hevc, unit, count);
    } else if (type == 34) {
        read_picture(&s->hevc, unit, count);
    }
}

/// 8.3.1 and 8.3.2: puts a picture in its place in the order and drops the held pictures that it does not keep. Whether one
/// is not there that it is predicted from.
static bool lacks_reference(video_hevc_order *o, const uint8_t *unit, size_t count) {
    int type = unit[0] >> 1 & 63;
    bool random_access = type >= 16 && type <= 23, idr = type == 19 || type == 20, leading = type >= 6 && type <= 9;
    if (!o->sequence_known || !o->picture_known) return false;
    video_bits b = payload_of(unit, count);
    video_bits_read(&b, 1);
    if (random_access) skip_bits(&b, 1);
    video_bits_unsigned(&b);
    skip_bits(&b, o->extra_bits);
    video_bits_unsigned(&b);
    if (o->output_flag) skip_bits(&b, 1);
    if (o->has_planes) skip_bits(&b, 2);
    int place = 0;
    video_hevc_references written, *set = &written;
    memset(&written, 0, sizeof written);
    if (!idr) {
        int range = 1 << o->order_bits, low = (int)video_bits_read(&b, o->order_bits);
        int last = o->anchor & (range - 1), high = o->anchor - last;
        if (!o->begun)
            high = 0;
        else if (low < last && last - low >= range / 2)
            high += range;
        else if (low > last && low - last > range / 2)
            high -= range;
        place = high + low;
        // Places are counted from a picture without references; a file that never has one is not followed for ever.
        if (place > 1 << 30 || place < -(1 << 30)) return o->sequence_known = false;
        if (!video_bits_read(&b, 1)) {
            if (!read_references(&b, o->set_count, o->sets, o->set_count, &written)) return false;
        } else {
            int bits = 0;
            while (1 << bits < o->set_count) bits++;
            int index = (int)video_bits_read(&b, bits);
            if (index >= o->set_count) return false;
            set = &o->sets[index];
        }
    }
    bool lacks = false;
    int kept[HEVC_MAX_REFERENCES + 1], kept_count = 0;
    for (int i = 0; i < set->count; i++) {
        bool there = false;
        for (int k = 0; k < o->held_count && !there; k++) there = o->held[k] == place + set->delta[i];
        if (there)
            kept[kept_count++] = place + set->delta[i];
        else if (set->used[i])
            lacks = true;
    }
    // The pictures before an open group's start that a file begins with are predicted from what it does not hold.
    if (!o->begun)
        o->skips_leading = true;
    else if (random_access)
        o->skips_leading = false;
    bool skipped = leading && o->skips_leading && (type == 8 || type == 9);
    if (!o->begun || skipped) lacks = false;
    o->begun = true;
    if (skipped) return false;
    memcpy(o->held, kept, sizeof kept);
    o->held_count = kept_count;
    o->held[o->held_count++] = place;
    bool counted_from = (unit[1] & 7) == 1 && !leading && (type > 14 || type & 1);
    if (counted_from) o->anchor = place;
    return lacks;
}

unsigned video_syntax_read_hevc(video_syntax *s, const uint8_t *bytes, size_t count, uint8_t *layer) {
    const uint8_t *next = bytes, *unit;
    size_t length;
    bool clean = false, disposable = true, sps = false, pps = false, lost = false;
    int pictures = 0;
    while (video_syntax_next_unit(&next, bytes + count, s->nal_length, &unit, &length)) {
        if (length < 3) continue;
        int type = unit[0] >> 1 & 63;
        if ((unit[0] & 1) << 5 | unit[1] >> 3) continue;
        if (type < 32) {
            if (unit[2] >> 7) {
                pictures++;
                if (lacks_reference(&s->hevc, unit, length)) lost = true;
            }
            bool random_access = type >= 16 && type <= 23;
            if (random_access) clean = true;
            if (type >= 16 && type <= 18) video_syntax_doubt(s, "it was cut and joined");
            if (random_access && unit[2] >> 6 & 1 && s->packets > 1)
                video_syntax_doubt(s, "it drops pictures at key frames");
            if (type > 14 || type & 1) disposable = false;
            *layer = (uint8_t)((unit[1] & 7) - 1);
            if (*layer > s->top_layer) s->top_layer = *layer;
        } else if (type == 33 || type == 34) {
            if (type == 33)
                sps = true;
            else
                pps = true;
            video_syntax_note_hevc_parameters(s, unit, length);
        } else if (type == 36 || type == 37) {
            video_syntax_doubt(s, "it is made of several sequences");
        }
        if (type >= 32 && type <= 34) s->in_band = true;
    }
    if (pictures != 1) video_syntax_doubt(s, "not every packet holds one picture");
    if (lost) video_syntax_doubt(s, "a packet is missing");
    return (lost ? PACKET_AFTER_LOSS : 0) | (pictures ? PACKET_SHOWN : 0) | (clean ? PACKET_CLEAN : 0) |
        (sps && pps ? PACKET_PARAMETERS : 0) | (disposable && pictures ? PACKET_DISPOSABLE : 0);
}
