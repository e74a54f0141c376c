// What a weight's gradient is summed of, position by position: dW = gᵀ · rows, with the rows of `convolution_rows.hpp`.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "convolution/convolution_rows.hpp"

#pragma GCC visibility push(hidden)

namespace ctorch {

/// The lines of numbers that a run of output positions brings to a weight's gradient, where they lie in memory.
///
/// - T: float, or bfloat16 as it lies in memory.
template <typename T>
class PositionLines {
public:
    /// Channels are read in place where their number is a multiple of this; fewer are copied together first.
    static constexpr int64_t channels_at_once = 16;

    /// - gradient: of the outputs, `[positions, outputs]`.
    /// - columns: of the weight's matrix, at least the rows' depth; the rows are filled up with zeros.
    /// - most: most positions of a run.
    PositionLines(const Rows<T> &rows, const T *gradient, int64_t outputs, int64_t columns, int64_t most)
        : rows(rows),
          is_gathered(rows.channels % channels_at_once != 0),
          gradient(gradient),
          outputs(outputs),
          columns(columns),
          gathered(is_gathered ? new T[most * columns] : nullptr) {}

    /// Goes to the positions first_position..<end.
    void begin(int64_t first_position, int64_t end) {
        first = first_position;
        count = end - first_position;
        if (is_gathered) {
            auto place = rows.place_of(first);
            for (int64_t i = 0; i < count; ++i, rows.advance(place)) {
                T *line = gathered.get() + i * columns;
                rows.gather(place, 0, rows.depth, line);
                std::fill(line + rows.depth, line + columns, T(0));
            }
            return;
        }
        places.resize(count);
        if (rows.is_pointwise) return;
        auto place = rows.place_of(first);
        for (int64_t i = 0; i < count; ++i, rows.advance(place)) places[i] = place;
        tap = -1;
    }

    /// The gradient's numbers from `output` on at a position of the run; null past its end.
    const T *gradient_line(int64_t index, int64_t output) const {
        return index < count ? gradient + (first + index) * outputs + output : nullptr;
    }

    /// The column behind those that belong to the same tap as `column`; all belong together where lines are copied.
    int64_t end_of_tap(int64_t column) const {
        return is_gathered ? columns : (column / rows.channels + 1) * rows.channels;
    }

    /// Chooses a column of the rows, the first of some that belong to one tap.
    void go_to(int64_t chosen) {
        column = chosen;
        if (is_gathered || rows.is_pointwise || column / rows.channels == tap) return;
        tap = column / rows.channels;
        const Extents reach = rows.reach_of(tap);
        positions.resize(count);
        for (int64_t i = 0; i < count; ++i) positions[i] = rows.position(places[i], reach);
    }

    /// The row's numbers from the chosen column on at a position of the run; null for zeros, as past its end.
    const T *line(int64_t index) const {
        if (index >= count) return nullptr;
        if (is_gathered) return gathered.get() + index * columns + column;
        const int64_t position = rows.is_pointwise ? first + index : positions[index];
        return position < 0 ? nullptr : rows.pixels + position * rows.channels + column % rows.channels;
    }

protected:
    const Rows<T> &rows;
    const bool is_gathered;
    /// How many positions the run has.
    int64_t count = 0;

private:
    const T *const gradient;
    const int64_t outputs, columns;
    const std::unique_ptr<T[]> gathered;
    int64_t first = 0, column = 0, tap = -1;
    std::vector<typename Rows<T>::Place> places;
    std::vector<int64_t> positions;
};

}  // namespace ctorch

#pragma GCC visibility pop
