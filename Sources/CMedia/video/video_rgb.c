#include "video/video_rgb.h"

#include "video/video_weave.h"

#include <stdlib.h>
#include <string.h>

#include <libavutil/pixfmt.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum {
    /// Samples before a chroma row's first and behind its last that vectors may read.
    slack = 16
};

bool video_rgb_can(enum AVPixelFormat format, int width, int height) {
    // Odd sizes have other weights, and below eight pixels libswscale has weights of its own.
    return format == AV_PIX_FMT_YUV420P && width >= 8 && height >= 8 && width % 2 == 0 && height % 2 == 0 &&
        __builtin_cpu_supports("avx2");
}

/// A number of 16.16 fixed point, rounded.
static int rounded(int64_t number) { return (int)((number + (1 << 15)) >> 16); }

bool video_rgb_prepare(video_rgb *rgb, int width, int height, const int *matrix, bool full_range) {
    if (rgb->width != width) {
        size_t samples = (size_t)width / 2 + 2 * slack;
        free(rgb->memory);
        rgb->memory = calloc(2 * samples, sizeof *rgb->u);
        rgb->width = rgb->memory ? width : 0;
        if (!rgb->memory) return false;
        rgb->u = (int16_t *)rgb->memory + slack;
        rgb->v = rgb->u + samples;
    }
    rgb->height = height;
    // Limited luma goes from 16 to 235; libswscale's matrices are for limited chroma, which goes from 16 to 240.
    int64_t luma = full_range ? 1 << 16 : (1 << 16) * 255 / 219;
    int64_t offset = full_range ? 0 : 16 << 9;
    int64_t chroma[4];
    for (int i = 0; i < 4; i++) {
        int64_t step = i < 2 ? matrix[i] : -matrix[i];
        chroma[i] = full_range ? step * 224 / 255 : step;
    }
    rgb->luma = (int16_t)rounded(luma << 13);
    rgb->red_v = (int16_t)rounded(chroma[0] * 8192);
    rgb->blue_u = (int16_t)rounded(chroma[1] * 8192);
    rgb->green_u = (int16_t)rounded(chroma[2] * 8192);
    rgb->green_v = (int16_t)rounded(chroma[3] * 8192);
    // libswscale adds (512 y - offset) luma + 2^21 and the chroma's 32 c, and takes 22 bits away. All but this number are
    // multiples of 32, so 17 bits are taken away here, of sums that fit into 16-bit products.
    rgb->bias = (int32_t)(((1 << 21) - offset * rgb->luma) >> 5);
    return true;
}

void video_rgb_clear(video_rgb *rgb) {
    free(rgb->memory);
    memset(rgb, 0, sizeof *rgb);
}

/// Three quarters of the nearer row and a quarter of the next, times four; the ends are repeated beyond them.
__attribute__((target("avx2"))) static void blend_rows(
    const uint8_t *near, const uint8_t *next, int count, int16_t *target) {
    int x = 0;
    for (; x + 16 <= count; x += 16) {
        __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(near + x)));
        __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(next + x)));
        __m256i sum = _mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(a, a));
        _mm256_storeu_si256((__m256i *)(target + x), sum);
    }
    for (; x < count; x++) target[x] = (int16_t)(3 * near[x] + next[x]);
    target[-1] = target[0];
    target[count] = target[count - 1];
}

/// The pairs of 16-bit factors (first, second), for every lane.
__attribute__((target("avx2"))) static inline __m256i pairs(int16_t first, int16_t second) {
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)first | (uint32_t)(uint16_t)second << 16));
}

/// Sums to colours. Too large a sum overflows as libswscale's does.
__attribute__((target("avx2"))) static inline __m256i shifted(__m256i sum) {
    return _mm256_srai_epi32(_mm256_slli_epi32(sum, 5), 22);
}

