// What a record of an annotation or of a detection says.
#pragma once

#include <string_view>

#include "columns.hpp"
#include "splitter.hpp"

#pragma GCC visibility push(hidden)

namespace csimdjson {

enum : unsigned { has_id = 1, has_image = 2, has_category = 4, has_box = 8, has_score = 16 };

/// An annotation, or with `is_result` a detection, which has a score and neither id, area nor flags, and may have names.
struct AnnotationValues {
    explicit AnnotationValues(const Chunk &chunk)
        : is_result(chunk.section == CS_SECTION_RESULTS), is_outlined(chunk.is_outlined) {}

    const bool is_result, is_outlined;
    int64_t id = 0, image = 0, category = 0;
    double box[4] = {0, 0, 0, 0}, area = 0, score = 0;
    std::string_view image_name, category_name, outline;
    uint8_t flags = 0;
    unsigned seen = 0;

    /// The keys that must be there and are not.
    unsigned lacks() const { return (has_image | has_category | has_box | (is_result ? has_score : has_id)) & ~seen; }

    void push(Columns &columns) const {
        columns.push(CS_ANNOTATION_IMAGE, image);
        columns.push(CS_ANNOTATION_CATEGORY, category);
        columns.push(CS_ANNOTATION_X, box[0]);
        columns.push(CS_ANNOTATION_Y, box[1]);
        columns.push(CS_ANNOTATION_WIDTH, box[2]);
        columns.push(CS_ANNOTATION_HEIGHT, box[3]);
        if (is_result) {
            columns.push(CS_ANNOTATION_SCORE, score);
            columns.push_result_name(CS_IMAGE_NAME_BYTES, CS_IMAGE_NAME_END, image_name);
            columns.push_result_name(CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END, category_name);
            ++columns.results;
        } else {
            columns.push(CS_ANNOTATION_ID, id);
            columns.push(CS_ANNOTATION_AREA, area);
            columns.push_flags(CS_ANNOTATION_FLAGS, flags);
            if (is_outlined) columns.push_name(CS_ANNOTATION_OUTLINE_BYTES, CS_ANNOTATION_OUTLINE_END, outline);
        }
    }
};

}  // namespace csimdjson

#pragma GCC visibility pop
