#ifndef CM_PNG_ORIENTATION_H
#define CM_PNG_ORIENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/// What a PNG's chunks say of its orientation. Each source is 0 while none of its chunks was met, and -1 when one was that
/// has no orientation.
typedef struct png_orientation {
    /// The chunk `eXIf`.
    int exif;
    /// The text "Raw profile type exif", as ImageMagick writes it.
    int raw_profile;
    /// The text "XML:com.adobe.xmp".
    int xmp;
} png_orientation;

/// Whether a chunk's name says that `png_orientation_add` may want its payload.
bool png_orientation_wants(const uint8_t *name);

/// Adds what a chunk says; a later chunk of the same source replaces an earlier one. Texts that can't be read are left out.
void png_orientation_add(png_orientation *orientation, const uint8_t *name, const uint8_t *payload, size_t count);

/// Whether EXIF says the orientation, so that chunks behind the pixels don't matter.
bool png_orientation_is_known(const png_orientation *orientation);

/// The orientation, 1 to 8, by Pillow's rule: that of the EXIF chunk, or of the raw profile where there is no such chunk;
/// XMP's where those don't say; 1 where nothing does.
int png_orientation_of(const png_orientation *orientation);

#pragma GCC visibility pop

#endif
