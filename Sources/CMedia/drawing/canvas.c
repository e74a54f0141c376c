#include "cm_canvas.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include <cairo/cairo.h>

struct cm_canvas {
    cairo_surface_t *surface;
    cairo_t *context;
};

cm_canvas *cm_canvas_create(int width, int height) {
    cm_canvas *canvas = malloc(sizeof *canvas);
    if (!canvas) return NULL;
    canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    canvas->context = cairo_create(canvas->surface);
    if (cairo_status(canvas->context) != CAIRO_STATUS_SUCCESS) {
        cm_canvas_destroy(canvas);
        return NULL;
    }
    return canvas;
}

void cm_canvas_destroy(cm_canvas *canvas) {
    if (!canvas) return;
    cairo_destroy(canvas->context);
    cairo_surface_destroy(canvas->surface);
    free(canvas);
}

void cm_canvas_load(cm_canvas *canvas, const uint8_t *pixels, int channels) {
    cairo_surface_flush(canvas->surface);
    int width = cairo_image_surface_get_width(canvas->surface),
        height = cairo_image_surface_get_height(canvas->surface);
    int stride = cairo_image_surface_get_stride(canvas->surface);
    unsigned char *data = cairo_image_surface_get_data(canvas->surface);
    for (int y = 0; y < height; y++) {
        uint32_t *row = (uint32_t *)(void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < width; x++, pixels += channels)
            row[x] = channels == 3 ? (uint32_t)pixels[0] << 16 | (uint32_t)pixels[1] << 8 | pixels[2]
                                   : pixels[0] * 0x010101u;
    }
    cairo_surface_mark_dirty(canvas->surface);
}

void cm_canvas_store(cm_canvas *canvas, uint8_t *rgb) {
    cairo_surface_flush(canvas->surface);
    int width = cairo_image_surface_get_width(canvas->surface),
        height = cairo_image_surface_get_height(canvas->surface);
    int stride = cairo_image_surface_get_stride(canvas->surface);
    const unsigned char *data = cairo_image_surface_get_data(canvas->surface);
    for (int y = 0; y < height; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < width; x++, rgb += 3) {
            rgb[0] = (uint8_t)(row[x] >> 16);
            rgb[1] = (uint8_t)(row[x] >> 8);
            rgb[2] = (uint8_t)row[x];
        }
    }
}

void cm_canvas_save(cm_canvas *canvas) { cairo_save(canvas->context); }
void cm_canvas_restore(cm_canvas *canvas) { cairo_restore(canvas->context); }
void cm_canvas_translate(cm_canvas *canvas, double x, double y) { cairo_translate(canvas->context, x, y); }
void cm_canvas_rotate(cm_canvas *canvas, double angle) { cairo_rotate(canvas->context, angle); }
void cm_canvas_scale(cm_canvas *canvas, double x, double y) { cairo_scale(canvas->context, x, y); }

void cm_canvas_set_color(cm_canvas *canvas, double red, double green, double blue, double opacity) {
    cairo_set_source_rgba(canvas->context, red, green, blue, opacity);
}

static void set_gradient(cm_canvas *canvas, cairo_pattern_t *pattern, const double *stops, int count) {
    for (int i = 0; i < count; i++, stops += 5)
        cairo_pattern_add_color_stop_rgba(pattern, stops[0], stops[1], stops[2], stops[3], stops[4]);
    cairo_set_source(canvas->context, pattern);
    cairo_pattern_destroy(pattern);
}

void cm_canvas_set_linear_gradient(
    cm_canvas *canvas, double x0, double y0, double x1, double y1, const double *stops, int count) {
    set_gradient(canvas, cairo_pattern_create_linear(x0, y0, x1, y1), stops, count);
}

void cm_canvas_set_radial_gradient(
    cm_canvas *canvas, double x, double y, double radius, const double *stops, int count) {
    set_gradient(canvas, cairo_pattern_create_radial(x, y, 0, x, y, radius), stops, count);
}

