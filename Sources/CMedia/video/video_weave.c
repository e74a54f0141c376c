#include "video/video_weave.h"

#if defined(__x86_64__)
const int8_t video_weave_places[9][16] = {
    {0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5},
    {-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1},
    {-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1},
    {-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1},
    {5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10},
    {-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1},
    {-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1},
    {-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1},
    {10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15},
};

/// Weaves planes, sixteen pixels at a time; returns the number of pixels that are done.
__attribute__((target("ssse3"))) static ptrdiff_t weave_vectors(
    const uint8_t *r, const uint8_t *g, const uint8_t *b, ptrdiff_t count, uint8_t *to) {
    ptrdiff_t x = 0;
    for (; x + 16 <= count; x += 16) {
        const uint8_t *const planes[3] = {r + x, g + x, b + x};
        for (int vector = 0; vector < 3; vector++) {
            __m128i sum = _mm_setzero_si128();
            for (int colour = 0; colour < 3; colour++) {
                __m128i place = _mm_loadu_si128((const __m128i *)video_weave_places[3 * vector + colour]);
                __m128i bytes = _mm_loadu_si128((const __m128i *)planes[colour]);
                sum = _mm_or_si128(sum, _mm_shuffle_epi8(bytes, place));
            }
            _mm_storeu_si128((__m128i *)(to + 3 * x + 16 * vector), sum);
        }
    }
    return x;
}
#endif

void video_weave(const uint8_t *r, const uint8_t *g, const uint8_t *b, ptrdiff_t count, uint8_t *to) {
    ptrdiff_t x = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) x = weave_vectors(r, g, b, count, to);
#endif
    for (; x < count; x++) {
        to[3 * x] = r[x];
        to[3 * x + 1] = g[x];
        to[3 * x + 2] = b[x];
    }
}
