// What a COCO file becomes: one vector per key, and the list of faults.
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

    void push(cs_column column, int64_t value) { ints[column].push_back(value); }
    void push(cs_column column, double value) { reals[column - first_real].push_back(value); }
    void push_flags(cs_column column, uint8_t value) { bytes[column - first_byte].push_back(value); }

    void push_name(cs_column text, cs_column end, std::string_view name) {
        auto &column = bytes[text - first_byte];
        column.insert(column.end(), name.begin(), name.end());
        push(end, static_cast<int64_t>(column.size()));
    }

    void clear() {
        each([](auto &column) { column.clear(); });
    }

    /// Adds another's records behind one's own. `share` is the part of the whole that `other` is likely to be, so that
    /// the first one reserves for all and no column is ever copied to a larger place.
    void append(const Columns &other, double share) {
        rebase(other, CS_IMAGE_NAME_BYTES, CS_IMAGE_NAME_END);
        rebase(other, CS_CATEGORY_NAME_BYTES, CS_CATEGORY_NAME_END);
        rebase(other, CS_CATEGORY_GROUP_BYTES, CS_CATEGORY_GROUP_END);
        for (size_t i = 0; i < ints.size(); ++i) {
            if (i == CS_IMAGE_NAME_END || i == CS_CATEGORY_NAME_END || i == CS_CATEGORY_GROUP_END) continue;
            add(ints[i], other.ints[i], share);
        }
        for (size_t i = 0; i < reals.size(); ++i) add(reals[i], other.reals[i], share);
        for (size_t i = 0; i < bytes.size(); ++i) add(bytes[i], other.bytes[i], share);
    }

    template <typename Body>
    void each(Body body) {
        for (auto &column : ints) body(column);
        for (auto &column : reals) body(column);
        for (auto &column : bytes) body(column);
    }

private:
    template <typename T>
    static void add(std::vector<T> &to, const std::vector<T> &from, double share) {
        if (to.empty() && !from.empty() && share > 0 && share < 1) {
            to.reserve(static_cast<size_t>(static_cast<double>(from.size()) / share * 1.05) + 16);
        }
        to.insert(to.end(), from.begin(), from.end());
    }

    void rebase(const Columns &other, cs_column text, cs_column end) {
        auto start = static_cast<int64_t>(bytes[text - first_byte].size());
        for (int64_t stop : other.ints[end]) ints[end].push_back(start + stop);
    }
};

}  // namespace csimdjson

#pragma GCC visibility pop
