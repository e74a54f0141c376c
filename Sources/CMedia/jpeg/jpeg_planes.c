#include "jpeg/jpeg_session.h"

#include <stdlib.h>

void cm_jpeg_target_size(const cm_jpeg_decode_options *options, int *width, int *height) {
    bool turned = options->orientation >= 5;
    *width = turned ? options->target_height : options->target_width;
    *height = turned ? options->target_width : options->target_height;
}

bool cm_jpeg_prefers_planes(const cm_jpeg_session *s) {
    const struct jpeg_decompress_struct *d = &s->decoder;
    int width, height;
    cm_jpeg_target_size(s->options, &width, &height);
    // A picture that comes out at its target size is decoded as any other, to the same pixels.
    if (width == 0 || ((int)d->output_width == width && (int)d->output_height == height)) return false;
    bool grey = d->jpeg_color_space == JCS_GRAYSCALE;
    if (!grey && d->jpeg_color_space != JCS_YCbCr) return false;
    // Luma must be stored at full size, and chroma at a whole fraction of it; libjpeg refuses most of the rest anyway.
    for (int i = 0; i < d->num_components; i++) {
        const jpeg_component_info *c = &d->comp_info[i];
        bool whole = c->h_samp_factor == d->max_h_samp_factor && c->v_samp_factor == d->max_v_samp_factor;
        if (i == 0 && !whole) return false;
        if (d->max_h_samp_factor % c->h_samp_factor != 0 || d->max_v_samp_factor % c->v_samp_factor != 0) return false;
    }
    return true;
}

uint64_t cm_jpeg_plane_bytes(const struct jpeg_decompress_struct *d, int index) {
    const jpeg_component_info *c = &d->comp_info[index];
    uint64_t rows = ((uint64_t)c->height_in_blocks + (unsigned)c->v_samp_factor) * (unsigned)c->DCT_scaled_size;
    return rows * c->width_in_blocks * (unsigned)c->DCT_scaled_size;
}

/// Describes the plane of component `c` and how libjpeg would bring it to full size along each axis, by the choice
/// between "fancy" and plain upsampling that its jdsample.c makes.
static void describe_plane(const struct jpeg_decompress_struct *d, const jpeg_component_info *c, cm_plane *plane) {
    plane->pitch = (size_t)c->width_in_blocks * (unsigned)c->DCT_scaled_size;
    plane->width = (int)c->downsampled_width;
    plane->height = (int)c->downsampled_height;
    int whole = d->min_DCT_scaled_size;
    plane->factor_x = d->max_h_samp_factor * whole / (c->h_samp_factor * c->DCT_scaled_size);
    plane->factor_y = d->max_v_samp_factor * whole / (c->v_samp_factor * c->DCT_scaled_size);
    bool fancy = whole > 1;
    bool x2 = plane->factor_x == 2, y2 = plane->factor_y == 2;
    bool wide = c->downsampled_width > 2;
    plane->upsampling_x = plane->factor_x == 1 ? CM_UPSAMPLING_NONE : CM_UPSAMPLING_REPEAT;
    plane->upsampling_y = plane->factor_y == 1 ? CM_UPSAMPLING_NONE : CM_UPSAMPLING_REPEAT;
    if (fancy && x2 && wide && (y2 || plane->factor_y == 1)) plane->upsampling_x = CM_UPSAMPLING_FANCY;
    if (fancy && y2 && ((x2 && wide) || plane->factor_x == 1)) plane->upsampling_y = CM_UPSAMPLING_FANCY;
}

void cm_jpeg_read_planes(cm_jpeg_session *s) {
    struct jpeg_decompress_struct *d = &s->decoder;
    uint64_t total = 0;
    for (int i = 0; i < d->num_components; i++) total += cm_jpeg_plane_bytes(d, i);
    s->plane_memory = malloc((size_t)total);
    if (!s->plane_memory) cm_jpeg_fail(s, CM_OUT_OF_MEMORY);
    uint8_t *next = s->plane_memory;
    for (int i = 0; i < d->num_components; i++) {
        s->planes[i].data = next;
        describe_plane(d, &d->comp_info[i], &s->planes[i]);
        next += cm_jpeg_plane_bytes(d, i);
    }
    // libjpeg gives a row of MCUs at a time: up to 4 blocks of up to 8 rows each.
    enum { most_rows = MAX_SAMP_FACTOR * DCTSIZE };
    JSAMPROW rows[3][most_rows];
    JSAMPARRAY arrays[3] = {rows[0], rows[1], rows[2]};
    unsigned lines = (unsigned)(d->max_v_samp_factor * d->min_DCT_scaled_size);
    for (size_t group = 0; d->output_scanline < d->output_height; group++) {
        for (int i = 0; i < d->num_components; i++) {
            const jpeg_component_info *c = &d->comp_info[i];
            unsigned count = (unsigned)(c->v_samp_factor * c->DCT_scaled_size);
            for (unsigned y = 0; y < count; y++)
                rows[i][y] = s->planes[i].data + (group * count + y) * s->planes[i].pitch;
        }
        jpeg_read_raw_data(d, arrays, lines);
    }
}

cm_status cm_jpeg_resample_planes(cm_jpeg_session *s) {
    cm_jpeg_target_size(s->options, &s->pixels.width, &s->pixels.height);
    s->pixels.channels = s->options->channels;
    s->pixels.data = malloc((size_t)s->pixels.width * (size_t)s->pixels.height * (unsigned)s->pixels.channels);
    if (!s->pixels.data) return CM_OUT_OF_MEMORY;
    int planes = s->decoder.num_components == 3 && s->pixels.channels == 3 ? 3 : 1;
    return cm_resample_planes(
        s->planes, planes, (int)s->decoder.output_width, (int)s->decoder.output_height, s->pixels.data, s->pixels.width,
        s->pixels.height, s->pixels.channels);
}
