#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <memory>

#include "normalized_sum/normalized_sum_blocks.hpp"
#include "core/elements.hpp"

namespace ctorch {
namespace {

/// Sums over the positions of each image and channel.
struct Sums {
    /// Σ g; empty where nothing was wanted.
    std::vector<double> gradients;
    /// Σ g ⊙ (x − mean) of each term; empty where it was not wanted.
    std::vector<std::vector<double>> products;
};

/// Rows of numbers that are ones and zeros where there are none.
class Rows {
public:
    explicit Rows(const Blocks &blocks)
        : ones_(blocks.channels, 1), zeros_(blocks.channels, 0), channels_(blocks.channels) {}

    const float *scale(const std::vector<float> &values, int64_t image) const { return row(values, image, ones_); }
    const float *bias(const std::vector<float> &values, int64_t image) const { return row(values, image, zeros_); }
    const float *zeros() const { return zeros_.data(); }

private:
    const std::vector<float> ones_, zeros_;
    const int64_t channels_;

    const float *row(const std::vector<float> &values, int64_t image, const std::vector<float> &fallback) const {
        return values.empty() ? fallback.data() : values.data() + image * channels_;
    }
};

/// q ⊙ (x − centre) + r as slope ⊙ x + bias; empty where q is.
struct Line {
    std::vector<float> slope, bias;

    Line(const std::vector<double> &q, const std::vector<double> &r, const at::Tensor &centres)
        : slope(q.begin(), q.end()), bias(q.size()) {
        if (q.empty()) return;
        const float *centre = elements<float>(centres);
        const size_t channels = centres.size(1), rows = centres.size(0);
        for (size_t i = 0; i < q.size(); ++i) {
            bias[i] = static_cast<float>(r[i] - q[i] * centre[rows == 1 ? i % channels : i]);
        }
    }
};

/// One pass over g, the upstream gradient together with what later sums owe: it takes the sums that are wanted, and
/// writes g as one map with its mask applied where that is needed.
template <typename T>
class Reduction {
public:
    Reduction(
        const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks,
        const std::vector<TermGradient> &results)
        : terms_(terms), norms_(norms), blocks_(blocks), rows_(blocks) {
        for (size_t i = 0; i < terms.size(); ++i) {
            const bool has_statistics = terms[i].norm != CT_NORM_NONE && !terms[i].uses_running;
            if (!is_bare(terms[i]) && (results[i].wants_affine || (results[i].wants_x && has_statistics))) {
                wanted_.push_back(i);
            }
        }
    }

    /// - is_needed: whether that map is needed even though nothing is owed.
    Sums run(MaskedMap &g, const Debts &owed, bool is_needed) const {
        const int64_t channels = blocks_.channels;
        const bool makes_map = is_needed || !owed.is_empty();
        if (!makes_map && wanted_.empty()) return join(nullptr, 0);
        at::Tensor made;
        if (makes_map) made = at::empty_like(g.map.defined() ? g.map : owed.parts[0].g.map);
        const Line line(owed.q, owed.r, owed.centre);
        const Store way = makes_map ? blocks_.way(values_of<T>(made), !wanted_.empty()) : Store::in_cache;
        const int64_t kinds = wanted_.empty() ? 0 : 1 + static_cast<int64_t>(wanted_.size());
        const auto parts = std::make_unique_for_overwrite<float[]>(blocks_.images * blocks_.each * kinds * channels);
        blocks_.for_each([&](int64_t task) {
            const int64_t start = blocks_.start(task);
            const uint16_t *mask = g.mask.defined() ? bits_of(g.mask) + start / 16 : nullptr;
            const T *from = g.map.defined() ? values_of<T>(g.map) + start : nullptr;
            if (makes_map) {
                T *into = mutable_values_of<T>(made) + start;
                collect(task, from, mask, owed, line, way, into);
                // The block is read again while it is in the cache.
                from = into;
                mask = nullptr;
            }
            if (kinds > 0) reduce(task, from, mask, parts.get() + task * kinds * channels);
        });
        if (makes_map) g = {made, {}};
        return join(parts.get(), kinds);
    }

private:
    const std::vector<Term> &terms_;
    const std::vector<Normalization> &norms_;
    const Blocks &blocks_;
    const Rows rows_;
    std::vector<size_t> wanted_;

