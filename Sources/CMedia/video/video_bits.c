#include "video/video_syntax.h"

static void refill(video_bits *b) {
    if (!b->plain && b->zeros >= 2 && b->next < b->end && *b->next == 3) {
        b->next++;
        b->zeros = 0;
    }
    b->byte = b->next < b->end ? *b->next : 0;
    if (b->next < b->end) b->next++;
    b->zeros = b->byte ? 0 : b->zeros + 1;
    b->left = 8;
}

unsigned video_bits_read(video_bits *b, int count) {
    unsigned value = 0;
    for (int i = 0; i < count; i++) {
        if (!b->left) refill(b);
        b->left--;
        value = value << 1 | (b->byte >> b->left & 1);
    }
    return value;
}

uint32_t video_bits_unsigned(video_bits *b) {
    int zeros = 0;
    while (zeros < 32 && !video_bits_read(b, 1)) {
        if (video_bits_ended(b)) return 0;
        zeros++;
    }
    if (zeros >= 32) return UINT32_MAX;
    return (1u << zeros) - 1 + video_bits_read(b, zeros);
}

bool video_bits_ended(const video_bits *b) { return b->next >= b->end && !b->left; }
