#include "convolution/vector_weight_gradient.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

#include "convolution/implicit_gemm_kernels.hpp"
#include "convolution/position_lines.hpp"
#include "convolution/transposed_product.hpp"
#include "convolution/word_transpose.hpp"
#include "core/instructions.hpp"
#include "core/parallel.hpp"

// dW = gᵀ · rows, summed over the output positions. In float32, both factors of a 1×1 convolution are read in place. Else gᵀ is
// turned block by block into the layout of `gemm_tile`'s rows, and the rows are copied to its panels.

namespace ctorch {
namespace {

/// Outputs that are turned at a time.
constexpr int64_t outputs_at_once = 16;
/// Most outputs of a task: turned, a run of positions of so many stays in the second cache.
constexpr int64_t most_outputs = 14 * gemm_rows;

/// The tasks, each of a range of positions, a block of outputs and a group of panels of the weight's columns. The order of
/// the sums doesn't depend on the number of threads.
struct Tasks {
    int64_t positions, outputs, panels, ranges, blocks, groups;

    Tasks(int64_t positions, int64_t outputs, int64_t panels)
        : positions(positions), outputs(outputs), panels(panels), blocks((outputs + most_outputs - 1) / most_outputs) {
        // Each range has sums of its own.
        constexpr int64_t worthwhile = 4096, most_sums = 1 << 22;
        const int64_t most = std::max<int64_t>(1, most_sums / (outputs * panels * gemm_panel));
        ranges = std::min(most, std::max<int64_t>(1, positions / worthwhile));
        // A few tasks for each thread, and as many for one as for any other, so that they end together.
        const int64_t threads = at::get_num_threads(), wanted = 3 * threads, units = outputs / outputs_at_once;
        if (ranges == 1 && blocks > 1) blocks = std::min(units, (blocks + threads - 1) / threads * threads);
        groups = std::clamp<int64_t>((wanted + ranges * blocks - 1) / (ranges * blocks), 1, panels);
    }

    int64_t count() const { return ranges * blocks * groups; }
};

#if defined(__x86_64__)

/// 16 words of a line, or of two of bfloat16 whose numbers are paired.
CTORCH_AVX512_INLINE __m512i words_of(const float *const *lines, int64_t offset) {
    return lines[0] == nullptr ? _mm512_setzero_si512() : _mm512_loadu_si512(lines[0] + offset);
}

CTORCH_AVX512_INLINE __m512i halves_of(const Bfloat16Bits *line, int64_t offset) {
    if (line == nullptr) return _mm512_setzero_si512();
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(line + offset)));
}

CTORCH_AVX512_INLINE __m512i words_of(const Bfloat16Bits *const *lines, int64_t offset) {
    return _mm512_or_si512(halves_of(lines[0], offset), _mm512_slli_epi32(halves_of(lines[1], offset), 16));
}

/// Turns 16 numbers of each line into 16 rows of 16 words, `gemm_stride` words apart.
template <typename T>
CTORCH_AVX512 void turn(const T *const *lines, T *to) {
    __m512i words[16];
    for (int i = 0; i < 16; ++i) words[i] = words_of(lines + i * gemm_word<T>, 0);
    transpose(words);
    for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * gemm_stride * gemm_word<T>, words[i]);
}

/// Lays `width` numbers of each line out as a panel `[count, width]` of words.
template <typename T>
CTORCH_AVX512 void lay_out(const T *const *lines, int64_t count, int64_t width, T *to) {
    for (; count > 0; --count, lines += gemm_word<T>) {
        for (int64_t offset = 0; offset < width; offset += 16, to += 16 * gemm_word<T>) {
            _mm512_storeu_si512(to, words_of(lines, offset));
        }
    }
}

void turn_by_level(const Bfloat16Bits *const *lines, Bfloat16Bits *to) { turn(lines, to); }
void lay_out_by_level(const Bfloat16Bits *const *lines, int64_t count, int64_t width, Bfloat16Bits *to) {
    lay_out(lines, count, width, to);
}