    /// Writes one block of the map.
    void collect(
        int64_t task, const T *upstream, const uint16_t *mask, const Debts &owed, const Line &line, Store way,
        T *into) const {
        const int64_t start = blocks_.start(task), image = blocks_.image(task);
        std::vector<Addend<T>> addends;
        addends.reserve(owed.parts.size() + 2);
        if (upstream != nullptr) addends.push_back({upstream, nullptr, rows_.scale({}, image)});
        for (const Debts::Part &part : owed.parts) {
            const uint16_t *bits = bits_of(part.g.mask);
            addends.push_back(
                {values_of<T>(part.g.map) + start, bits == nullptr ? nullptr : bits + start / 16,
                 rows_.scale(part.p, image)});
        }
        if (!line.slope.empty()) {
            addends.push_back({values_of<T>(owed.x) + start, nullptr, rows_.scale(line.slope, image)});
        }
        block_combine(
            addends.data(), static_cast<int64_t>(addends.size()), rows_.bias(line.bias, image), {false, nullptr, mask},
            blocks_.count(task), blocks_.channels, way, into);
    }

    /// Takes one block's sums, `[1 + wanted, C]`.
    void reduce(int64_t task, const T *g, const uint16_t *mask, float *sums) const {
        const int64_t channels = blocks_.channels;
        ReducedTerm<T> block[most_terms];
        for (size_t i = 0; i < wanted_.size(); ++i) {
            const float *means = norms_[wanted_[i]].means(blocks_.image(task));
            block[i] = {
                values_of<T>(terms_[wanted_[i]].x) + blocks_.start(task), means == nullptr ? rows_.zeros() : means,
                sums + (1 + i) * channels};
        }
        block_reduce(g, mask, block, static_cast<int64_t>(wanted_.size()), blocks_.count(task), channels, sums);
    }

