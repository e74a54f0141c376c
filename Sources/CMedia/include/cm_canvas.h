#ifndef CM_CANVAS_H
#define CM_CANVAS_H

#include "cm_report.h"

#pragma GCC visibility push(hidden)

/// A drawing surface of cairo's, 24-bit RGB. Coordinates are pixels; (0, 0) is the top left corner of the top left
/// pixel. Colours are red, green, blue and opacity in 0...1.
typedef struct cm_canvas cm_canvas;

/// Makes a black canvas. NULL when there is no memory, or when a side is over cairo's limit of 32767.
cm_canvas *cm_canvas_create(int width, int height);
void cm_canvas_destroy(cm_canvas *canvas);

/// Covers the canvas with as many interleaved pixels of 1 (grey) or 3 (RGB) channels.
void cm_canvas_load(cm_canvas *canvas, const uint8_t *pixels, int channels);
/// Copies the canvas out as interleaved RGB.
void cm_canvas_store(cm_canvas *canvas, uint8_t *rgb);

/// Remembers the clip, the coordinates and the colour, for `cm_canvas_restore`.
void cm_canvas_save(cm_canvas *canvas);
void cm_canvas_restore(cm_canvas *canvas);
/// Moves what is drawn from here on.
void cm_canvas_translate(cm_canvas *canvas, double x, double y);
/// Turns what is drawn from here on around the origin, clockwise on the screen, in radians.
void cm_canvas_rotate(cm_canvas *canvas, double angle);
void cm_canvas_scale(cm_canvas *canvas, double x, double y);

void cm_canvas_set_color(cm_canvas *canvas, double red, double green, double blue, double opacity);
/// Each of the `count` stops is 5 numbers: offset in 0...1, red, green, blue, opacity.
void cm_canvas_set_linear_gradient(
    cm_canvas *canvas, double x0, double y0, double x1, double y1, const double *stops, int count);
void cm_canvas_set_radial_gradient(
    cm_canvas *canvas, double x, double y, double radius, const double *stops, int count);

void cm_canvas_move_to(cm_canvas *canvas, double x, double y);
void cm_canvas_line_to(cm_canvas *canvas, double x, double y);
void cm_canvas_close_path(cm_canvas *canvas);
void cm_canvas_add_rectangle(cm_canvas *canvas, double x, double y, double width, double height, double radius);
/// Adds an ellipse around (x, y) with the half axes `radius_x` and `radius_y`, turned by `angle` radians clockwise.
void cm_canvas_add_ellipse(cm_canvas *canvas, double x, double y, double radius_x, double radius_y, double angle);

/// Fills the path and empties it.
void cm_canvas_fill(cm_canvas *canvas);
/// Draws a line along the path and empties it.
void cm_canvas_stroke(cm_canvas *canvas, double line_width, const double *dashes, int dash_count, bool round);
/// Keeps drawing inside the path, until the matching restore, and empties it.
void cm_canvas_clip(cm_canvas *canvas);
/// Covers the canvas.
void cm_canvas_paint(cm_canvas *canvas);

typedef struct cm_text_size {
    /// How far the pen moves.
    double advance;
    /// The font's extent above and below the baseline.
    double ascent;
    double descent;
} cm_text_size;

/// Chooses the font for the text that follows: the system's sans-serif at `size` pixels, or cairo's own stroke font
/// where no font is installed.
void cm_canvas_set_font(cm_canvas *canvas, double size, bool bold);
cm_text_size cm_canvas_measure(cm_canvas *canvas, const char *utf8);
/// Draws from the baseline's start (x, y).
void cm_canvas_text(cm_canvas *canvas, double x, double y, const char *utf8);

#pragma GCC visibility pop

#endif