void cm_canvas_move_to(cm_canvas *canvas, double x, double y) { cairo_move_to(canvas->context, x, y); }
void cm_canvas_line_to(cm_canvas *canvas, double x, double y) { cairo_line_to(canvas->context, x, y); }

void cm_canvas_close_path(cm_canvas *canvas) { cairo_close_path(canvas->context); }

void cm_canvas_add_rectangle(cm_canvas *canvas, double x, double y, double width, double height, double radius) {
    cairo_t *c = canvas->context;
    if (radius <= 0) {
        cairo_rectangle(c, x, y, width, height);
        return;
    }
    radius = fmin(radius, fmin(width, height) / 2);
    cairo_new_sub_path(c);
    cairo_arc(c, x + width - radius, y + radius, radius, -M_PI_2, 0);
    cairo_arc(c, x + width - radius, y + height - radius, radius, 0, M_PI_2);
    cairo_arc(c, x + radius, y + height - radius, radius, M_PI_2, M_PI);
    cairo_arc(c, x + radius, y + radius, radius, M_PI, 3 * M_PI_2);
    cairo_close_path(c);
}

void cm_canvas_add_ellipse(cm_canvas *canvas, double x, double y, double radius_x, double radius_y, double angle) {
    cairo_t *c = canvas->context;
    // A scale of zero has no inverse: it would leave cairo's context in an error state for good.
    if (!(radius_x > 0) || !(radius_y > 0)) return;
    cairo_matrix_t matrix;
    cairo_get_matrix(c, &matrix);
    cairo_translate(c, x, y);
    cairo_rotate(c, angle);
    cairo_scale(c, radius_x, radius_y);
    cairo_new_sub_path(c);
    cairo_arc(c, 0, 0, 1, 0, 2 * M_PI);
    cairo_close_path(c);
    cairo_set_matrix(c, &matrix);
}

void cm_canvas_fill(cm_canvas *canvas) { cairo_fill(canvas->context); }

void cm_canvas_stroke(cm_canvas *canvas, double line_width, const double *dashes, int dash_count, bool round) {
    cairo_t *c = canvas->context;
    cairo_set_line_width(c, line_width);
    cairo_set_dash(c, dashes, dash_count, 0);
    cairo_set_line_join(c, round ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
    cairo_set_line_cap(c, round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
    cairo_stroke(c);
}

void cm_canvas_clip(cm_canvas *canvas) { cairo_clip(canvas->context); }
void cm_canvas_paint(cm_canvas *canvas) { cairo_paint(canvas->context); }

/// Whether fontconfig will find its configuration. It prints an error when it does not.
static bool has_font_configuration(void) {
    const char *file = getenv("FONTCONFIG_FILE"), *folder = getenv("FONTCONFIG_PATH");
    if (file && file[0] == '/') return access(file, R_OK) == 0;
    if (folder && folder[0] == '/') return true;
    return access("/etc/fonts/fonts.conf", R_OK) == 0;
}

void cm_canvas_set_font(cm_canvas *canvas, double size, bool bold) {
    // Without a configuration we name cairo's own stroke font. With one, but no font, cairo takes it by itself.
    cairo_select_font_face(
        canvas->context, has_font_configuration() ? "sans-serif" : "@cairo:", CAIRO_FONT_SLANT_NORMAL,
        bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(canvas->context, size);
}

cm_text_size cm_canvas_measure(cm_canvas *canvas, const char *utf8) {
    cairo_text_extents_t text;
    cairo_font_extents_t font;
    cairo_text_extents(canvas->context, utf8, &text);
    cairo_font_extents(canvas->context, &font);
    return (cm_text_size){text.x_advance, font.ascent, font.descent};
}

void cm_canvas_text(cm_canvas *canvas, double x, double y, const char *utf8) {
    cairo_move_to(canvas->context, x, y);
    cairo_show_text(canvas->context, utf8);
    cairo_new_path(canvas->context);
}
