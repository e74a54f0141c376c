#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stdint.h>

#pragma GCC visibility push(hidden)

#ifdef __cplusplus
extern "C" {
#endif

/// COCO's JSON files as columns, read in one pass with simdjson. The file is streamed: what is held is the columns and
/// about a megabyte of text per thread, whatever the file's size. Nothing here throws; no C++ type is seen.

/// What a file is read as.
typedef enum {
    CS_INSTANCES = 0,  ///< an object with "images", "annotations" and "categories"
    CS_RESULTS = 1,    ///< an array of detections
    CS_OUTLINED = 2,   ///< as CS_INSTANCES, with the text of each annotation's "segmentation"
} cs_kind;

/// A section of a file, for places in error messages.
typedef enum {
    CS_SECTION_FILE = 0,
    CS_SECTION_IMAGES = 1,
    CS_SECTION_ANNOTATIONS = 2,
    CS_SECTION_CATEGORIES = 3,
    CS_SECTION_RESULTS = 4,
} cs_section;

/// A column; one element per record of its section, in file order. Results are read into the ANNOTATION columns, of which
/// they have no id, area and flags; what their records call images and categories is in the NAME columns, empty where they
/// don't say. A NAME column that is empty for all results has no elements.
typedef enum {
    // int64_t
    CS_IMAGE_ID = 0,
    CS_IMAGE_WIDTH,
    CS_IMAGE_HEIGHT,
    CS_IMAGE_NAME_END,  ///< where each name stops in CS_IMAGE_NAME_BYTES
    CS_ANNOTATION_ID,
    CS_ANNOTATION_IMAGE,
    CS_ANNOTATION_CATEGORY,
    CS_CATEGORY_ID,
    CS_CATEGORY_NAME_END,   ///< where each name stops in CS_CATEGORY_NAME_BYTES
    CS_CATEGORY_GROUP_END,  ///< where each "supercategory" stops in CS_CATEGORY_GROUP_BYTES; empty where there is none
    CS_ANNOTATION_OUTLINE_END,  ///< where each text stops in CS_ANNOTATION_OUTLINE_BYTES; empty where there is none
    // double
    CS_ANNOTATION_X,
    CS_ANNOTATION_Y,
    CS_ANNOTATION_WIDTH,
    CS_ANNOTATION_HEIGHT,
    CS_ANNOTATION_AREA,
    CS_ANNOTATION_SCORE,
    // uint8_t
    CS_IMAGE_FLAGS,
    CS_IMAGE_NAME_BYTES,
    CS_ANNOTATION_FLAGS,
    CS_ANNOTATION_OUTLINE_BYTES,
    CS_CATEGORY_FLAGS,
    CS_CATEGORY_NAME_BYTES,
    CS_CATEGORY_GROUP_BYTES,
    CS_COLUMN_COUNT,
} cs_column;

/// Bits of the FLAGS columns. MALFORMED: a fault of this record is in the list; its other values are not to be used.
enum {
    CS_FLAG_CROWD = 1,
    CS_FLAG_IGNORE = 2,
    CS_FLAG_HAS_AREA = 4,
    CS_FLAG_HAS_SIZE = 8,
    CS_FLAG_HAS_NAME = 16,
    CS_FLAG_MALFORMED = 128,
};

/// What is wrong with a file.
typedef enum {
    CS_OK = 0,
    CS_CANNOT_OPEN,       ///< detail: the system's reason
    CS_NOT_JSON,          ///< the text breaks JSON's rules; detail: what was expected
    CS_TRUNCATED,         ///< the text stops too early
    CS_WRONG_ENCODING,    ///< no text in UTF-8; detail: what it seems to be
    CS_WRONG_TOP_LEVEL,   ///< valid, but another kind of file; detail: what stands there
    CS_REPEATED_SECTION,  ///< a section stands there twice
    CS_NOT_AN_OBJECT,     ///< a record is not an object
    CS_MISSING_KEY,       ///< a record lacks `key`
    CS_WRONG_TYPE,        ///< `key` holds another type; detail: the type that is wanted
    CS_OUT_OF_RANGE,      ///< `key` holds a number that does not fit
    CS_NO_MEMORY,
} cs_code;

typedef struct {
    cs_code code;
    cs_section section;
    int64_t record;  ///< from 0, in its section; -1 outside any
    int64_t byte;    ///< offset in the file, from 0; -1 when there is none
    const char *key;
    const char *detail;
} cs_fault;

typedef struct cs_file_s *cs_file;

/// Reads a file on up to `threads` threads. The return value is never NULL unless memory ran out; look at its faults.
/// A fault of the whole file ends the reading; a fault of a record is listed and the record marked MALFORMED.
cs_file cs_read(const char *path, cs_kind kind, int threads);

/// Every fault counts; the first 1000 in file order are kept.
int64_t cs_fault_count(cs_file file);
int64_t cs_faults_kept(cs_file file);
/// `index` below `cs_faults_kept`; strings live as long as the file.
cs_fault cs_fault_at(cs_file file, int64_t index);
/// Whether the fault of index 0 ended the reading.
int cs_is_fatal(cs_file file);
/// Whether the file had this section.
int cs_has_section(cs_file file, cs_section section);

/// How many elements a column has.
int64_t cs_column_count(cs_file file, cs_column column);
/// Writes a column's elements to `to` and gives its memory back: it can be taken once.
void cs_take_column(cs_file file, cs_column column, void *to);
void cs_close(cs_file file);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