void turn_by_level(const float *const *lines, float *to) {
    if (has(Instructions::avx512)) return turn(lines, to);
    for (int64_t i = 0; i < 16; ++i) {
        for (int64_t j = 0; j < 16; ++j) to[j * gemm_stride + i] = lines[i] == nullptr ? 0 : lines[i][j];
    }
}

void lay_out_by_level(const float *const *lines, int64_t count, int64_t width, float *to) {
    if (has(Instructions::avx512)) return lay_out(lines, count, width, to);
    for (; count > 0; --count, ++lines, to += width) {
        if (*lines == nullptr) {
            std::fill_n(to, width, 0.f);
        } else {
            std::copy_n(*lines, width, to);
        }
    }
}

#else

template <typename T>
void turn_by_level(const T *const *, T *) {}
template <typename T>
void lay_out_by_level(const T *const *, int64_t, int64_t, T *) {}

#endif

template <typename T>
class BlockOfPositions : public PositionLines<T> {
public:
    /// Most positions of a block.
    static constexpr int64_t most = gemm_words * gemm_word<T>;

    BlockOfPositions(const Rows<T> &rows, const T *gradient, int64_t outputs, int64_t columns)
        : PositionLines<T>(rows, gradient, outputs, columns, most) {}

    void begin(int64_t first, int64_t end) {
        PositionLines<T>::begin(first, end);
        words = (this->count + gemm_word<T> - 1) / gemm_word<T>;
    }

    /// Lays out gᵀ of 16 outputs as rows of words, `gemm_stride` words apart.
    void turn_gradient(int64_t output, T *to) const {
        for (int64_t word = 0; word < words; word += 16) {
            const T *lines[16 * gemm_word<T>];
            for (int64_t i = 0; i < 16 * gemm_word<T>; ++i) {
                lines[i] = this->gradient_line(word * gemm_word<T> + i, output);
            }
            turn_by_level(lines, to + word * gemm_word<T>);
        }
    }

    /// Lays `width` columns of the rows out as a panel; they are of one tap, or of two where it has half of them.
    void lay_out_panel(int64_t column, int64_t width, T *to) {
        const bool is_of_one = this->is_gathered || this->rows.is_pointwise || this->rows.channels % gemm_panel == 0;
        if (is_of_one || width < gemm_panel) return lay_out_of_tap(column, width, to);
        T halves[2][gemm_words * 16 * gemm_word<T>];
        constexpr int64_t half = 16 * gemm_word<T>;
        lay_out_of_tap(column, 16, halves[0]);
        lay_out_of_tap(column + 16, 16, halves[1]);
        for (int64_t word = 0; word < words; ++word) {
            for (int64_t i = 0; i < 2; ++i) to = std::copy_n(halves[i] + word * half, half, to);
        }
    }

    int64_t words = 0;

private:
    void lay_out_of_tap(int64_t column, int64_t width, T *to) {
        this->go_to(column);
        lines.resize(words * gemm_word<T>);
        for (int64_t i = 0; i < words * gemm_word<T>; ++i) lines[i] = this->line(i);
        lay_out_by_level(lines.data(), words, width, to);
    }

    std::vector<const T *> lines;
};