    /// Joins the sums of blocks to those of images.
    Sums join(const float *parts, int64_t kinds) const {
        Sums sums;
        sums.products.resize(terms_.size());
        if (kinds == 0) return sums;
        const int64_t channels = blocks_.channels, images = blocks_.images;
        sums.gradients.assign(images * channels, 0);
        for (const size_t i : wanted_) sums.products[i].assign(images * channels, 0);
        parallel_tasks(images, [&](int64_t image) {
            for (int64_t block = 0; block < blocks_.each; ++block) {
                const float *part = parts + (image * blocks_.each + block) * kinds * channels;
                for (int64_t kind = 0; kind < kinds; ++kind) {
                    double *total =
                        (kind == 0 ? sums.gradients : sums.products[wanted_[kind - 1]]).data() + image * channels;
                    for (int64_t c = 0; c < channels; ++c) total[c] += part[kind * channels + c];
                }
            }
        });
        return sums;
    }
};

/// Σ over the images, `[C]`.
std::vector<double> over_images(const std::vector<double> &values, int64_t images, int64_t channels) {
    std::vector<double> sums(channels, 0);
    for (int64_t n = 0; n < images; ++n) {
        const double *row = values.data() + n * channels;
        for (int64_t c = 0; c < channels; ++c) sums[c] += row[c];
    }
    return sums;
}

void solve_affine(
    const Term &term, const Normalization &norm, const Blocks &blocks, const std::vector<double> &sums,
    const std::vector<double> &products, TermGradient &result) {
    const int64_t channels = blocks.channels, images = blocks.images;
    const auto tensor = [&](const std::vector<double> &values) {
        at::Tensor t = at::empty({channels}, at::kFloat);
        std::copy(values.begin(), values.end(), t.mutable_data_ptr<float>());
        return t;
    };
    if (term.bias.defined()) result.bias = tensor(over_images(sums, images, channels));
    if (!term.weight.defined()) return;
    std::vector<double> weight(channels, 0);
    for (int64_t n = 0; n < images; ++n) {
        const double *row = products.data() + n * channels;
        const float *inverse = norm.inverses(n);
        for (int64_t c = 0; c < channels; ++c) weight[c] += inverse == nullptr ? row[c] : row[c] * inverse[c];
    }
    result.weight = tensor(weight);
}

/// Computes p, q and r of a term, and the gradient of its affine.
void solve(
    const Term &term, const Normalization &norm, const Blocks &blocks, const Sums &all, size_t index,
    TermGradient &result) {
    const int64_t channels = blocks.channels, images = blocks.images;
    const std::vector<double> &sums = all.gradients, &products = all.products[index];
    const Affine affine(term);
    if (result.wants_affine) solve_affine(term, norm, blocks, sums, products, result);
    if (!result.wants_x) return;
    Derivative &found = result.derivative;
    found.p = scales_of(term, norm, blocks);
    if (term.norm == CT_NORM_NONE || term.uses_running) return;
    found.q.resize(images * channels);
    found.r.resize(images * channels);
    // These follow from the means of dy and of dy ⊙ x̂ over all values that share statistics.
    if (term.norm == CT_NORM_BATCH) {
        const double count = static_cast<double>(images * blocks.positions);
        const std::vector<double> gradients = over_images(sums, images, channels);
        const std::vector<double> products_of_all = over_images(products, images, channels);
        const float *inverses = norm.inverses(0);
        for (int64_t c = 0; c < channels; ++c) {
            const double inverse = inverses[c], scale = affine.scale(c) / count;
            found.q[c] = -inverse * inverse * inverse * products_of_all[c] * scale;
            found.r[c] = -inverse * gradients[c] * scale;
        }
        for (int64_t n = 1; n < images; ++n) {
            std::copy_n(found.q.begin(), channels, found.q.begin() + n * channels);
            std::copy_n(found.r.begin(), channels, found.r.begin() + n * channels);
        }
        return;
    }
    const int64_t width = channels / term.groups;
    const double count = static_cast<double>(width * blocks.positions);
    parallel_tasks(images, [&](int64_t n) {
        const float *inverses = norm.inverses(n);
        for (int64_t first = 0; first < channels; first += width) {
            const int64_t row = n * channels;
            double gradient = 0, product = 0;
            for (int64_t c = first; c < first + width; ++c) {
                gradient += affine.scale(c) * sums[row + c];
                product += affine.scale(c) * products[row + c] * inverses[c];
            }
            for (int64_t c = first; c < first + width; ++c) {
                const double inverse = inverses[c];
                found.q[row + c] = -inverse * inverse * product / count;
                found.r[row + c] = -inverse * gradient / count;
            }
        }
    });
}

/// The gradients of the terms that are neither deferred nor g itself.
template <typename T>
void write_gradients(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, const Blocks &blocks, const MaskedMap &g,
    std::vector<TermGradient> &results) {
    struct Written {
        const T *x;
        const std::vector<float> *p;
        Line line;
        Store way;
        T *into;
    };
    std::vector<Written> written;
    for (size_t i = 0; i < terms.size(); ++i) {
        TermGradient &result = results[i];
        if (!result.wants_x || result.is_deferred || is_bare(terms[i])) continue;
        result.x = at::empty_like(terms[i].x);
        const Derivative &derivative = result.derivative;
        written.push_back(
            {values_of<T>(terms[i].x), &derivative.p, Line(derivative.q, derivative.r, norms[i].mean),
             blocks.way(values_of<T>(result.x), false), mutable_values_of<T>(result.x)});
    }
    if (written.empty()) return;
    const Rows rows(blocks);
    blocks.for_each([&](int64_t task) {
        const int64_t start = blocks.start(task), image = blocks.image(task);
        const uint16_t *mask = g.mask.defined() ? bits_of(g.mask) + start / 16 : nullptr;
        for (const Written &one : written) {
            const Addend<T> addends[] = {
                {values_of<T>(g.map) + start, mask, rows.scale(*one.p, image)},
                {one.x + start, nullptr, rows.scale(one.line.slope, image)}};
            block_combine(
                addends, one.line.slope.empty() ? 1 : 2, rows.bias(one.line.bias, image), {}, blocks.count(task),
                blocks.channels, one.way, one.into + start);
        }
    });
}

template <typename T>
void differentiate(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, MaskedMap &g, const Debts &owed,
    std::vector<TermGradient> &results) {
    const Blocks blocks(g.map.defined() ? g.map : owed.parts[0].g.map);
    bool is_handed_on = false;
    for (size_t i = 0; i < terms.size(); ++i) {
        is_handed_on |= is_bare(terms[i]) && results[i].wants_x && !results[i].is_deferred;
    }
    const Sums sums = Reduction<T>(terms, norms, blocks, results).run(g, owed, is_handed_on && g.mask.defined());
    for (size_t i = 0; i < terms.size(); ++i) {
        if (!is_bare(terms[i])) {
            solve(terms[i], norms[i], blocks, sums, i, results[i]);
        } else if (results[i].wants_x && !results[i].is_deferred) {
            // All of them have the same gradient.
            results[i].x = g.map;
        }
    }
    write_gradients<T>(terms, norms, blocks, g, results);
}

}  // namespace

void differentiate_sum(
    const std::vector<Term> &terms, const std::vector<Normalization> &norms, MaskedMap &g, const Debts &owed,
    std::vector<TermGradient> &results) {
    const at::Tensor &map = g.map.defined() ? g.map : owed.parts[0].g.map;
    if (map.scalar_type() == at::kFloat) {
        differentiate<float>(terms, norms, g, owed, results);
    } else {
        differentiate<Bfloat16Bits>(terms, norms, g, owed, results);
    }
}

}  // namespace ctorch
