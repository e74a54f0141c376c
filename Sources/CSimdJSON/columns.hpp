// What a part of a COCO file becomes: one vector per key, and the list of faults.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "CSimdJSON.h"

#pragma GCC visibility push(hidden)

namespace csimdjson {

inline constexpr int first_real = CS_ANNOTATION_X;
inline constexpr int first_byte = CS_IMAGE_FLAGS;
inline constexpr size_t faults_to_keep = 1000;

struct Fault {
    cs_code code = CS_OK;
    cs_section section = CS_SECTION_FILE;
    int64_t record = -1;
    int64_t byte = -1;
    std::string key;
    std::string detail;
};

struct Columns {
    std::array<std::vector<int64_t>, first_real> ints;
    std::array<std::vector<double>, first_byte - first_real> reals;
    std::array<std::vector<uint8_t>, CS_COLUMN_COUNT - first_byte> bytes;
    /// How many records are detections.
    size_t results = 0;

    void push(cs_column column, int64_t value) { ints[column].push_back(value); }
    void push(cs_column column, double value) { reals[column - first_real].push_back(value); }
    void push_flags(cs_column column, uint8_t value) { bytes[column - first_byte].push_back(value); }

    void push_name(cs_column text, cs_column end, std::string_view name) {
        auto &column = bytes[text - first_byte];
        column.insert(column.end(), name.begin(), name.end());
        push(end, static_cast<int64_t>(column.size()));
    }

    /// A name that most results lack: its columns are empty until one has it.
    void push_result_name(cs_column text, cs_column end, std::string_view name) {
        if (ints[end].empty()) {
            if (name.empty()) return;
            ints[end].assign(results, 0);
        }
        push_name(text, end, name);
    }

    /// Takes memory for so many records like those that are there.
    void reserve(size_t count) {
        each([count](auto &column) {
            if (!column.empty()) column.reserve(count);
        });
    }

    void clear() {
        results = 0;
        each([](auto &column) { column.clear(); });
    }

    /// Calls `body` with one column's vector.
    template <typename Body>
    auto with(cs_column column, Body body) {
        if (column < first_real) return body(ints[column]);
        if (column < first_byte) return body(reals[column - first_real]);
        return body(bytes[column - first_byte]);
    }

    template <typename Body>
    void each(Body body) {
        for (auto &column : ints) body(column);
        for (auto &column : reals) body(column);
        for (auto &column : bytes) body(column);
    }
};

}  // namespace csimdjson

#pragma GCC visibility pop