template <typename T>
at::Tensor weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes,
    const ConvolutionGeometry &geometry) {
    const Rows<T> rows(x, weight_sizes, gradient.sizes(), geometry);
    const int64_t outputs = gradient.size(1), panels = (rows.depth + gemm_panel - 1) / gemm_panel;
    // Channels that fill no vector are copied together first, with zeros behind them.
    const bool is_whole = rows.channels % PositionLines<T>::channels_at_once == 0;
    const int64_t columns = is_whole ? rows.depth : panels * gemm_panel;
    const Tasks tasks(gradient.numel() / outputs, outputs, panels);
    const at::Tensor sums = at::empty({tasks.ranges, outputs, columns}, at::kFloat);
    const T *upstream = static_cast<const T *>(gradient.const_data_ptr());
    float *into = sums.mutable_data_ptr<float>();
    parallel_tasks(tasks.count(), [&](int64_t task) {
        const int64_t range = task / (tasks.blocks * tasks.groups), part = task % (tasks.blocks * tasks.groups);
        const int64_t block = part / tasks.groups, group = part % tasks.groups;
        const int64_t begin = tasks.positions * range / tasks.ranges,
                      end = tasks.positions * (range + 1) / tasks.ranges;
        const int64_t units = outputs / outputs_at_once;
        const int64_t first_output = units * block / tasks.blocks * outputs_at_once,
                      last_output = units * (block + 1) / tasks.blocks * outputs_at_once;
        const int64_t first_panel = panels * group / tasks.groups, last_panel = panels * (group + 1) / tasks.groups;
        if constexpr (std::is_same_v<T, float>) {
            // Both factors lie as the product reads them.
            if (rows.is_pointwise && is_whole) {
                const int64_t column = first_panel * gemm_panel, last = std::min(columns, last_panel * gemm_panel);
                return multiply_transposed({
                    .left = upstream + begin * outputs + first_output,
                    .left_stride = outputs,
                    .right = rows.pixels + begin * columns + column,
                    .right_stride = columns,
                    .depth = end - begin,
                    .rows = last_output - first_output,
                    .columns = last - column,
                    .out = into + (range * outputs + first_output) * columns + column,
                    .out_stride = columns,
                    .is_continued = false,
                });
            }
        }
        constexpr int64_t stride = gemm_stride * gemm_word<T>;
        const int64_t count = last_output - first_output, tiles = (count + gemm_rows - 1) / gemm_rows;
        const std::unique_ptr<T[]> left(new T[count * stride]);
        alignas(64) T right[gemm_words * gemm_word<T> * gemm_panel];
        BlockOfPositions<T> positions(rows, upstream, outputs, columns);
        const int64_t parts = (end - begin + positions.most - 1) / positions.most;
        for (int64_t i = 0; i < parts; ++i) {
            positions.begin(begin + (end - begin) * i / parts, begin + (end - begin) * (i + 1) / parts);
            for (int64_t output = first_output; output < last_output; output += outputs_at_once) {
                positions.turn_gradient(output, left.get() + (output - first_output) * stride);
            }
            for (int64_t panel = first_panel; panel < last_panel; ++panel) {
                const int64_t column = panel * gemm_panel, width = std::min(gemm_panel, columns - column);
                positions.lay_out_panel(column, width, right);
                for (int64_t tile = 0; tile < tiles; ++tile) {
                    const int64_t row = count * tile / tiles, next = count * (tile + 1) / tiles;
                    gemm_tile(GemmTile<T>{
                        .inputs = left.get() + row * stride,
                        .panel = right,
                        .rows = next - row,
                        .depth = positions.words,
                        .width = width,
                        .sums = into + (range * outputs + first_output + row) * columns + column,
                        .sums_stride = columns,
                        .is_continued = i > 0,
                        .out = nullptr,
                        .stride = 0,
                        .bias = nullptr,
                        .addend = nullptr,
                        .relu = false,
                        .ahead = nullptr});
                }
            }
        }
    });
    const at::Tensor total = tasks.ranges == 1 ? sums[0] : sums.sum(0);
    std::vector<int64_t> sizes{outputs};
    sizes.insert(sizes.end(), weight_sizes.begin() + 2, weight_sizes.end());
    sizes.push_back(rows.channels);
    return total.narrow(1, 0, rows.depth).reshape(sizes).movedim(-1, 1);
}

}  // namespace

at::Tensor vector_weight_gradient(
    const at::Tensor &x, const at::Tensor &gradient, at::IntArrayRef weight_sizes,
    const ConvolutionGeometry &geometry) {
    return x.scalar_type() == at::kFloat ? weight_gradient<float>(x, gradient, weight_sizes, geometry)
                                         : weight_gradient<Bfloat16Bits>(x, gradient, weight_sizes, geometry);
}

}  // namespace ctorch