/// Thirty-two pixels of luma, and the sixteen samples of chroma from `u` and `v` on, with one more on each side.
__attribute__((target("avx2"))) static inline void convert_32(
    const video_rgb *rgb, const uint8_t *luma, const int16_t *u, const int16_t *v, uint8_t *target) {
    const __m256i zero = _mm256_setzero_si256(), bias = _mm256_set1_epi32(rgb->bias);
    const __m256i red = pairs(rgb->luma, rgb->red_v), blue = pairs(rgb->luma, rgb->blue_u);
    const __m256i green = pairs(rgb->luma, rgb->green_v), green_u = pairs(0, rgb->green_u);
    // Even pixels lie nearer to the sample before, odd ones to the one behind. 2048 is no colour.
    __m256i even[2], odd[2];
    const int16_t *const chroma[2] = {u, v};
    for (int c = 0; c < 2; c++) {
        __m256i at = _mm256_loadu_si256((const __m256i *)chroma[c]);
        __m256i before = _mm256_loadu_si256((const __m256i *)(chroma[c] - 1));
        __m256i behind = _mm256_loadu_si256((const __m256i *)(chroma[c] + 1));
        __m256i three = _mm256_sub_epi16(_mm256_add_epi16(at, _mm256_add_epi16(at, at)), _mm256_set1_epi16(2048));
        even[c] = _mm256_add_epi16(three, before);
        odd[c] = _mm256_add_epi16(three, behind);
    }
    __m256i y = _mm256_loadu_si256((const __m256i *)luma);
    __m256i colours[3][2];
    for (int half = 0; half < 2; half++) {
        __m256i y16 = _mm256_slli_epi16(half ? _mm256_unpackhi_epi8(y, zero) : _mm256_unpacklo_epi8(y, zero), 4);
        __m256i us = half ? _mm256_unpackhi_epi16(even[0], odd[0]) : _mm256_unpacklo_epi16(even[0], odd[0]);
        __m256i vs = half ? _mm256_unpackhi_epi16(even[1], odd[1]) : _mm256_unpacklo_epi16(even[1], odd[1]);
        __m256i sums[3][2];
        for (int quarter = 0; quarter < 2; quarter++) {
            __m256i yu = quarter ? _mm256_unpackhi_epi16(y16, us) : _mm256_unpacklo_epi16(y16, us);
            __m256i yv = quarter ? _mm256_unpackhi_epi16(y16, vs) : _mm256_unpacklo_epi16(y16, vs);
            __m256i r = _mm256_add_epi32(_mm256_madd_epi16(yv, red), bias);
            __m256i g =
                _mm256_add_epi32(_mm256_add_epi32(_mm256_madd_epi16(yv, green), _mm256_madd_epi16(yu, green_u)), bias);
            __m256i b = _mm256_add_epi32(_mm256_madd_epi16(yu, blue), bias);
            sums[0][quarter] = shifted(r);
            sums[1][quarter] = shifted(g);
            sums[2][quarter] = shifted(b);
        }
        for (int c = 0; c < 3; c++) colours[c][half] = _mm256_packs_epi32(sums[c][0], sums[c][1]);
    }
    video_weave_32(
        _mm256_packus_epi16(colours[0][0], colours[0][1]), _mm256_packus_epi16(colours[1][0], colours[1][1]),
        _mm256_packus_epi16(colours[2][0], colours[2][1]), target);
}

__attribute__((target("avx2"))) void video_rgb_row(const video_rgb *rgb, const AVFrame *frame, int y, uint8_t *target) {
    int chroma_rows = rgb->height / 2, at = y / 2, next = at + (y % 2 ? 1 : -1);
    next = next < 0 ? 0 : next >= chroma_rows ? chroma_rows - 1 : next;
    int16_t *const rows[2] = {rgb->u, rgb->v};
    for (int c = 0; c < 2; c++) {
        const uint8_t *plane = frame->data[1 + c];
        ptrdiff_t stride = frame->linesize[1 + c];
        blend_rows(plane + at * stride, plane + next * stride, rgb->width / 2, rows[c]);
    }
    const uint8_t *luma = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    int x = 0;
    for (; x + 32 <= rgb->width; x += 32) convert_32(rgb, luma + x, rgb->u + x / 2, rgb->v + x / 2, target + 3 * x);
    if (x < rgb->width) {
        size_t rest = (size_t)(rgb->width - x);
        uint8_t pixels[32] = {0}, colours[96];
        memcpy(pixels, luma + x, rest);
        convert_32(rgb, pixels, rgb->u + x / 2, rgb->v + x / 2, colours);
        memcpy(target + 3 * x, colours, 3 * rest);
    }
}
#else
bool video_rgb_can(enum AVPixelFormat format, int width, int height) {
    (void)format, (void)width, (void)height;
    return false;
}
bool video_rgb_prepare(video_rgb *rgb, int width, int height, const int *matrix, bool full_range) {
    (void)rgb, (void)width, (void)height, (void)matrix, (void)full_range;
    return false;
}
void video_rgb_clear(video_rgb *rgb) { (void)rgb; }
void video_rgb_row(const video_rgb *rgb, const AVFrame *frame, int y, uint8_t *target) {
    (void)rgb, (void)frame, (void)y, (void)target;
}
#endif
