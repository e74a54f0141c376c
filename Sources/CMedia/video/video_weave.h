#ifndef CM_VIDEO_WEAVE_H
#define CM_VIDEO_WEAVE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma GCC visibility push(hidden)

/// Weaves a row's planes into RGB.
void video_weave(const uint8_t *r, const uint8_t *g, const uint8_t *b, ptrdiff_t count, uint8_t *to);

#if defined(__x86_64__)
/// For each of the three vectors that sixteen pixels of RGB fill, and in it for red, green and blue: which pixel's byte
/// goes where; -1 leaves the place to another colour.
extern const int8_t video_weave_places[9][16];

/// Writes 32 pixels of RGB.
__attribute__((target("avx2"))) static inline void video_weave_32(__m256i r, __m256i g, __m256i b, uint8_t *to) {
    const __m256i planes[3] = {r, g, b};
    for (int vector = 0; vector < 3; vector++) {
        __m256i sum = _mm256_setzero_si256();
        for (int colour = 0; colour < 3; colour++) {
            const __m128i *place = (const __m128i *)video_weave_places[3 * vector + colour];
            __m256i both = _mm256_broadcastsi128_si256(_mm_loadu_si128(place));
            sum = _mm256_or_si256(sum, _mm256_shuffle_epi8(planes[colour], both));
        }
        _mm_storeu_si128((__m128i *)(to + 16 * vector), _mm256_castsi256_si128(sum));
        _mm_storeu_si128((__m128i *)(to + 48 + 16 * vector), _mm256_extracti128_si256(sum, 1));
    }
}
#endif

#pragma GCC visibility pop

#endif
